# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only many audits together show, what hosts hold, and whose an address is."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.plugin_utils.addresses import AddressBook
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_hosts import judge_host
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_summary import (
    count,
    drop_shared,
    lines_of,
    not_audited,
)

KEY = {"id": "1/7", "name": "exporter", "created_at": "2026-01-01T00:00:00Z", "active": True}
FOREIGN = {"severity": "warning", "kind": "foreign_key", "subject": "1/7", "detail": "It has a key.", "next_step": "Look."}
ENTRY = {"id": "e1", "credential": "ci", "dest": "/etc/ci.env", "error": "", "write": "", "restart": False, "fingerprint": "f2"}


def audit(name: str, recorded: t.Sequence[str] = (), **more: t.Any) -> dict[str, t.Any]:
    facts = {"credential": name, "type": "grafana", "identity": "service account exporter", "findings": [dict(FOREIGN)]}
    return {
        **facts,
        "keys_listed": [KEY],
        "keys_recorded": list(recorded),
        "lists_keys": True,
        "state": "steady",
        "value": "alive",
        **more,
    }


class TestKeysOfSeveralCredentials:
    def test_one_that_another_credential_of_the_identity_records_is_nobodys_no_more(self) -> None:
        one, other = audit("one"), audit("other", ["1/7"])
        drop_shared([one, other], True)
        assert one["findings"] == []

    @pytest.mark.parametrize(
        "other",
        [
            audit("other", ["1/8"]),
            audit("other", ["1/7"], identity="service account importer"),
            audit("other", ["1/7"], type="amg"),
            audit("other", ["1/7"], keys_listed=[{**KEY, "created_at": "2025-01-01T00:00:00Z"}]),
        ],
        ids=["another key", "another identity", "another kind", "another server's key of that id"],
    )
    def test_any_other_leaves_it(self, other: dict[str, t.Any]) -> None:
        one = audit("one")
        drop_shared([one, other], True)
        assert one["findings"] == [FOREIGN]

    def test_a_part_of_the_catalogue_cannot_tell_and_says_so(self) -> None:
        one = audit("one")
        drop_shared([one], False)
        assert "Only a part of the catalogue" in one["findings"][0]["detail"]


class TestHosts:
    @pytest.mark.parametrize(
        ("seen", "severity", "kind"),
        [
            (None, "warning", "host_not_seen"),
            ({"unreachable": True}, "warning", "host_not_seen"),
            ({"msg": "no python"}, "warning", "host_not_seen"),
            ({"entries": [{**ENTRY, "write": "there is no file"}]}, "critical", "file_missing"),
            ({"entries": [{**ENTRY, "write": "it was changed by somebody else"}]}, "critical", "file_changed"),
            ({"entries": [{**ENTRY, "write": "another version", "deployed": "f1"}]}, "warning", "file_behind"),
            ({"entries": [{**ENTRY, "write": "something new"}]}, "warning", "file_differs"),
            ({"entries": [{**ENTRY, "error": "a symbolic link"}]}, "warning", "file_not_seen"),
            ({"entries": [{**ENTRY, "restart": True, "running": "f1"}]}, "warning", "service_behind"),
            (
                {"entries": [ENTRY], "proofs": [{"id": "e1", "healthy": False, "detail": "it is down"}]},
                "warning",
                "service_unhealthy",
            ),
        ],
    )
    def test_what_is_not_as_it_should_be(self, seen: dict[str, t.Any] | None, severity: str, kind: str) -> None:
        (found,) = judge_host("web1", "ci", seen)
        assert (found.severity, found.kind) == (severity, kind)
        assert "web1" in found.detail

    def test_what_is(self) -> None:
        proofs = [{"id": "e1", "healthy": True}]
        others = [{**ENTRY, "id": "e2", "credential": "other", "write": "there is no file"}]
        assert judge_host("web1", "ci", {"entries": [ENTRY, *others], "proofs": proofs}) == []


class TestAddresses:
    def book(self) -> AddressBook:
        hosts: dict[str, dict[str, t.Any]] = {
            "web1": {"ansible_host": "192.0.2.1"},
            "web2": {"ansible_facts": {"all_ipv4_addresses": ["192.0.2.2"], "all_ipv6_addresses": ["2001:DB8::2"]}},
            "web3": {"audit_addresses": ["203.0.113.0/28", "198.51.100.3"]},
            "web4": {"audit_addresses": "203.0.113.7"},
            "ci": {"ansible_host": "192.0.2.1"},
        }
        return AddressBook({"groups": {"all": list(hosts), "credentials": ["ci"]}, "hostvars": hosts})

    @pytest.mark.parametrize(
        ("address", "hosts"),
        [
            ("192.0.2.1", ["web1"]),
            ("192.0.2.2", ["web2"]),
            ("2001:db8:0::2", ["web2"]),
            ("203.0.113.7", ["web3", "web4"]),
            ("web2", ["web2"]),
            ("203.0.113.99", []),
            ("cloudformation.amazonaws.com", []),
            ("", []),
        ],
    )
    def test_whose_it_is(self, address: str, hosts: list[str]) -> None:
        assert self.book().hosts_of(address) == hosts


class TestTheTable:
    def test_nobody_is_called_unused_and_what_was_not_looked_at_is_no_good_news(self) -> None:
        silent = audit("silent", value="not_told", keys_listed=None, findings=[], lists_keys=True)
        silent["replaced"] = [{"version": 1, "id": "k", "phase": "disabled", "use": "not_told"}]
        lost = not_audited("lost", {"msg": "lost: its options are wrong."})
        printed = "\n".join(lines_of([silent, lost]))
        assert "unused" not in printed and "works" not in printed
        assert "v1 disabled: not told" in printed
        assert "CRITICAL  lost: its options are wrong." in printed

    def test_the_worst_is_told_first(self) -> None:
        remark = {**FOREIGN, "severity": "info", "detail": "a remark"}
        worst = {**FOREIGN, "severity": "critical", "detail": "a catastrophe"}
        printed = "\n".join(lines_of([audit("one", findings=[remark]), audit("two", findings=[worst])]))
        assert printed.index("a catastrophe") < printed.index("a remark")
        assert count([remark, worst, {"severity": "strange"}]) == {"critical": 2, "warning": 0, "info": 1}
