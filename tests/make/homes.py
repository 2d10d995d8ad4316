# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A home folder of its own for each ansible-core below C(.cache/), so that no gate touches the user's.

ansible-test keeps its environments and its download cache in the home folder. It fetches a script from the network to put
pip into them; L(get_pip_stand_in.py) takes that script's place, so that only the package index is needed.
"""

from __future__ import annotations

import configparser
import os
import pathlib
import shutil

from . import places, venvs


def prepare(name: str) -> pathlib.Path:
    """The home folder of that name, ready for ansible-test.

    :raises places.SetupError: when a pip that ansible-test asks for cannot be downloaded.
    """
    home = places.CACHE / "home" / name
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    stand_in = pathlib.Path(__file__).with_name("get_pip_stand_in.py")
    for version in venvs.ANSIBLE_TEST_PIPS:
        wheel = venvs.pip_wheel(version)
        shutil.copyfile(str(wheel), str(cache / wheel.name))
        shutil.copyfile(str(stand_in), str(cache / "get_pip_{}.py".format(version.replace(".", "_"))))
    _carry_pip_settings(home)
    return home


def _carry_pip_settings(home: pathlib.Path) -> None:
    """ansible-test hands no C(PIP_*) variable on, and the user's own pip file is out of sight there: bring both along."""
    settings = configparser.RawConfigParser()
    users = pathlib.Path(os.environ.get("XDG_CONFIG_HOME") or pathlib.Path.home() / ".config") / "pip" / "pip.conf"
    settings.read([str(pathlib.Path.home() / ".pip" / "pip.conf"), str(users), os.environ.get("PIP_CONFIG_FILE", "")])
    if not settings.has_section("global"):
        settings.add_section("global")
    for name, value in venvs.pip_settings().items():
        settings.set("global", name, value)
    settings.set("global", "quiet", "2")
    target = home / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(str(target), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        settings.write(handle)
