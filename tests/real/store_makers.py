# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conformance tests ask of every store's test set-up. A new store: subclass P(StoreMaker), add a line to C(MAKERS)."""

from __future__ import annotations

import abc
import contextlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors


class StoreMaker(abc.ABC):
    """Makes stores for one place that is empty at first, and looks at that place without the code under test."""

    @abc.abstractmethod
    def make(self, field_names: t.Sequence[str], renames: t.Mapping[str, str] | None = None) -> Store:
        """A new store object for the place."""

    @abc.abstractmethod
    def store_option(self) -> dict[str, t.Any]:
        """The option O(store) for the place as a user writes it: plain values that serve any process."""

    @abc.abstractmethod
    def put_sibling(self, name: str, value: str) -> None:
        """Have a field in the published value that is not ours, keeping the others."""

    @abc.abstractmethod
    def raw(self) -> dict[str, t.Any] | None:
        """The published value as a reader sees it; None if there is none."""

    @abc.abstractmethod
    def traces(self) -> t.Any:
        """Everything that a write anywhere near the place would change; compared only."""

    @abc.abstractmethod
    def without_rights(self) -> contextlib.AbstractContextManager[None]:
        """Stores made meanwhile may not write to the place."""

    @abc.abstractmethod
    def journal_of_reader(self) -> str:
        """The journal as it comes to somebody who may read the published value only, empty if it does not."""

    def grant_drop_off(self) -> None:
        """The place is a drop-off: stores made from now on have the rights that docs/stores.md asks for one."""
        return

    #: What P(without_rights) leads to.
    refusal: t.ClassVar[type[errors.LocksmithError]] = errors.Denied
    #: How large a field certainly is too large, bytes; 0 if nothing is.
    too_large: t.ClassVar[int] = 2 * 1048576


def _vault_2(request: pytest.FixtureRequest) -> StoreMaker:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_vault import VaultMaker

    return VaultMaker(request.getfixturevalue("openbao"), "secret")


def _vault_1(request: pytest.FixtureRequest) -> StoreMaker:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_vault import VaultMaker

    return VaultMaker(request.getfixturevalue("openbao"), "kv1")


def _file(request: pytest.FixtureRequest) -> StoreMaker:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker

    return FileMaker(request.getfixturevalue("tmp_path"))


def _ssm(request: pytest.FixtureRequest) -> StoreMaker:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import SsmMaker

    return SsmMaker(request.getfixturevalue("in_aws"))


def _secretsmanager(request: pytest.FixtureRequest) -> StoreMaker:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import SecretsManagerMaker

    return SecretsManagerMaker(request.getfixturevalue("in_aws"))


#: Name to what makes a fresh maker for one test.
MAKERS: dict[str, t.Callable[[pytest.FixtureRequest], StoreMaker]] = {
    "vault-kv2": _vault_2,
    "vault-kv1": _vault_1,
    "file": _file,
    "ssm": _ssm,
    "secretsmanager": _secretsmanager,
}
