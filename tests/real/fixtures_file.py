# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory for the tests of the file store, read and written by ansible-vault's own command."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.file import FileStore
from ansible_collections.locksmith.rotation.tests.real.store_makers import StoreMaker

FIELDS = ("username", "password")


class FileMaker(StoreMaker):
    """One encrypted file and its password file."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.path = top / "db.yml"
        self.journal = top / "db.yml.journal"
        self.password_file = top / "password"
        self.password_file.write_text("the password of the tests\n", encoding="utf-8")

    def make(
        self, field_names: t.Sequence[str] = FIELDS, renames: t.Mapping[str, str] | None = None, **changed: t.Any
    ) -> FileStore:
        given = {"path": str(self.path), "vault_password_file": str(self.password_file), **changed}
        return FileStore.create(given, field_names, renames)

    def store_option(self) -> dict[str, t.Any]:
        return {"type": "file", "path": str(self.path), "vault_password_file": str(self.password_file)}

    def put(self, text: str) -> None:
        """Encrypt a text as a person does it."""
        self.path.write_text(text, encoding="utf-8")
        self.path.chmod(0o600)
        self.vault("encrypt", str(self.path))

    def put_sibling(self, name: str, value: str) -> None:
        self.put(yaml.safe_dump({**(self.raw() or {}), name: value}))

    def raw(self) -> dict[str, t.Any] | None:
        """Decrypted by Ansible's own library: its command would take half a second."""
        if not self.path.exists():
            return None
        password = VaultSecret(self.password_file.read_bytes().strip())
        return dict(yaml.safe_load(VaultLib([("default", password)]).decrypt(self.path.read_bytes())))

    def view(self) -> str:
        return self.vault("view", str(self.path))

    def traces(self) -> t.Any:
        return {entry.name: (entry.read_bytes(), entry.stat().st_mtime_ns) for entry in self.top.iterdir() if entry.is_file()}

    @contextlib.contextmanager
    def without_rights(self) -> t.Iterator[None]:
        kept = self.password_file.read_text(encoding="utf-8")
        self.password_file.write_text("another password\n", encoding="utf-8")
        yield
        self.password_file.write_text(kept, encoding="utf-8")

    def journal_of_reader(self) -> str:
        """Readers with the password are kept out by the file's mode."""
        mode = stat.S_IMODE(self.journal.stat().st_mode)
        return "" if mode == 0o600 else self.journal.read_text(encoding="utf-8")

    def vault(self, *arguments: str) -> str:
        """The output of ansible-vault."""
        command = [str(Path(sys.executable).with_name("ansible-vault")), *arguments]
        environment = {**os.environ, "ANSIBLE_VAULT_PASSWORD_FILE": str(self.password_file)}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
