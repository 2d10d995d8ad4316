# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module grafana_api_key_migrate, by its flow, against the stand-in Grafana."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t

import pytest
import yaml

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.grafana_migration import OPTIONS, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    LocksmithError,
    NotFound,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer


@pytest.fixture(params=("9.4", "10.4", "11.3"))
def grafana(request: pytest.FixtureRequest) -> t.Iterator[GrafanaServer]:
    """A server of the test's own that converts API keys, with two of them and one that has expired."""
    with GrafanaServer("10.4") as server:
        for name, role in (("one", "Viewer"), ("two", "Editor"), ("gone", "Viewer")):
            number = server.create_key(name, role, 60)[0]
        server.set_token(number, expires=1.0)
        server.settings(version=request.param)
        yield server


def migrate(server: GrafanaServer, check_mode: bool = False, **more: t.Any) -> dict[str, t.Any]:
    options = {name: spec.get("default") for name, spec in OPTIONS.items()}
    options.update(url=server.url, url_username=server.admin_user, url_password=server.admin_password)
    return perform({**options, **more}, check_mode)


def things(server: GrafanaServer) -> tuple[t.Any, t.Any]:
    state = server.state()
    return [account["name"] for account in state["accounts"]], [(token["id"], token["account"]) for token in state["tokens"]]


def test_keys_are_listed_and_nothing_is_changed(grafana: GrafanaServer) -> None:
    before = things(grafana)
    result = migrate(grafana)
    assert [(key["name"], key["role"], key["active"]) for key in result["api_keys"]] == [
        ("one", "Viewer", True),
        ("two", "Editor", True),
        ("gone", "Viewer", False),
    ]
    assert (result["changed"], result["converted"], result["converted_keys"], result["can_convert"]) == (False, [], [], True)
    assert things(grafana) == before


def test_what_is_in_use_is_told_as_far_as_the_server_tells_it(grafana: GrafanaServer) -> None:
    key = next(token for token in grafana.tokens() if token["name"] == "one")
    grafana.set_token(key["id"], last_used=time.time() - 86400)
    result, stale = migrate(grafana), migrate(grafana, in_use_within="1h")
    if grafana.state()["settings"]["version"] == "9.4":
        assert [key["in_use"] for key in result["api_keys"]] == [None, None, None]
        assert len(result["still_used"]) == 2 and "does not say" in result["still_used"][0]
    else:
        assert [key["in_use"] for key in result["api_keys"]] == [True, False, False]
        assert len(result["still_used"]) == 1 and result["still_used"][0].startswith(
            f"one (key/{key['id']}), an API key: last used 20"
        )
        assert stale["still_used"] == []


@pytest.mark.parametrize("hidden", [False, True])
def test_one_key_is_converted_once_and_goes_on_working(grafana: GrafanaServer, hidden: bool) -> None:
    grafana.settings(hide_version=hidden)
    predicted = migrate(grafana, check_mode=True, keys=["two"])
    assert [key["name"] for key in migrate(grafana)["api_keys"]] == ["one", "two", "gone"]
    result = migrate(grafana, keys=["two"])
    for told in (predicted, result):
        assert (told["changed"], told["converted"]) == (True, ["two"])
    assert predicted["diff"] == result["diff"]
    assert result["diff"]["after"] == {"api_keys": ["gone", "one"], "service_accounts": ["sa-autogen-two"]}
    (found,) = result["converted_keys"]
    assert (found["name"], found["role"], found["service_account"], found["active"]) == ("two", "Editor", "sa-autogen-two", True)
    again = migrate(grafana, keys=["two"])
    assert (again["changed"], again["converted"]) == (False, [])
    assert migrate(grafana, version_id=found["id"])["is_legacy"] is True


def test_a_key_that_was_converted_and_deleted_since_is_done_with(grafana: GrafanaServer) -> None:
    account, token = migrate(grafana, keys=["two"])["converted_keys"][0]["id"].split("/")
    grafana.ask("DELETE", f"/api/serviceaccounts/{account}/tokens/{token}")
    result = migrate(grafana, keys=["two"])
    assert (result["changed"], result["converted_keys"]) == (False, [])


def test_all_that_have_not_expired_are_converted(grafana: GrafanaServer) -> None:
    result = migrate(grafana, all_keys=True)
    assert result["converted"] == ["one", "two"]
    assert [key["name"] for key in result["api_keys"]] == ["gone"]
    assert migrate(grafana, all_keys=True)["changed"] is False


def test_an_unknown_name_changes_nothing(grafana: GrafanaServer) -> None:
    before = things(grafana)
    with pytest.raises(NotFound, match="no API key named three"):
        migrate(grafana, keys=["one", "three"])
    assert things(grafana) == before


def test_a_failure_says_what_was_converted_before_it(grafana: GrafanaServer) -> None:
    second = next(token["id"] for token in grafana.tokens() if token["name"] == "two")
    grafana.fault("500", "POST", f"/api/serviceaccounts/migrate/{second}")
    with pytest.raises(Unreachable, match="API key two was not converted: .* Converted before it: one"):
        migrate(grafana, all_keys=True)
    assert migrate(grafana, all_keys=True)["converted"] == ["two"]


def test_a_success_that_is_none_is_not_believed(grafana: GrafanaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import GrafanaApi

    monkeypatch.setattr(GrafanaApi, "convert_api_key", lambda self, key_id: True)
    with pytest.raises(Rejected, match="not among the tokens"):
        migrate(grafana, keys=["one"])


@pytest.mark.parametrize("version", ["9.0", "12.1", "13.0"])
@pytest.mark.parametrize("hidden", [False, True])
def test_a_server_that_does_not_convert(version: str, hidden: bool) -> None:
    with GrafanaServer("10.4") as server:
        server.create_key("one")
        server.settings(version=version, hide_version=hidden)
        if version != "9.0":  # the upgrade has converted the key, and there are no API keys any more
            result = migrate(server, keys=["one"])
            assert (result["changed"], result["api_keys"]) == (False, [])
            assert [key["service_account"] for key in result["converted_keys"]] == ["sa-autogen-one"]
            return
        with pytest.raises(Rejected, match="does not convert API keys") as caught:
            migrate(server, keys=["one"])
        assert "grafana_migrate" in caught.value.next_step
        assert [key["name"] for key in migrate(server)["api_keys"]] == ["one"]


@pytest.mark.parametrize(("version_id", "legacy"), [("", False), ("key/7", True), ("12/345", False)])
def test_which_version_is_legacy(grafana: GrafanaServer, version_id: str, legacy: bool) -> None:
    assert migrate(grafana, version_id=version_id)["is_legacy"] is legacy


def test_no_secret_in_results_and_errors(grafana: GrafanaServer) -> None:
    version = grafana.state()["settings"]["version"]
    grafana.settings(version="10.4")
    secret = grafana.create_key("three")[1]
    grafana.settings(version=version)
    hidden = [secret, grafana.admin_password]
    said = [repr(migrate(grafana, keys=["three"]))]
    for kind in ("400", "401", "500", "html", "reset", "malformed"):
        grafana.fault(kind, times=20)
        with pytest.raises(LocksmithError) as caught:
            migrate(grafana, all_keys=True)
        grafana.calm()
        said += [str(caught.value), repr(caught.value)]
    assert not [text for text in said for one in hidden if one in text]


@pytest.mark.parametrize("grafana", ["10.4"], indirect=True)
@pytest.mark.parametrize("way", ["local", "elsewhere"])
def test_the_task_is_the_same_here_and_on_another_host(grafana: GrafanaServer, tmp_path: pathlib.Path, way: str) -> None:
    """With the options in the task, and left to the variable of a credential; a failure names what is missing."""
    login = {"url_username": grafana.admin_user, "url_password": grafana.admin_password}
    options = {"kind": "service_account_token", "grafana_url": grafana.url, "service_account": "x", **login}
    module, answers = "locksmith.rotation.grafana_api_key_migrate", tmp_path / "answers.json"
    tasks: list[dict[str, t.Any]] = [
        {module: {"url": grafana.url, **login}},
        {module: {"keys": ["one"]}, "vars": {"credential_options": options}, "check_mode": True},
        {module: {"keys": ["one"]}, "vars": {"credential_options": options}},
        {module: {"keys": ["one"]}},
        {module: {"url": grafana.url}},
    ]
    named = [{**task, "register": f"answer{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
    told = "{{ [" + ", ".join(f"answer{number}" for number in range(len(tasks))) + "] | to_json }}"
    keep = {"ansible.builtin.copy": {"content": told, "dest": str(answers), "mode": "0600"}, "connection": "local"}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [*named, keep]}]))
    host = {"ansible_connection": way, "ansible_python_interpreter": sys.executable}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"there": host}}}))
    ended = subprocess.run(
        [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "--diff", "-vvv", "play.yml"],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CONNECTION_PLUGINS": str(pathlib.Path(__file__).with_name("connection_plugins")),
            "ANSIBLE_HOME": str(tmp_path / "ansible"),
            "LC_ALL": "C.UTF-8",
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ended.returncode == 0, ended.stdout
    listed, predicted, converted, nowhere, nobody = json.loads(answers.read_text())
    assert [key["name"] for key in listed["api_keys"]] == ["one", "two", "gone"]
    assert (predicted["changed"], predicted["converted"], converted["converted"]) == (True, ["one"], ["one"])
    assert predicted["diff"] == converted["diff"]
    assert nowhere["failed"] and "there is no url" in nowhere["msg"]
    assert nobody["failed"] and "grafana_api_key, url_username" in nobody["msg"]
    assert grafana.admin_password not in ended.stdout + ended.stderr + answers.read_text()
