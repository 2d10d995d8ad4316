# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent is told, and the hooks that it runs."""

from __future__ import annotations

import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent import (
    AGENT_OPTIONS,
    Template,
    check_options,
    config_of,
    hook_key,
    hooks_of,
    longest_wait,
    nudges,
    pull_shape,
    record_name,
    shell_command,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import SERVICE_SPEC, read_entries
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.interval import longest_use
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_DEFAULTS = {name: option.get("default") for name, option in AGENT_OPTIONS.items()}
_SERVICE = {name: option.get("default") for name, option in SERVICE_SPEC.items()}
_DEFAULTS["service"] = _SERVICE
_LOGIN = {"url": "https://vault:8200", "role_id_file": "/a/role_id", "secret_id_file": "/a/secret_id"}


def _options(**changed: t.Any) -> dict[str, t.Any]:
    return {**_DEFAULTS, **_LOGIN, **changed}


def _item(dest: str = "/etc/db.env", **more: t.Any) -> dict[str, t.Any]:
    written = {"credential": "db", "dest": dest, "format": "env", "pull": "vault_agent", **more}
    (entry,) = read_entries([written])
    return {**entry, "shape": "s"}


def _template(dest: str = "/etc/db.env", **more: t.Any) -> Template:
    return Template(_item(dest, **more), dest, "{{ with }}")


def test_the_configuration_names_files_and_no_values() -> None:
    service = {"name": "orders", "action": "reload"}
    config = config_of(_options(ca_cert="/ca"), [_template(mode="0640", owner="orders", service=service)], "/a")
    assert config["vault"] == {"address": "https://vault:8200", "retry": {"num_retries": 12}, "ca_cert": "/ca"}
    (method,) = config["auto_auth"]["method"]
    assert method["mount_path"] == "auth/approle" and "namespace" not in method
    assert method["config"] == {
        "role_id_file_path": "/a/role_id",
        "secret_id_file_path": "/a/secret_id",
        "remove_secret_id_file_after_reading": False,
    }
    (template,) = config["template"]
    assert (template["perms"], template["user"]) == ("0640", "orders") and "group" not in template
    assert template["exec"] == {"command": [f"/a/reload-{hook_key(_item(service=service))}"], "timeout": "70s"}
    assert config["template_config"] == {"static_secret_render_interval": "300s", "exit_on_retry_failure": True}


@pytest.mark.parametrize(
    ("options", "kind", "config"),
    [
        (
            {"auth_method": "aws_iam", "role": "web", "region": "eu-central-1", "aws_iam_server_id": "vault.example"},
            "aws",
            {"type": "iam", "role": "web", "region": "eu-central-1", "header_value": "vault.example"},
        ),
        (
            {"auth_method": "jwt", "role": "web", "jwt_file": "/run/jwt", "mount_point": "oidc/"},
            "jwt",
            {"path": "/run/jwt", "role": "web", "remove_jwt_after_reading": False},
        ),
    ],
)
def test_other_ways_to_log_in(options: dict[str, t.Any], kind: str, config: dict[str, t.Any]) -> None:
    check_options(_options(**options))
    found = config_of(_options(namespace="team", **options), [], "/a")["auto_auth"]["method"][0]
    assert found["type"] == kind and found["config"] == config and found["namespace"] == "team"
    assert found["mount_path"] == f"auth/{'oidc' if kind == 'jwt' else 'aws'}"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"auth_method": "jwt", "role": "web"}, "needs vault_agent_jwt_file"),
        ({"auth_method": "aws_iam"}, "needs vault_agent_role"),
        ({"cert_auth_public_key": "/cert"}, "belong together"),
        ({"remove_secret_id_file_after_reading": True}, "could not log in again"),
        (
            {"remove_secret_id_file_after_reading": True, "exit_on_retry_failure": False, "nudge": "restart"},
            "cannot be restarted",
        ),
        ({"render_interval": "0s"}, "is zero"),
        ({"service": {**_SERVICE, "manager": "command"}}, "needs vault_agent_service_command"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, t.Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        check_options(_options(**options))


def test_an_agent_that_deletes_its_login_is_not_restarted_but_waited_for() -> None:
    kept = _options()
    used_up = _options(remove_secret_id_file_after_reading=True, exit_on_retry_failure=False)
    assert (nudges(kept), nudges(used_up)) == (True, False)
    assert longest_use("5m", "60s") == 360
    assert (longest_wait(kept), longest_wait(used_up)) == (60, 390)
    assert longest_wait({**used_up, "wait": "5s"}) == 5


def test_a_restart_wins_over_a_reload_of_the_same_service() -> None:
    users = [_template("/a", service={"name": "app", "action": "reload"}), _template("/b", service={"name": "app"})]
    (hook,) = hooks_of(users, "/state", 60)
    assert "systemctl restart -- app" in hook.text and "/a /b" in hook.text


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ({"name": "app", "scope": "user"}, "systemctl --user restart -- app"),
        ({"name": "app", "manager": "service"}, "service app restart"),
        ({"name": "app", "manager": "sysvinit"}, "/etc/init.d/app restart"),
        ({"name": "app", "manager": "supervisor", "config": "/s.conf"}, "supervisorctl -c /s.conf restart app"),
        ({"manager": "signal", "pid_file": "/run/a b"}, "kill -s HUP \"$(cat '/run/a b')\""),
        ({"manager": "command", "command": ["sh", "-c", "echo $1; $(id)"]}, "sh -c 'echo $1; $(id)'"),
    ],
)
def test_how_a_service_is_restarted(service: dict[str, t.Any], command: str) -> None:
    assert shell_command(_item(service=service)["service"], "restart") == command


def test_whatever_the_agent_was_told_of_an_entry_shows_when_it_changes() -> None:
    first = _item()
    others = [_item(mode="0640"), _item("/other"), _item(service={"name": "app"}), {**first, "shape": "other"}]
    assert len({pull_shape(one) for one in [first, *others]}) == 5
    assert pull_shape(first) == pull_shape(_item())


def _run(hook: str, top: Path) -> list[str]:
    script = top / "hook"
    script.write_text(hook)
    done = subprocess.run(["/bin/sh", str(script)], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (record,) = top.glob(record_name("*"))
    assert record.stat().st_mode & 0o777 == 0o600
    return record.read_text().splitlines()


def test_a_hook_notes_for_which_files_it_was_and_how_it_ended(tmp_path: Path) -> None:
    files = [tmp_path / "a file", tmp_path / "it's"]
    for file in files:
        file.write_text("x")
    restart = {"manager": "command", "command": ["/bin/sh", "-c", f"echo secret; touch {tmp_path}/restarted"]}
    (hook,) = hooks_of([_template(str(file), service=restart) for file in files], str(tmp_path), 60)
    outcome, *states = _run(hook.text, tmp_path)
    assert outcome == "done" and (tmp_path / "restarted").exists()
    assert [line.split(" ", 5)[-1] for line in states] == [str(file) for file in files]
    files[0].write_text("y")
    assert _run(hook.text, tmp_path)[1:] != states


def test_a_hook_ends_well_where_the_service_does_not(tmp_path: Path) -> None:
    (hook,) = hooks_of(
        [_template(str(tmp_path / "none"), service={"manager": "command", "command": ["false"]})], str(tmp_path), 60
    )
    assert _run(hook.text, tmp_path)[0] == "failed 1"


@pytest.mark.parametrize("kind", ["template", "pgbouncer_userlist"])
def test_formats_that_the_agent_cannot_write_are_refused(kind: str) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot write the format {kind}"):
        _item(format=kind, template="a.j2")


def test_the_agent_shares_no_file() -> None:
    entries = [
        {"credential": name, "dest": "/a.ini", "format": "ini", "section": name, "fields": {"p": "p"}, **pull}
        for name, pull in (("one", {"pull": "vault_agent"}), ("two", {}))
    ]
    with pytest.raises(ConfigurationError, match="written by two entries"):
        read_entries(entries)


def test_a_hook_outlasts_no_service_that_hangs(tmp_path: Path) -> None:
    """The agent would end the hook, and itself with it."""
    (hook,) = hooks_of(
        [_template(str(tmp_path / "none"), service={"manager": "command", "command": ["sleep", "9"]})], str(tmp_path), 1
    )
    began = time.monotonic()
    assert _run(hook.text, tmp_path)[0] == "failed 124"
    assert time.monotonic() - began < 5
