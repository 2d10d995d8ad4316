# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the file store's own: files, modes, locks and what Ansible itself makes of them."""

from __future__ import annotations

import importlib
import json
import os
import stat
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.stores import file as file_store
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.file import FileStore
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FIELDS, FileMaker

AT = "2026-11-21T03:14:00Z"
PASSWORD = "Hm7pXq2-first-value"
VALUE = SecretFields({"username": "orders", "password": PASSWORD})


@pytest.fixture
def files(tmp_path: Path) -> FileMaker:
    return FileMaker(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def loaded_by_ansible(files: FileMaker, name: str = "password") -> str:
    """A published field as C(include_vars) gives it to a play."""
    copied = files.top / "copied"
    vars_file = {"ansible.builtin.include_vars": str(files.path)}
    copy = {"ansible.builtin.copy": {"content": "{{ " + name + " }}", "dest": str(copied), "mode": "0600"}, "no_log": True}
    play = files.top / "play.json"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [vars_file, copy]}]), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-c", "local", str(play)]
    environment = {**os.environ, "ANSIBLE_VAULT_PASSWORD_FILE": str(files.password_file)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return copied.read_text(encoding="utf-8")


@pytest.mark.parametrize("password", [PASSWORD, "{{ no }} {% template %} {#", "yes", "0123", "ä: #'\"\\ |"])
def test_ansible_loads_what_is_published(files: FileMaker, password: str) -> None:
    files.make().publish(SecretFields({"username": "orders", "password": password}), AT, None)
    assert loaded_by_ansible(files) == password
    found = files.make().read_published()
    assert found is not None
    assert found.fields["password"] == password


def test_nothing_in_clear_is_on_the_disk(files: FileMaker) -> None:
    files.make().write_journal(PASSWORD, None)
    files.make().publish(VALUE, AT, None)
    kept = [entry.read_bytes() for entry in files.top.iterdir()]
    assert not any(PASSWORD.encode() in content for content in kept)
    assert files.path.read_bytes().startswith(b"$ANSIBLE_VAULT;1.1;AES256")


def test_new_files_are_for_their_owner_only_and_nothing_else_is_left(files: FileMaker) -> None:
    files.make().write_journal("text", None)
    files.make().publish(VALUE, AT, None)
    found = {entry.name: mode(entry) for entry in files.top.iterdir() if entry != files.password_file}
    assert found == {"db.yml": 0o600, "db.yml.journal": 0o600, "db.yml.lock": 0o600}


def test_an_existing_file_keeps_its_mode(files: FileMaker) -> None:
    files.put("host: db1\n")
    files.path.chmod(0o640)
    files.make().publish(VALUE, AT, None)
    assert mode(files.path) == 0o640


def test_a_link_stays_a_link(files: FileMaker) -> None:
    link = files.top / "link.yml"
    files.put("host: db1\n")
    link.symlink_to(files.path)
    files.make(path=str(link)).publish(VALUE, AT, None)
    assert link.is_symlink()
    raw = files.raw()
    assert raw is not None
    assert raw["password"] == PASSWORD


@pytest.mark.parametrize("bit", [stat.S_IWGRP, stat.S_IWOTH])
@pytest.mark.parametrize("which", ["path", "journal"])
def test_a_file_that_others_may_write_is_refused(files: FileMaker, bit: int, which: str) -> None:
    files.make().write_journal("text", None)
    files.make().publish(VALUE, AT, None)
    target: Path = getattr(files, which)
    target.chmod(0o600 | bit)
    with pytest.raises(errors.Rejected, match=f"chmod go-w {target}"):
        files.make().check_publishable({"password": 40})


def test_a_label_is_written_into_the_file(files: FileMaker) -> None:
    files.make(vault_id="prod").publish(VALUE, AT, None)
    assert files.path.read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert files.make(vault_id="prod").read_published() is not None


@pytest.mark.parametrize("name", ["password.sh", "password-client.sh"])
def test_a_password_script_is_run(files: FileMaker, name: str) -> None:
    files.make().publish(VALUE, AT, None)
    script = files.top / name
    script.write_text(f"#!/bin/sh\ncat '{files.password_file}'\n", encoding="utf-8")
    script.chmod(0o700)
    assert files.make(vault_password_file=str(script)).read_published() is not None


def test_a_missing_password_file_is_named(files: FileMaker) -> None:
    with pytest.raises(errors.ConfigurationError, match="/absent"):
        files.make(vault_password_file=str(files.top / "absent")).check_publishable({"password": 40})


def test_a_file_in_clear_is_refused_and_not_shown(files: FileMaker) -> None:
    files.path.write_text(f"password: {PASSWORD}\n", encoding="utf-8")
    files.path.chmod(0o600)
    with pytest.raises(errors.Rejected, match="ansible-vault encrypt") as refused:
        files.make().publish(VALUE, AT, None)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("text", [f"- {PASSWORD}\n", PASSWORD, f"a: [{PASSWORD}\n"])
def test_what_is_no_mapping_is_refused_and_not_shown(files: FileMaker, text: str) -> None:
    files.put(text)
    with pytest.raises(errors.Rejected, match="YAML mapping") as refused:
        files.make().read_published()
    assert PASSWORD not in str(refused.value)


def test_siblings_keep_their_types_and_their_tags(files: FileMaker) -> None:
    box = "box: !vault |\n  $ANSIBLE_VAULT;1.1\n"
    files.put(f"ports: [1, 2]\nwhen: 2026-11-21\ndeep: {{a: null, b: 'yes'}}\nraw: !unsafe '{{{{ x }}}}'\n{box}  6162\n")
    files.make().publish(VALUE, AT, None)
    found = files.view()
    kept = ("ports:\n- 1\n- 2\n", "when: 2026-11-21\n", "  a: null\n  b: 'yes'\n", "raw: !unsafe ", box)
    assert [lines for lines in kept if lines not in found] == []


def test_a_damaged_journal_is_not_taken_for_an_empty_one(files: FileMaker) -> None:
    files.make().write_journal("text", None)
    files.journal.write_bytes(files.journal.read_bytes()[:-30])
    with pytest.raises(errors.LocksmithError, match="journal"):
        files.make().read_journal()
    with pytest.raises(errors.LocksmithError, match="journal"):
        files.make().write_journal("afresh", None)


def test_a_directory_that_is_not_there_is_found_before_anything_is_issued(files: FileMaker) -> None:
    with pytest.raises(errors.Denied, match="does not exist"):
        files.make(path=str(files.top / "absent" / "db.yml")).check_publishable({"password": 40})


def test_a_lock_held_by_another_run_is_waited_for_and_then_named(files: FileMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "_LOCK_WITHIN", 0.3)
    with files.make()._locked(), pytest.raises(errors.Unreachable, match="db.yml.lock"):
        files.make().write_journal("text", None)
    assert files.make().write_journal("text", None) == "1"


def test_a_write_that_fails_half_way_leaves_the_old_file_whole(files: FileMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    revision = files.make().publish(VALUE, AT, None)

    def full(*dummy: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_store.os, "fsync", full)
    with pytest.raises(errors.Denied, match="No space left"):
        files.make().publish(SecretFields({"username": "orders", "password": "other"}), AT, revision)
    found = files.make().read_published()
    assert found is not None
    assert (found.revision, found.fields["password"]) == (revision, PASSWORD)
    assert sorted(entry.name for entry in files.top.iterdir()) == ["db.yml", "db.yml.lock", "password"]


def test_without_ansible_core_it_says_what_is_missing(files: FileMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, *rest: t.Any) -> t.Any:
        if name.startswith("ansible.parsing"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(errors.MissingLibrary, match="ansible-core"):
        files.make()


@pytest.mark.parametrize("missing", ["path", "vault_password_file"])
def test_both_options_are_needed(missing: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="store.path and store.vault_password_file"):
        FileStore.create({"path": "db.yml", "vault_password_file": "password", missing: None}, FIELDS, None)
