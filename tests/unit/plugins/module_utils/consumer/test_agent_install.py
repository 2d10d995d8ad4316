# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent is told, put on its host: modes, refusals, and that nothing is written twice."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent import AGENT_OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent_install import install
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import SERVICE_SPEC
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_IDS = {"role_id": "the-role-id", "secret_id": "canary-secret-id"}


class Module:
    """An AnsibleModule on a host with one program."""

    def __init__(self, params: dict[str, t.Any], program: str, check_mode: bool) -> None:
        self.params, self.check_mode, self._program = params, check_mode, program

    def selinux_enabled(self) -> bool:
        return False

    def get_bin_path(self, name: str) -> str | None:
        return f"/bin/{name}" if self._program and name in ("bao", "vault") else None

    def run_command(self, argv: list[str]) -> tuple[int, str, str]:
        return 0, f"{self._program} v1\nmore\n", ""


class Host:
    """A directory tree."""

    def __init__(self, top: Path) -> None:
        self.top, self.config, self.state = top, top / "agent", top / "state"
        (top / "etc").mkdir()
        self.entry: dict[str, t.Any] = {
            "credential": "db",
            "dest": str(top / "etc" / "db"),
            "format": "env",
            "pull": "vault_agent",
        }

    def install(
        self, ids: t.Mapping[str, str] | None = None, program: str = "OpenBao", check: bool = False, **options: t.Any
    ) -> dict[str, t.Any]:
        service = {name: option.get("default") for name, option in SERVICE_SPEC.items()}
        params = {
            **{name: option.get("default") for name, option in AGENT_OPTIONS.items()},
            **{"service": {**service, "name": "agent"}, "url": "http://bao", "config_dir": str(self.config)},
            **{"state_dir": str(self.state), "staged": self._stage(_IDS if ids is None else ids)},
            **{"templates": [{"entry": {**self.entry, "shape": "s"}, "contents": "{{ x }}"}], **options},
        }
        return install(Module(params, program, check))

    def _stage(self, ids: t.Mapping[str, str]) -> str | None:
        if not ids:
            return None
        self.state.mkdir(mode=0o700, exist_ok=True)
        path = self.state / f"{marker.STAGED}1"
        path.write_text(json.dumps(dict(ids)))
        return str(path)

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(self.top.rglob("*")) if path.is_file()}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_all_of_it_is_private_and_the_staged_file_is_gone(host: Host) -> None:
    result = host.install()
    assert result["changed"] and result["restart"]
    assert {path.stat().st_mode & 0o077 for path in [*host.config.rglob("*"), host.config, *host.state.rglob("*")]} == {0}
    assert (host.config / "secret_id").read_text() == "canary-secret-id"
    assert not list(host.state.glob(f"{marker.STAGED}*"))
    assert "canary" not in json.dumps(result) + "".join(map(str, [json.loads((host.config / "agent.json").read_text())]))
    assert result["directories"] == sorted(map(str, (host.config, host.state, host.top / "etc")))
    assert (result["binary"], result["version"]) == ("/bin/vault", "OpenBao v1")


def test_a_second_time_nothing_is_written(host: Host) -> None:
    host.install()
    before = host.files()
    again = host.install()
    assert (again["changed"], again["restart"], again["written"]) == (False, False, [])
    assert host.files() == before
    assert host.install(ids={})["changed"] is False, "the files are there"


def test_what_the_agent_must_read_again_restarts_it(host: Host) -> None:
    host.install()
    assert host.install({**_IDS, "secret_id": "another"})["restart"] is True
    host.entry["mode"] = "0640"
    changed = host.install({**_IDS, "secret_id": "another"})
    assert changed["restart"] is True and '"perms": "0640"' in changed["diff"]["after"]
    waited = host.install({**_IDS, "secret_id": "another"}, wait="5s")
    assert (waited["changed"], waited["restart"]) == (True, False), "that is for the runs alone"


def test_a_secret_id_that_the_agent_took_is_not_written_again(host: Host) -> None:
    removing: dict[str, t.Any] = {"remove_secret_id_file_after_reading": True, "exit_on_retry_failure": False}
    host.install(**removing)
    (host.config / "secret_id").unlink()
    assert host.install(**removing)["changed"] is False
    assert not (host.config / "secret_id").exists()
    host.install({**_IDS, "secret_id": "another"}, **removing)
    assert (host.config / "secret_id").read_text() == "another"


def test_in_check_mode_nothing_is_written(host: Host) -> None:
    assert host.install(ids={}, check=True)["changed"] is True
    assert host.files() == {}


def test_a_secret_id_that_is_open_to_others_is_refused(host: Host) -> None:
    host.install()
    (host.config / "secret_id").chmod(0o640)
    with pytest.raises(Rejected, match="is open to others.*chmod 0600"):
        host.install(ids={})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ids": {}}, "role_id is not there: the agent could not log in.*vault_agent_role_id"),
        ({"ids": {"role_id": "r"}}, "secret_id is not there"),
        ({"program": ""}, "no vault and no bao on this host"),
        ({"program": "OpenBao", "auth_method": "aws_iam", "role": "web"}, "agent of OpenBao knows no log-in with AWS"),
    ],
)
def test_a_host_that_lacks_something_is_refused(host: Host, change: dict[str, t.Any], says: str) -> None:
    with pytest.raises(Rejected, match=says):
        host.install(**change)
    assert not (host.config / "agent.json").exists()


def test_vaults_own_agent_may_log_in_with_aws(host: Host) -> None:
    assert host.install(ids={}, program="Vault", auth_method="aws_iam", role="web")["changed"] is True


def test_other_peoples_lines_are_not_overwritten(host: Host) -> None:
    host.entry.update(format="ini", section="db", fields={"password": "password"})
    theirs = Path(host.entry["dest"])
    theirs.write_text("[other]\nkey = theirs\n")
    with pytest.raises(Rejected, match="others may have lines in it"):
        host.install()
    theirs.unlink()
    host.install()
    theirs.write_text("[db]\npassword = rendered\n")
    assert host.install()["changed"] is False, "by now it is the agent's"


def test_a_place_that_somebody_else_could_swap_is_refused(host: Host) -> None:
    (host.top / "etc").chmod(0o777)
    with pytest.raises(Rejected, match="Everybody may replace files"):
        host.install()
