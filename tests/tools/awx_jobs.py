# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a job template of the stand-in AWX as AWX would: a private data directory for ansible-runner, made of what the stand-in holds.

What AWX does is in its awx/main/tasks/jobs.py (directories, environment, extra variables), awx/main/models/inventory.py (get_script_data)
and awx_plugins/credentials/injectors (inject_credential).
"""

from __future__ import annotations

import concurrent.futures
import functools
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import typing as t

import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.locksmith.rotation.tests.proof.leaks_run import content_of
from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS
from ansible_collections.locksmith.rotation.tests.servers.awx import AwxServer

_LONGEST = 120
_BIN = pathlib.Path(sys.executable).parent


class Job(t.NamedTuple):
    """How a job ended. C(kept): everything that AWX keeps of it."""

    status: str
    output: str
    kept: bytes


class Jobs:
    """The jobs of one AWX.

    :arg project: the checkout of its project. C(typed): what a person typed into AWX's forms, by the credential's name.
    """

    def __init__(
        self, awx: AwxServer, project: pathlib.Path, top: pathlib.Path, typed: t.Mapping[str, t.Mapping[str, str]]
    ) -> None:
        self._awx, self._project, self._top, self._typed = awx, project, top, typed
        self._numbers = itertools.count(1)
        self.all: list[Job] = []

    @property
    def last(self) -> Job:
        """The one that ran last."""
        return self.all[-1]

    def launch(self, template: str, answers: t.Mapping[str, str] | None = None, number: int = 0) -> Job:
        """One job. C(answers): to its survey, whose defaults hold otherwise. C(number): of a slice, beginning with 1."""
        held = self._awx.named("job_templates")[template]
        job_id = next(self._numbers)
        private = self._top / f"job{job_id}"
        for folder in ("env", "inventory"):
            (private / folder).mkdir(parents=True)
        (private / "project").symlink_to(self._project)
        self._write_inventory(private, number, held["job_slice_count"])
        self._write_extra_variables(private, job_id, held, answers or {})
        self._write_environment(private, held)
        words = " ".join(
            [*(["--diff"] if held["diff_mode"] else []), *([f"--skip-tags={held['skip_tags']}"] if held["skip_tags"] else [])]
        )
        options = [f"--cmdline={words}"] if words else []
        return self._run(private, [str(_BIN / "ansible-runner"), "run", str(private), "-p", held["playbook"], *options])

    def _run(self, private: pathlib.Path, command: t.Sequence[str]) -> Job:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_", "VAULT_"))}
        environment = {**kept, "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "HOME": str(self._top)}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_LONGEST, check=False)
        artifacts = private / "artifacts"
        status = next(artifacts.glob("*/status")).read_text(encoding="utf-8")
        # The runner's note of how it was called has the environment; it ends with the job's directory, of which AWX keeps the rest.
        left = [content_of(path) for path in sorted(artifacts.glob("*/*")) if path.name != "command"]
        job = Job(status, ended.stdout + ended.stderr, b"\n".join([*left, ended.stdout.encode(), ended.stderr.encode()]))
        self.all.append(job)
        return job

    def _write_inventory(self, private: pathlib.Path, number: int, count: int) -> None:
        """A script that prints what the source's import left, for a slice every C(count)-th host by name."""
        data = json.loads(self._imported)
        variables = data["_meta"]["hostvars"]
        names = sorted({*variables, *(host for group in data.values() for host in group.get("hosts", []))})
        seen = names[number - 1 :: count] if number else names
        for group in data.values():
            if "hosts" in group:
                group["hosts"] = [host for host in group["hosts"] if host in seen]
        added = {"remote_tower_enabled": "true"}
        data["_meta"] = {
            "hostvars": {host: {**variables.get(host, {}), **added, "remote_tower_id": names.index(host)} for host in seen}
        }
        script = private / "inventory" / "hosts"
        script.touch(mode=0o700)
        script.write_text(f"#! /usr/bin/env python3\nprint({json.dumps(data)!r})\n", encoding="utf-8")

    @functools.cached_property
    def _imported(self) -> str:
        """What AWX's inventory source makes of the project's files; once, as they stay as they are here."""
        command = [str(_BIN / "ansible-inventory"), "-i", "hosts.yml", "-i", "credentials.yml", "--list", "--export"]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(self._project / "ansible.cfg")}
        listed = subprocess.run(command, cwd=self._project, env=environment, capture_output=True, text=True, check=True)
        return listed.stdout

    def _write_extra_variables(
        self, private: pathlib.Path, job_id: int, held: t.Mapping[str, t.Any], answers: t.Mapping[str, str]
    ) -> None:
        """Those that AWX sets, those of the template, and the survey's. Whatever a user gave is no template of Ansible's."""
        given: dict[str, t.Any] = {}
        for name in ("awx", "tower"):
            given.update(
                {
                    f"{name}_job_id": job_id,
                    f"{name}_job_launch_type": "manual",
                    f"{name}_job_template_name": held["name"],
                    f"{name}_user_name": "operator",
                    f"{name}_inventory_name": "Locksmith inventory",
                    f"{name}_project_revision": "1" * 40,
                }
            )
        given.update(json.loads(held["extra_vars"] or "{}"))
        if held["survey_enabled"]:
            questions = held["survey"]["spec"]
            given.update({question["variable"]: question["default"] for question in questions})
            lacking = [
                one["variable"]
                for one in questions
                if one["required"] and not one["default"] and not answers.get(one["variable"])
            ]
            if lacking:
                raise ValueError(f"AWX does not launch it without {lacking}")
            unknown = set(answers) - {question["variable"] for question in questions}
            if unknown:
                raise ValueError(f"the survey does not ask for {unknown}")
            given.update(answers)
        text = "---\n" + "".join(f"{name}: !unsafe {json.dumps(value)}\n" for name, value in given.items())
        (private / "env" / "extravars").write_text(text, encoding="utf-8")

    def _write_environment(self, private: pathlib.Path, held: t.Mapping[str, t.Any]) -> None:
        variables = {
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "AWX_PRIVATE_DATA_DIR": str(private),
            "JOB_ID": private.name[3:],
            "PROJECT_REVISION": "1" * 40,
            "MAX_EVENT_RES": "700000",
        }
        for name in held["lists"].get("credentials", []):
            variables.update(self._injected(name, private))
        (private / "env" / "envvars").write_text(yaml.safe_dump(variables), encoding="utf-8")
        (private / "env" / "settings").write_text("suppress_env_files: true\n", encoding="utf-8")

    def _injected(self, name: str, private: pathlib.Path) -> dict[str, str]:
        """What a credential's type makes of what a person typed. An empty field is none, and its variable empty."""
        types = {str(one["id"]): one for one in self._awx.named("credential_types").values()}
        injectors = types[str(self._awx.named("credentials")[name]["credential_type"])]["injectors"]
        known: dict[str, t.Any] = {field: value for field, value in self._typed.get(name, {}).items() if value}
        sandbox = ImmutableSandboxedEnvironment()
        files: dict[str, str] = {}
        for label, template in injectors.get("file", {}).items():
            handle, path = tempfile.mkstemp(dir=private / "env")
            os.close(handle)
            pathlib.Path(path).write_text(sandbox.from_string(template).render(known), encoding="utf-8")
            files[label.partition(".")[2]] = path
        known["tower"] = {"filename": files.get("", files)}
        return {variable: sandbox.from_string(template).render(known) for variable, template in injectors.get("env", {}).items()}

    # ---- workflows ---------------------------------------------------------------------------------------------------

    def walk(self, workflow: str, start: str = "") -> list[tuple[str, str]]:
        """A workflow from C(start) or its first node on, with a person who approves; each node and how it ended."""
        nodes = self._awx.named("workflow_job_template_nodes")
        followers = {
            name for node in nodes.values() for what, names in node["lists"].items() if what.endswith("_nodes") for name in names
        }
        number = self._awx.named("workflow_job_templates")[workflow]["id"]
        first = [name for name, node in nodes.items() if name not in followers and node["workflow_job_template"] == number]
        waiting = [start] if start else first
        told = []
        while waiting:
            name = waiting.pop(0)
            status = self._node(nodes[name])
            told.append((name, status))
            way = "success_nodes" if status in ("successful", "approved") else "failure_nodes"
            waiting += nodes[name]["lists"].get(way, []) + nodes[name]["lists"].get("always_nodes", [])
        return told

    def _node(self, node: t.Mapping[str, t.Any]) -> str:
        templates = self._awx.named("job_templates")
        found = [name for name, one in templates.items() if one["id"] == node["unified_job_template"]]
        if not found:
            return "approved"
        count = templates[found[0]]["job_slice_count"]
        numbers = range(1, count + 1) if count > 1 else [0]
        jobs = self.side_by_side([(found[0], number) for number in numbers])
        return "successful" if all(job.status == "successful" for job in jobs) else "failed"

    def side_by_side(self, wanted: t.Sequence[tuple[str, int]]) -> list[Job]:
        """Several jobs at once, each a template and the number of its slice."""
        with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
            return list(pool.map(lambda one: self.launch(one[0], number=one[1]), wanted))
