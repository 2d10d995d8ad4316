# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(playbooks/awx.yml) with the modules of awx.awx against a stand-in AWX, and its job templates as AWX runs them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.proof.leaks_search import Search
from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS, Ended, Estate
from ansible_collections.locksmith.rotation.tests.servers.awx import PLAYBOOKS, AwxServer, awx_collection
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.tools.awx_jobs import Jobs

_LOGIN, _FILE = "Rotation login", "Rotation file"
_DAILY = "Locksmith daily"
_OPTIONS: dict[str, t.Any] = {
    "awx_project_url": "https://git.example.com/ops/credentials.git",
    "awx_credentials": [
        {"name": _LOGIN, "type": "AWS"},
        {"name": _FILE, "type": "Password file"},
        {"name": "Fleet", "type": "Machine"},
    ],
    "awx_notification_templates": [
        {"name": "Ops", "type": "slack", "configuration": {"token": "", "channels": ["#ops"]}},
    ],
    "awx_notify_failure": ["Ops"],
    "awx_notify_approval": ["Ops"],
    "awx_slices": 2,
}


class Control:
    """The machine that sets AWX up."""

    def __init__(self, awx: AwxServer, top: pathlib.Path) -> None:
        self.awx, self._top = awx, top
        self._paths = os.pathsep.join([str(COLLECTIONS), str(awx_collection())])

    def set_up(self, *arguments: str, **options: t.Any) -> Ended:
        """Run the playbook."""
        (self._top / "ansible.cfg").touch()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "CONTROLLER_", "TOWER_"))},
            "ANSIBLE_CONFIG": str(self._top / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": self._paths,
            "ANSIBLE_HOME": str(self._top / "ansible"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "CONTROLLER_HOST": self.awx.url,
            "CONTROLLER_OAUTH_TOKEN": self.awx.token,
        }
        extra = json.dumps({**_OPTIONS, **options})
        command = [
            str(pathlib.Path(sys.executable).with_name("ansible-playbook")),
            "locksmith.rotation.awx",
            "-e",
            extra,
            *arguments,
        ]
        ended = subprocess.run(command, env=environment, cwd=self._top, capture_output=True, text=True, timeout=280, check=False)
        return Ended(ended.returncode, ended.stdout + ended.stderr)


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Control]:
    """An AWX that was empty and has been set up."""
    with AwxServer(playbooks=[f"{name}.yml" for name in PLAYBOOKS]) as awx:
        found = Control(awx, tmp_path_factory.mktemp("control"))
        first = found.set_up()
        assert first.status == 0, first.output
        yield found


def test_a_second_run_changes_nothing_even_after_a_person_typed_the_secrets(control: Control) -> None:
    control.awx.fill("credentials", _LOGIN, inputs={"access_key": "AKIA", "secret_key": "typed", "region": "eu-west-1"})
    control.awx.fill("notification_templates", "Ops", notification_configuration={"token": "typed", "channels": ["#ops"]})
    before = control.awx.state()["held"]
    second = control.set_up()
    assert (second.status, second.changed()) == (0, 0), second.output
    assert control.awx.state()["held"] == before


def test_check_mode_foretells_and_writes_nothing(control: Control) -> None:
    from_here = ("--start-at-task", "Make sure that it runs every day")
    checked = control.set_up("--check", *from_here, awx_schedule_enabled=False)
    assert (checked.status, checked.changed()) == (0, 1), checked.output
    assert all(schedule["enabled"] for schedule in control.awx.named("schedules").values())


def test_no_extra_variable_carries_a_secret_and_every_type_of_ours_is_one_that_awx_takes(control: Control) -> None:
    kinds = yaml.load((_role() / "vars" / "credential_types.yml").read_text(encoding="utf-8"), _Loader)["awx_credential_types"]
    for kind in kinds:
        assert set(kind["injectors"]) <= {"env", "file"} and kind["injectors"]["env"]
        body = {"name": f"try {kind['name']}", "kind": "cloud", "inputs": kind["inputs"], "injectors": kind["injectors"]}
        status, held = control.awx.ask("POST", "credential_types/", body)
        assert status == 201 and held["inputs"] == kind["inputs"], "what AWX adds would be a change that check mode foretells"
    named = {
        "name": "try",
        "project": control.awx.named("projects")["Locksmith project"]["id"],
        "playbook": "locksmith.rotation.rotate",
    }
    assert control.awx.ask("POST", "job_templates/", named)[0] == 400, "why a project has a file of one line for each playbook"
    forbidden = {"name": "try", "kind": "cloud", "inputs": {}, "injectors": {"env": {"ANSIBLE_HASHI_VAULT_TOKEN": "x"}}}
    assert control.awx.ask("POST", "credential_types/", forbidden)[0] == 400, (
        "why AppRole and the file store need lookup('env', …)"
    )
    for template in control.awx.named("job_templates").values():
        assert not set(json.loads(template["extra_vars"])) - {"credential_retire_hold", "credential_hold", "rotate_catalogue"}
        assert template["lists"]["credentials"] == ["Fleet", _FILE, _LOGIN]
        for question in (template["survey"] or {"spec": []})["spec"]:
            assert question["type"] != "password" and question["default"] in ("", *question.get("choices", []))


def test_nothing_is_retired_in_the_daily_workflow_before_a_person_agrees(control: Control) -> None:
    nodes = control.awx.named("workflow_job_template_nodes")
    before = {
        name: [other for other, node in nodes.items() for names in node["lists"].values() if name in names] for name in nodes
    }
    chain = ("publish", "deploy", "rotate", "to_retire", "approve", "retire")
    assert before == {"publish": [], **{follower: [leader] for leader, follower in zip(chain, chain[1:])}}
    assert nodes["to_retire"]["lists"]["failure_nodes"] == ["approve"], "the question comes where there is something to retire"
    assert nodes["approve"]["lists"]["success_nodes"] == ["retire"]
    approval = control.awx.named("workflow_approval_templates")["Locksmith approval to retire"]
    assert 0 < approval["timeout"] < 86400, "the next day's run waits for it"
    templates = control.awx.named("job_templates")
    assert json.loads(templates["Locksmith rotate"]["extra_vars"])["credential_retire_hold"]
    assert templates["Locksmith publish"]["skip_tags"] == "deploy,retire"
    slices = {name: template["job_slice_count"] for name, template in templates.items()}
    assert slices.pop("Locksmith deploy") == 2 and set(slices.values()) == {1}, "what retires sees every machine"
    workflow = control.awx.named("workflow_job_templates")[_DAILY]
    schedule = control.awx.named("schedules")["Locksmith every day"]
    assert schedule["unified_job_template"] == workflow["id"] and schedule["enabled"] and "FREQ=DAILY" in schedule["rrule"]
    assert workflow["lists"]["notification_templates_approvals"] == workflow["lists"]["notification_templates_error"] == ["Ops"]
    assert templates["Locksmith rotate"]["lists"]["notification_templates_error"] == ["Ops"]
    assert not templates["Locksmith to retire"]["lists"].get("notification_templates_error"), "it fails where there is something"


def test_a_notification_with_a_secret_is_refused_without_showing_it(control: Control) -> None:
    slack = {"name": "Ops", "type": "slack", "configuration": {"token": "xoxb-do-not-show", "channels": ["#ops"]}}
    refused = control.set_up(awx_notification_templates=[slack])
    assert refused.status != 0 and "type them into AWX's own form" in refused.output and "xoxb-do-not-show" not in refused.output


# ---- its jobs ---------------------------------------------------------------------------------------------------------


class Site:
    """A project in git as docs/awx.md says, an estate that needs what AWX puts into environment and files, and AWX's jobs."""

    def __init__(self, control: Control, moto: Moto, top: pathlib.Path) -> None:
        self.estate = Estate(moto, top, ["deployer", "uploader"], ["web1", "web2"])
        for machine in self.estate.machines.values():
            machine["ansible_python_interpreter"] = sys.executable
        for credential in self.estate.credentials.values():
            for options in (credential["credential_options"], credential["credential_store"]):
                for name in ("access_key", "secret_key", "region", "endpoint_url"):
                    del options[name]
        password = "{{ lookup('env', 'ROTATION_PASSWORD_FILE') }}"
        store = {"type": "file", "path": str(top / "uploader.yml"), "vault_password_file": password}
        self.estate.credentials["uploader"]["credential_store"] = store
        for name in PLAYBOOKS:
            text = f"---\n- name: What AWX runs\n  import_playbook: locksmith.rotation.{name}\n"
            (top / f"{name}.yml").write_text(text, encoding="utf-8")
        (top / "ansible.cfg").touch()
        typed = {"access_key": moto.access_key, "secret_key": moto.secret_key, "region": moto.region, "endpoint": moto.url}
        self.secrets = {"the login's secret": moto.secret_key, "the file's password": "open-the-file-of-the-store"}
        self.jobs = Jobs(
            control.awx, top, top / "jobs", {_LOGIN: typed, _FILE: {"password": self.secrets["the file's password"]}}
        )

    def learn(self) -> str:
        """Remember the published secret, to look for it later; returns its id."""
        parameter = self.estate.moto.client("ssm").get_parameter(Name=f"/{self.estate.mark}/deployer", WithDecryption=True)
        value = json.loads(parameter["Parameter"]["Value"])
        self.secrets[value["access_key_id"]] = value["secret_access_key"]
        return str(value["access_key_id"])


def test_the_jobs_as_awx_runs_them(control: Control, tmp_path: pathlib.Path) -> None:
    with Moto() as moto:
        site = Site(control, moto, tmp_path)
        estate, jobs = site.estate, site.jobs
        estate.write()
        done = [(name, "successful") for name in ("publish", "deploy", "rotate", "to_retire")]
        assert jobs.walk(_DAILY) == done, jobs.last.output
        old = site.learn()
        assert estate.has("web1", "deployer", "running") == estate.has("web2", "deployer", "running") == old
        assert [estate.has(machine, "uploader", "running") for machine in ("web1", "web2")] == estate.key_ids("uploader") * 2
        answers = {"rotate_only": "deployer", "credential_force": "true", "credential_reason": "offboarding"}
        forced = jobs.launch("Locksmith rotate", answers)
        new = site.learn()
        assert forced.status == "successful" and new != old and estate.has("web1", "deployer", "running") == new, forced.output
        assert "an approval in AWX" in forced.output and old in estate.key_ids("deployer")
        agreed = jobs.walk(_DAILY, start="to_retire")
        assert agreed == [("to_retire", "failed"), ("approve", "approved"), ("retire", "successful")], jobs.last.output
        assert "deployer version 1" in jobs.all[-2].output, "what the person is asked about"
        assert estate.key_ids("deployer") == [new], "the job's own proofs let it go"
        leaked = jobs.launch("Locksmith emergency by key", {"emergency_key_id": new})
        assert leaked.status == "successful" and new not in estate.key_ids("deployer"), leaked.output
        newest = site.learn()
        assert estate.has("web2", "deployer", "running") == newest and newest not in (old, new)
        told = jobs.side_by_side([(f"Locksmith {name}", 0) for name in ("status", "audit", "doctor")])
        assert [job.status for job in told[:2]] == ["successful"] * 2, told[0].output + told[1].output
        # It ends with an error: the AWS server here does not simulate policies. Else all is well.
        assert "may be rotated as far as it tells" in told[2].output and "2/2" in told[2].output, told[2].output
        search = Search(site.secrets)
        assert len(site.secrets) == 5 and not [found for job in jobs.all for found in search.look(job.kept)]
        assert search.bytes > 100_000


def _role() -> pathlib.Path:
    return pathlib.Path(__file__).parents[2] / "roles" / "awx"


class _Loader(yaml.SafeLoader):
    """Takes Ansible's !unsafe for the text that it marks."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(t.cast("yaml.ScalarNode", node)))
