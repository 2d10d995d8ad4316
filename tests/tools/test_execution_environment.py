# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-builder makes of C(execution-environment.yml), and what it finds in the collection. No image is built."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS

_ROOT = pathlib.Path(__file__).parents[2]
_BUILDER = str(pathlib.Path(sys.executable).with_name("ansible-builder"))


def test_the_builder_takes_the_definition(tmp_path: pathlib.Path) -> None:
    context = tmp_path / "context"
    command = [
        _BUILDER,
        "create",
        "-f",
        str(_ROOT / "execution-environment.yml"),
        "-c",
        str(context),
        "--output-filename",
        "Containerfile",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    recipe = (context / "Containerfile").read_text(encoding="utf-8")
    assert "ansible-core>=2.18" in recipe and "ansible-runner" in recipe and "python3.12" in recipe
    wanted = yaml.safe_load((context / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert wanted == {"collections": [{"name": "locksmith.rotation"}]}


def test_the_builder_finds_every_library_that_the_collection_needs() -> None:
    told = subprocess.run([_BUILDER, "introspect", str(COLLECTIONS)], check=True, capture_output=True, text=True, timeout=60)
    found = yaml.safe_load(told.stdout)
    ours = {kind: [line.partition("  # from")[0] for line in found[kind] if "locksmith.rotation" in line] for kind in found}
    needed = [line for line in (_ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert sorted(ours["python"]) == sorted(needed)
    names = {re.split(r"[\[>=]", line)[0] for line in needed}
    assert names == {"boto3", "hvac", "psycopg", "requests"}
    assert any(line.startswith("ca-certificates") and "rpm" in line for line in ours["system"])
