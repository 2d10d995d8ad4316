# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of consumer_credentials: what is accepted, what follows, and that the role documents the same."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.locksmith.rotation.plugins.doc_fragments.consumer import ModuleDocFragment
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import (
    ENTRY_SPEC,
    file_mode,
    read_entries,
    service_key,
    shape_of,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_ROOT = Path(__file__).resolve().parents[5]


def _entry(**more: t.Any) -> dict[str, t.Any]:
    return {"credential": "db", "dest": "/etc/db", "format": "env", **more}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"credential": "db", "format": "env"}, "dest"),
        (_entry(dest="etc/db"), "absolute"),
        (_entry(format="toml"), "format"),
        (_entry(format="ini"), "section"),
        (_entry(format="template"), "template"),
        (_entry(mode="0666"), "0666"),
        (_entry(mode="rw"), "octal"),
        (_entry(service={}), "name"),
        (_entry(service={"name": "a b"}), "service name"),
        (_entry(service={"manager": "signal"}), "pid_file"),
        (_entry(service={"manager": "command"}), "command"),
        (_entry(probe={"retries": 1}), "url"),
        (_entry(probe={"url": "http://x", "port": 1}), "url"),
        (_entry(unknown=1), "unknown"),
        ("text", "mapping"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_is_wrong(entry: t.Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_entries([entry])


@pytest.mark.parametrize(("written", "mode"), [("0600", 0o600), ("640", 0o640), (0o600, 0o600), ("0400", 0o400), ("0644", 0o644)])
def test_modes(written: str | int, mode: int) -> None:
    assert file_mode(written) == mode


@pytest.mark.parametrize("written", ["0620", "0602", "0777", "4600", 600, "", "0", -1])
def test_modes_that_are_refused(written: str | int) -> None:
    with pytest.raises(ConfigurationError):
        file_mode(written)


def test_two_entries_may_share_a_file_where_its_format_leaves_room() -> None:
    profile = {"credential": "ci", "dest": "/f", "format": "aws_credentials"}
    assert len(read_entries([profile, {**profile, "profile": "two"}])) == 2
    for other in (profile, {**profile, "format": "env"}, {**profile, "credential": "other"}):
        with pytest.raises(ConfigurationError, match="two entries"):
            read_entries([profile, other])


def test_a_service_is_the_same_however_its_unit_is_written() -> None:
    short, long, user = read_entries(
        [
            _entry(service={"name": "app"}),
            _entry(dest="/b", service={"name": "app.service", "action": "reload"}),
            _entry(dest="/c", service={"name": "app", "scope": "user"}),
        ]
    )
    assert service_key(short) == service_key(long) != service_key(user)


def test_the_shape_changes_with_what_is_written_and_not_with_who_reads_it() -> None:
    plain, owned, other = read_entries([_entry(), _entry(dest="/b", owner="root"), _entry(dest="/c", fields={"A": "b"})])
    assert shape_of(plain) == shape_of(owned) != shape_of(other)
    assert shape_of(plain, "one") != shape_of(plain, "two")


def _types(options: dict[str, t.Any], inner: str) -> dict[str, t.Any]:
    return {
        name: (spec["type"], spec.get("default"), sorted(spec.get("choices", [])), _types(spec.get(inner) or {}, inner))
        for name, spec in options.items()
    }


def test_role_and_module_document_exactly_what_is_accepted() -> None:
    accepted = _types(ENTRY_SPEC, "options")
    module = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["credentials"]["suboptions"]
    role = yaml.safe_load((_ROOT / "roles/consumer/meta/argument_specs.yml").read_text())
    documented = role["argument_specs"]["main"]["options"]["consumer_credentials"]["options"]
    assert _types(module, "suboptions") == accepted
    assert _types(documented, "options") == accepted
