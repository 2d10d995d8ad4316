# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For every kind of credential, by the options that a user writes: its status is told, and one that exists already is taken
over as it is, without a rotation and without an outage, under the id of the right key or of none."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.audit import audit_credential, audit_options
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.examine import examine_credential
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import READ, argument_spec, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import MAKERS, Maker


class Kind:
    """One credential of one kind, published in a file of its own."""

    def __init__(self, maker: Maker, top: pathlib.Path) -> None:
        self.maker, self.file = maker, FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.issuer: Issuer = maker.make()
        self.options = maker.module_options(self.issuer)
        self.lists = self.issuer.MINTS and not self.issuer.REVEALS

    def call(self, state: str = "rotated") -> dict[str, t.Any]:
        """As the action plugin does."""
        served = issuer_class(self.issuer.KIND)
        validator = ArgumentSpecValidator(argument_spec(served), **served.CONSTRAINTS)
        checked = validator.validate({**self.options, "name": "thing", "store": self.file.store_option()})
        assert not checked.error_messages, checked.error_messages
        return perform(served, {**checked.validated_parameters, "state": state}, False)

    def audit(self) -> dict[str, t.Any]:
        """As the action plugin does."""
        served = issuer_class(self.issuer.KIND)
        validator = ArgumentSpecValidator({**served.OPTIONS, **audit_options()}, **served.CONSTRAINTS)
        checked = validator.validate({**self.options, "name": "thing", "store": self.file.store_option()})
        assert not checked.error_messages, checked.error_messages
        return audit_credential(served, checked.validated_parameters, lambda dummy: [], "roll it back")

    def examine(self) -> dict[str, t.Any]:
        """As the action plugin does."""
        served = issuer_class(self.issuer.KIND)
        validator = ArgumentSpecValidator(argument_spec(served), **served.CONSTRAINTS)
        checked = validator.validate({**self.options, "name": "thing", "store": self.file.store_option()})
        assert not checked.error_messages, checked.error_messages
        return examine_credential(served, checked.validated_parameters)

    def value(self) -> dict[str, str]:
        return {name: text for name, text in (self.file.raw() or {}).items() if name != "rotated_at"}

    def keys(self) -> set[str]:
        return self.maker.key_ids(self.issuer) if self.lists else set()


@pytest.fixture(params=sorted(MAKERS))
def kind(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> t.Iterator[Kind]:
    with MAKERS[request.param]() as maker:
        made = Kind(maker, tmp_path)
        yield made
        made.issuer.close()


def test_its_status_is_told_and_what_exists_is_taken_over(kind: Kind) -> None:
    assert kind.call(READ)["state"] == "absent"
    made = kind.call()
    told = kind.call(READ)
    assert (told["state"], told["version"], told["id"]) == ("steady", 1, made["id"])
    assert (told["type"], told["changed"], told["fingerprint"]) == (kind.issuer.KIND, False, made["fingerprint"])

    if kind.lists:
        kind.maker.foreign_key(kind.issuer)
    value, keys = kind.value(), kind.keys()
    kind.file.journal.unlink()
    adopted = kind.call()
    assert (adopted["action"], adopted["fingerprint"]) == ("adopted", made["fingerprint"])
    assert (kind.value() == value, kind.keys() == keys) == (True, True), "nothing is rotated, created or deleted"
    assert kind.maker.alive(kind.issuer, value)
    assert adopted["id"] in ("", None, made["id"]) or not kind.lists, "the right key or none, never another one"
    assert kind.call(READ)["state"] == "steady"

    value_of_ours = Issued(made["id"] or "", SecretFields(value))
    assert kind.issuer.own_login([value_of_ours]) == kind.issuer.own_login([]) == "", "an administrator logs in here"
    audited = kind.audit()
    kinds = {finding["kind"] for finding in audited["findings"]}
    assert audited["value"] == ("alive" if kind.issuer.verifiable else "not_told")
    assert kinds <= {"foreign_key", "not_verifiable"}, audited["findings"]
    assert ("foreign_key" in kinds) == (audited["lists_keys"] and kind.lists)
    examined = kind.examine()
    in_the_way = [
        check for check in examined["checks"] if check["severity"] in ("critical", "warning") and check["area"] != "room"
    ]
    assert in_the_way == [], "it was rotated a moment ago"
    assert {"libraries", "issuer", "store", "writable"} <= {check["area"] for check in examined["checks"]}
    assert (kind.value() == value, kind.keys() == keys) == (True, True), "and nothing is changed by looking"
    shown = json.dumps([made, told, adopted, audited, examined])
    secrets = [text for name, text in value.items() if name not in kind.issuer.PUBLIC_FIELDS]
    for secret in [*secrets, *kind.maker.secrets()]:
        assert (secret in shown) is False
