# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same task in the controller's worker and as a module on another host: same results, same checks."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

ACTIONS = pathlib.Path(__file__).absolute().parents[2] / "plugins" / "action"
MODULES = ACTIONS.parent / "modules"
ROUTES = ACTIONS.parents[1] / "meta" / "runtime.yml"
#: What differs from one credential to the next.
OWN = (
    "id",
    "run",
    "history",
    "fingerprint",
    "created_at",
    "published_at",
    "due_at",
    "expires_at",
    "previous",
    "diff",
    "identity",
    "store",
    "msg",
    "why",
)


class Both:
    """One user for each way, and the same tasks for both."""

    def __init__(self, moto: Moto, top: pathlib.Path) -> None:
        self.moto, self.top = moto, top
        self.mark = top.name.replace("_", "-")
        for way in ("local", "elsewhere"):
            moto.client("iam").create_user(UserName=f"{self.mark}-{way}")

    def arguments(self, way: str, **changed: t.Any) -> dict[str, t.Any]:
        aws = {**{"endpoint_url": self.moto.url, "region": self.moto.region}, "access_key": self.moto.access_key}
        aws["secret_key"] = self.moto.secret_key
        name = f"{self.mark}-{way}"
        store = {"type": "ssm", "name": f"/{name}", **aws, **changed.pop("store", {})}
        store = changed.pop("only_store", store)
        return {"name": "key", "user_name": name, **aws, "store": store, "grace": "0s", "recovery_wait": "0s", **changed}

    def run(self, way: str, check: bool = False, verbose: bool = False, **changed: t.Any) -> tuple[dict[str, t.Any], str]:
        """One task; its result and the output of the run."""
        answer = self.top / "answer.json"
        answer.unlink(missing_ok=True)
        task = {"locksmith.rotation.iam_key_rotate": self.arguments(way, **changed), "register": "answer", "ignore_errors": True}
        keep = {"ansible.builtin.copy": {"content": "{{ answer | to_json }}", "dest": str(answer), "mode": "0600"}}
        play = [{"hosts": "there", "gather_facts": False, "tasks": [task, {**keep, "check_mode": False, "connection": "local"}]}]
        for name, content in (
            ("play.yml", play),
            (
                "hosts.yml",
                {"all": {"hosts": {"there": {"ansible_connection": way, "ansible_python_interpreter": sys.executable}}}},
            ),
        ):
            (self.top / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        options = ["--diff", *(["--check"] if check else []), *(["-vvv"] if verbose else [])]
        ended = subprocess.run(
            [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", *options, "play.yml"],
            cwd=self.top,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))},
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_CONNECTION_PLUGINS": str(pathlib.Path(__file__).with_name("connection_plugins")),
                "ANSIBLE_HOME": str(self.top / "ansible"),
                "LC_ALL": "C.UTF-8",
            },
            check=True,
            capture_output=True,
            text=True,
            timeout=200,
        )
        return json.loads(answer.read_text(encoding="utf-8")), ended.stdout + ended.stderr


@pytest.fixture
def both(moto: Moto, tmp_path: pathlib.Path) -> Both:
    return Both(moto, tmp_path)


def alike(one: dict[str, t.Any], other: dict[str, t.Any]) -> None:
    shared = set(one) & set(other) - {*OWN, "exception"}
    assert {name: one[name] for name in shared} == {name: other[name] for name in shared}
    lacking = {"credential", "action", "changed"} - shared
    assert not lacking
    assert set(one) - {"exception"} == set(other) - {"exception"}, "the same facts come back"


def test_the_whole_life_goes_the_same_way(both: Both) -> None:
    steps: list[dict[str, t.Any]] = [
        {"check": True},
        {},
        {},
        {"force": True, "check": True},
        {"force": True, "reason": "manual"},
        {"state": "retired"},
        {"state": "retired", "consumers": [{"host": "web1", "detail": "unreachable"}]},
        {"state": "retired", "consumers": [], "forget_consumers": ["web1"], "check": True},
        {"state": "retired", "consumers": [], "forget_consumers": ["web1"]},
        {"force": True},
        {"state": "rolled_back"},
    ]
    seen = []
    for step in steps:
        here, there = both.run("local", **step)[0], both.run("elsewhere", **step)[0]
        alike(here, there)
        seen.append(here["action"])
    assert seen == [
        "created",
        "created",
        "none",
        "rotated",
        "rotated",
        "held",
        "held",
        "proved",
        "deleted",
        "rotated",
        "rolled_back",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"grace": "soon"},
        {"rotate_after": "0s"},
        {"no_such_option": 1},
        {"store": {"engine_mount_point": "x"}},
        {"user_name": "nobody-at-all"},
        {"max_failures": 0},
    ],
    ids=str,
)
def test_errors_are_the_same(both: Both, wrong: dict[str, t.Any]) -> None:
    here, there = both.run("local", **wrong)[0], both.run("elsewhere", **wrong)[0]
    assert here["failed"] and there["failed"] and "key" in here["msg"]
    if "no_such_option" not in wrong:
        assert here["msg"].replace("-local", "") == there["msg"].replace("-elsewhere", "")


def test_a_file_on_the_controller_is_refused_elsewhere(both: Both) -> None:
    password = both.top / "password"
    password.write_text("only-for-this-test", encoding="utf-8")
    store = {"type": "file", "path": str(both.top / "key.yml"), "vault_password_file": str(password)}
    refused = both.run("elsewhere", only_store=store)[0]
    assert refused["failed"] and "is on the controller" in refused["msg"]
    assert both.run("local", only_store=store)[0]["action"] == "created"


def test_no_secret_in_the_output_of_either_way(both: Both) -> None:
    for way in ("local", "elsewhere"):
        output = both.run(way, verbose=True)[1]
        parameter = both.moto.client("ssm").get_parameter(Name=f"/{both.mark}-{way}", WithDecryption=True)["Parameter"]
        assert json.loads(parameter["Value"])["secret_access_key"] not in output
        assert both.moto.secret_key not in output, f"the manager's own key shows ({way})"


def test_every_module_that_rotates_is_routed_and_loaded_before_the_fork() -> None:
    modules = {path.stem for path in MODULES.glob("*_rotate.py")} - {"credential_rotate"}
    routes = yaml.safe_load(ROUTES.read_text(encoding="utf-8"))["plugin_routing"]["modules"]
    assert {name for name, route in routes.items() if route["action_plugin"] == f"locksmith.rotation.{name}"} == modules
    assert modules <= {path.stem for path in ACTIONS.glob("*.py")}
    for name in sorted(modules):
        action = importlib.import_module(f"ansible_collections.locksmith.rotation.plugins.action.{name}")
        assert name == action.ActionModule.ISSUER.MODULE
