# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the stand-in AWX until it is told to end, and writes address and token down: C(controller.py FOLDER)."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import sys

from ansible_collections.locksmith.rotation.tests.servers.awx import PLAYBOOKS, AwxServer

FOLDER = pathlib.Path(sys.argv[1])

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
with AwxServer(playbooks=[f"{name}.yml" for name in PLAYBOOKS]) as awx:
    (FOLDER / "pid").write_text(str(os.getpid()), encoding="utf-8")
    (FOLDER / "login.new").write_text(json.dumps({"url": awx.url, "token": awx.token}), encoding="utf-8")
    (FOLDER / "login.new").rename(FOLDER / "login")
    signal.sigwait({signal.SIGTERM})
