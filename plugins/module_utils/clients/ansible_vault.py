# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-vault's encryption and YAML, for values on the machine where the module runs. Called by the file store.

Ansible sends only its module_utils to a host, so ansible-core's own vault and PyYAML are imported when they are needed.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors

_USUAL_LABEL = "default"
_HEADER = b"$ANSIBLE_VAULT;"


class AnsibleVault:
    """Encrypts and decrypts with one password, which is read when it is first needed."""

    def __init__(self, password_file: str, label: str | None) -> None:
        """:raises MissingLibrary: ansible-core's vault or PyYAML is not installed here."""
        self._parts = _import()
        self._password_file = password_file
        self._label = label or _USUAL_LABEL
        self._opened: tuple[t.Any, t.Any] | None = None

    def encrypt(self, content: bytes) -> bytes:
        """The text of an encrypted file."""
        vault, secret = self._open()
        return bytes(vault.encrypt(content, secret=secret, vault_id=None if self._label == _USUAL_LABEL else self._label))

    def decrypt(self, content: bytes, path: str) -> bytes:
        """The reverse. :arg path: for messages. :raises Rejected: not encrypted. :raises Denied: not with this password."""
        if not content.startswith(_HEADER):
            raise errors.Rejected(
                f"{path} is not encrypted with ansible-vault.", next_step=f"encrypt it: ansible-vault encrypt {path}."
            )
        vault, _secret = self._open()
        try:
            return bytes(vault.decrypt(content))
        except self._parts.error:
            raise errors.Denied(
                f"the password of {self._password_file} does not open {path}.", next_step="check store.vault_password_file."
            ) from None

    def dump(self, value: t.Mapping[str, t.Any]) -> bytes:
        """YAML that Ansible and other readers load."""
        text = self._parts.yaml.dump(
            dict(value), Dumper=self._parts.dumper, allow_unicode=True, default_flow_style=False, sort_keys=False, width=1000
        )
        return str(text).encode("utf-8")

    def load(self, content: bytes, path: str) -> dict[str, t.Any]:
        """A mapping from YAML; values under a tag, such as C(!vault), stay what they are. :raises Rejected: something else."""
        try:
            value = self._parts.yaml.load(content.decode("utf-8"), Loader=self._parts.loader)
        except (self._parts.yaml.YAMLError, UnicodeDecodeError):
            value = ""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise errors.Rejected(f"{path} does not hold a YAML mapping.", next_step="make it one, with a key for each field.")
        return value

    def _open(self) -> tuple[t.Any, t.Any]:
        if self._opened is None:
            secret = self._read_password()
            self._opened = (self._parts.vault.VaultLib([(self._label, secret)]), secret)
        return self._opened

    def _read_password(self) -> t.Any:
        path = os.path.expanduser(self._password_file)
        try:
            secret = self._parts.vault.get_file_vault_secret(
                filename=path, vault_id=self._label, loader=self._parts.data_loader()
            )
            secret.load()
        except self._parts.error:
            raise errors.ConfigurationError(
                f"no ansible-vault password could be read from {path}.", next_step="check store.vault_password_file."
            ) from None
        return secret


@dataclasses.dataclass(frozen=True)
class _Parts:
    """What is imported late."""

    yaml: t.Any
    vault: t.Any
    data_loader: t.Any
    error: type[Exception]
    loader: t.Any
    dumper: t.Any


@dataclasses.dataclass(frozen=True)
class Tagged:
    """A scalar with a tag that is ours to keep, not to understand."""

    tag: str
    text: str = dataclasses.field(repr=False)

    def __str__(self) -> str:
        return self.text


def _import() -> _Parts:
    try:
        import yaml

        # By name: these exist where Ansible runs, and not where one of its modules does.
        error = importlib.import_module("ansible.errors").AnsibleError
        vault = importlib.import_module("ansible.parsing.vault")
        data_loader = importlib.import_module("ansible.parsing.dataloader").DataLoader
    except ImportError:
        raise errors.MissingLibrary(
            "ansible-core is needed for a store of type file and is not installed where this runs.",
            next_step="run the module on the controller (connection: local), or install ansible-core there.",
        ) from None
    return _Parts(yaml, vault, data_loader, error, _loader(yaml), _dumper(yaml))


def _loader(yaml: t.Any) -> t.Any:
    class Loader(yaml.SafeLoader):
        pass

    def keep(loader: t.Any, suffix: str, node: t.Any) -> t.Any:
        return Tagged("!" + suffix, loader.construct_scalar(node))

    Loader.add_multi_constructor("!", keep)
    Loader.add_constructor("!unsafe", lambda loader, node: str(loader.construct_scalar(node)))
    return Loader


def _dumper(yaml: t.Any) -> t.Any:
    """Texts with template marks get the tag C(!unsafe), so that Ansible hands them on as they are."""

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: t.Any, value: str) -> t.Any:
        marked = any(mark in value for mark in ("{{", "{%", "{#"))
        return dumper.represent_scalar("!unsafe" if marked else "tag:yaml.org,2002:str", value, style='"' if marked else None)

    def tagged(dumper: t.Any, value: Tagged) -> t.Any:
        return dumper.represent_scalar(value.tag, value.text, style="|" if "\n" in value.text else None)

    Dumper.add_representer(str, text)
    Dumper.add_representer(Tagged, tagged)
    return Dumper
