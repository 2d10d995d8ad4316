# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look asks what the role would ask: the same options, from the same variables, with the same defaults."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

from ansible_collections.locksmith.rotation.plugins.action.credential_look import OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import common_options

ROLE = Path(__file__).parents[4] / "roles" / "credential"


def _read(name: str) -> t.Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def test_every_option_that_the_role_hands_on_is_looked_at() -> None:
    handed_on = _read("tasks/main.yml")[0]["locksmith.rotation.credential_rotate"]
    from_variables = {name for name, value in handed_on.items() if f"credential_{name}" in value}
    assert from_variables - {"state", "type"} == set(OPTIONS)


def test_the_roles_defaults_are_those_of_the_options() -> None:
    spec, defaults = common_options(), _read("defaults/main.yml")
    given = {option: defaults[f"credential_{option}"] for option in OPTIONS if f"credential_{option}" in defaults}
    assert given and given == {option: spec[option]["default"] for option in given}
