# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AWX's API, as far as the modules of C(awx.awx) ask it: lists, details, associations, surveys, workflow nodes.

Fields that nobody gave have AWX's defaults, secrets come back as C($encrypted$), and what AWX refuses (C(awx_rules.py)) is refused.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import typing as t

from ansible_collections.locksmith.rotation.tests.servers import awx_rules as rules
from ansible_collections.locksmith.rotation.tests.servers.json_standin import Api, Refusal, Reply, Request, run

_NOTIFIED = ("notification_templates_started", "notification_templates_success", "notification_templates_error")
#: Sub-lists by kind, and of what they are.
_LISTS: dict[str, dict[str, str]] = {
    "organizations": {**dict.fromkeys((*_NOTIFIED, "notification_templates_approvals"), "notification_templates")},
    "projects": dict.fromkeys(_NOTIFIED, "notification_templates"),
    "inventory_sources": dict.fromkeys(_NOTIFIED, "notification_templates"),
    "job_templates": {**dict.fromkeys(_NOTIFIED, "notification_templates"), "credentials": "credentials"},
    "workflow_job_templates": dict.fromkeys((*_NOTIFIED, "notification_templates_approvals"), "notification_templates"),
    "workflow_job_template_nodes": {
        **dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
        "credentials": "credentials",
    },
    "schedules": {"credentials": "credentials"},
}
#: AWX's defaults, and with them the fields that a kind has.
_DEFAULTS: dict[str, dict[str, t.Any]] = {
    "organizations": {"name": "", "description": "", "default_environment": None, "max_hosts": 0},
    "execution_environments": {"name": "", "description": "", "organization": None, "image": "", "credential": None, "pull": ""},
    "projects": {
        "name": "", "description": "", "organization": None, "scm_type": "", "scm_url": "", "scm_branch": "", "credential": None,
        "scm_clean": False, "scm_update_on_launch": False, "scm_update_cache_timeout": 0, "allow_override": False,
        "default_environment": None, "scm_revision": "", "timeout": 0,
    },
    "inventories": {
        "name": "", "description": "", "organization": None, "kind": "", "host_filter": None, "variables": "",
        "prevent_instance_group_fallback": False,
    },
    "inventory_sources": {
        "name": "", "description": "", "inventory": None, "source": "", "source_path": "", "source_vars": "", "source_project": None,
        "overwrite": False, "overwrite_vars": False, "update_on_launch": False, "update_cache_timeout": 0, "credential": None,
        "execution_environment": None, "scm_branch": "", "limit": "", "verbosity": 1, "timeout": 0,
    },
    "credential_types": {"name": "", "description": "", "kind": "", "inputs": {}, "injectors": {}, "managed": False, "namespace": None},
    "credentials": {"name": "", "description": "", "organization": None, "credential_type": None, "inputs": {}},
    "notification_templates": {
        "name": "", "description": "", "organization": None, "notification_type": "", "notification_configuration": {}, "messages": None,
    },
    "job_templates": {
        "name": "", "description": "", "job_type": "run", "inventory": None, "project": None, "playbook": "", "organization": None,
        "scm_branch": "", "forks": 0, "limit": "", "verbosity": 0, "extra_vars": "", "timeout": 0, "execution_environment": None,
        "ask_variables_on_launch": False, "ask_limit_on_launch": False, "ask_job_type_on_launch": False, "survey_enabled": False,
        "ask_verbosity_on_launch": False, "become_enabled": False, "diff_mode": False, "allow_simultaneous": False,
        "job_slice_count": 1,
        "skip_tags": "",
    },
    "workflow_job_templates": {
        "name": "", "description": "", "organization": None, "inventory": None, "extra_vars": "", "survey_enabled": False,
        "allow_simultaneous": False, "limit": None, "ask_variables_on_launch": False,
    },
    "workflow_job_template_nodes": {
        "identifier": "", "workflow_job_template": None, "unified_job_template": None, "extra_data": {}, "limit": None,
        "inventory": None, "all_parents_must_converge": False,
    },
    "workflow_approval_templates": {"name": "", "description": "", "timeout": 0},
    "schedules": {
        "name": "", "description": "", "rrule": "", "unified_job_template": None, "enabled": True, "extra_data": {}, "inventory": None,
    },
}  # fmt: skip
_TYPES = {"inventories": "inventory"}
#: Kinds whose ids are also ids of templates of any kind.
_TEMPLATES = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
_HEADERS = {"X-API-Product-Name": "AWX", "X-API-Product-Version": "24.6.1"}


@dataclasses.dataclass
class Settings:
    """C(playbooks): the files of any project that AWX takes for playbooks."""

    playbooks: list[str] = dataclasses.field(default_factory=list)


class Awx(Api):
    """C(held): by kind, then by id. C(members): by (kind, id, list), ids in order. C(surveys): by id of the template."""

    def __init__(self, token: str, settings: Settings) -> None:
        super().__init__()
        self.settings: Settings = settings
        self._token = token
        self._last_id = 0
        self.held: dict[str, dict[int, dict[str, t.Any]]] = {kind: {} for kind in _DEFAULTS}
        self.members: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[int, t.Any] = {}
        self._put("organizations", {"name": "Default"})
        self._put("execution_environments", {"name": "AWX EE (latest)", "image": "quay.io/ansible/awx-ee:latest"})
        for name, kind in (("Machine", "ssh"), ("Amazon Web Services", "cloud"), ("Source Control", "scm")):
            self._put("credential_types", {"name": name, "kind": kind, "managed": True})

    # ---- answering ------------------------------------------------------------------------------------------------

    def serve(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            raise Refusal(401, body={"detail": "Authentication credentials were not provided."})
        reply = self._routed(request)
        reply.headers.update(_HEADERS)
        return reply

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, refusal.more.get("body", {"detail": refusal.message}), dict(_HEADERS))

    def _routed(self, request: Request) -> Reply:
        parts = request.path.removeprefix("/api/v2/").strip("/").split("/")
        kind, number = parts[0], int(parts[1]) if len(parts) > 1 else 0
        if kind == "project_updates":
            return Reply(
                200, {"id": number, "status": "successful", "failed": False, "finished": "now", "scm_revision": "1" * 40}
            )
        if kind == "unified_job_templates":
            return self._list([one for each in _TEMPLATES for one in self._all(each)], request)
        if kind not in self.held or (number and number not in self.held[kind]):
            raise Refusal(404, body={"detail": "Not found."})
        if len(parts) > 2:
            return self._sub(kind, number, parts[2], request)
        return self._detail(kind, number, request) if number else self._top(kind, request)

    def _top(self, kind: str, request: Request) -> Reply:
        if request.method == "GET":
            return self._list(self._all(kind), request)
        return Reply(201, self._shown(kind, self._put(kind, request.body)))

    def _list(self, found: list[dict[str, t.Any]], request: Request) -> Reply:
        wanted = {name: value for name, value in request.query.items() if name not in ("page", "page_size", "order_by")}
        either = {name[4:]: wanted.pop(name) for name in list(wanted) if name.startswith("or__")}
        kept = [one for one in found if all(_is(one, *pair) for pair in wanted.items())]
        if either:
            kept = [one for one in kept if any(_is(one, *pair) for pair in either.items())]
        return Reply(200, {"count": len(kept), "next": None, "previous": None, "results": kept})

    def _detail(self, kind: str, number: int, request: Request) -> Reply:
        if request.method == "PATCH":
            changed = {**self.held[kind][number], **_own(kind, request.body)}
            self._check(kind, changed, number)
            self.held[kind][number] = changed
        elif request.method == "DELETE":
            del self.held[kind][number]
            return Reply(204)
        return Reply(200, self._shown(kind, number))

    def _sub(self, kind: str, number: int, what: str, request: Request) -> Reply:
        if what == "survey_spec":
            return self._survey(number, request)
        if (kind, what) == ("workflow_job_template_nodes", "create_approval_template"):
            made = self._put("workflow_approval_templates", request.body)
            self.held[kind][number]["unified_job_template"] = made
            return Reply(201, self._shown("workflow_approval_templates", made))
        of = _LISTS.get(kind, {}).get(what)
        if of is None:
            raise Refusal(404, body={"detail": "Not found."})
        members = self.members.setdefault((kind, number, what), [])
        if request.method == "GET":
            return self._list([self._shown(of, member) for member in members], request)
        self._associate(kind, number, what, request)
        return Reply(204)

    def _associate(self, kind: str, number: int, what: str, request: Request) -> None:
        members, member = self.members[kind, number, what], int(request.field("id"))
        if request.field("disassociate"):
            members.remove(member)
            return
        if member not in self.held[_LISTS[kind][what]]:
            raise Refusal(404, body={"detail": "Not found."})
        members.append(member)
        if kind == "workflow_job_template_nodes" and self._reaches(member, number):
            members.remove(member)
            rules.refuse(Error="Cycle detected.")

    def _reaches(self, start: int, end: int) -> bool:
        after = [
            node
            for (kind, number, what), nodes in self.members.items()
            if number == start and what.endswith("_nodes")
            for node in nodes
        ]
        return start == end or any(self._reaches(node, end) for node in after)

    def _survey(self, number: int, request: Request) -> Reply:
        if request.method == "POST":
            rules.check_survey(request.body)
            self.surveys[number] = request.body
        elif request.method == "DELETE":
            self.surveys.pop(number, None)
        return Reply(200, {} if request.method == "DELETE" else _concealed_survey(self.surveys.get(number, {})))

    # ---- what is held ----------------------------------------------------------------------------------------------

    def _put(self, kind: str, given: dict[str, t.Any]) -> int:
        fields = {**copy.deepcopy(_DEFAULTS[kind]), **_own(kind, given)}
        self._check(kind, fields, 0)
        self._last_id += 1
        if kind == "projects":
            fields["scm_revision"] = "1" * 40
        self.held[kind][self._last_id] = fields
        return self._last_id

    def _check(self, kind: str, fields: dict[str, t.Any], number: int) -> None:
        same = (
            "name",
            "organization",
            "inventory",
            "credential_type",
            "identifier",
            "workflow_job_template",
            "unified_job_template",
        )
        mark = [fields.get(name) for name in same]
        others = [other for other_id, other in self.held[kind].items() if other_id != number]
        if kind != "workflow_approval_templates" and mark in [[other.get(name) for name in same] for other in others]:
            rules.refuse(__all__=[f"{kind} with this name already exists."])
        if kind == "credential_types" and not fields["managed"]:
            rules.check_credential_type(fields)
        elif kind == "credentials":
            rules.check_credential(
                fields, self.held["credential_types"].get(fields["credential_type"]) or rules.refuse(credential_type=[""])
            )
        elif kind == "job_templates":
            rules.check_playbook(fields, self.held["projects"].get(fields["project"]), self.settings.playbooks)
        elif kind == "schedules":
            rules.check_rule(fields["rrule"])
        elif kind == "notification_templates":
            rules.check_notification(fields)

    def _all(self, kind: str) -> list[dict[str, t.Any]]:
        return [self._shown(kind, number) for number in self.held[kind]]

    def _shown(self, kind: str, number: int) -> dict[str, t.Any]:
        url = f"/api/v2/{kind}/{number}/"
        related = {what: f"{url}{what}/" for what in _LISTS.get(kind, {})}
        if kind in ("job_templates", "workflow_job_templates"):
            related["survey_spec"] = f"{url}survey_spec/"
        fields = copy.deepcopy(self.held[kind][number])
        template = fields.get("unified_job_template")
        if kind == "workflow_job_template_nodes" and template:
            of = next(each for each in _TEMPLATES if template in self.held[each])
            related["unified_job_template"] = f"/api/v2/{of}/{template}/"
        if kind == "projects":
            related["update"] = f"{url}update/"
        summary = {"current_update": {"id": number}} if kind == "projects" else {}
        named = {"id": number, "url": url, "type": _TYPES.get(kind, kind[:-1]), "related": related, "summary_fields": summary}
        return {**named, **self._concealed(kind, fields)}

    def _concealed(self, kind: str, fields: dict[str, t.Any]) -> dict[str, t.Any]:
        if kind == "credentials":
            of = self.held["credential_types"][fields["credential_type"]]
            secret = {field["id"] for field in (of["inputs"] or {}).get("fields", []) if field.get("secret")}
            fields["inputs"] = {name: rules.ENCRYPTED if name in secret else value for name, value in fields["inputs"].items()}
        elif kind == "notification_templates":
            secret = set(rules.NOTIFICATIONS[fields["notification_type"]][1])
            written = fields["notification_configuration"].items()
            fields["notification_configuration"] = {name: rules.ENCRYPTED if name in secret else value for name, value in written}
        return fields

    # ---- the tests' side door --------------------------------------------------------------------------------------

    def state(self) -> dict[str, t.Any]:
        lists: dict[str, t.Any] = {}
        for (kind, number, what), ids in self.members.items():
            lists.setdefault(kind, {}).setdefault(str(number), {})[what] = ids
        held = {kind: {str(number): self._shown(kind, number) for number in found} for kind, found in self.held.items()}
        return {"held": held, "lists": lists, "surveys": {str(number): spec for number, spec in self.surveys.items()}}

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        """C(fill): a person types something into AWX's own form: C(kind), C(name), and the fields."""
        if name != "fill":
            return super().setup(name, body)
        found = next(fields for fields in self.held[body["kind"]].values() if fields["name"] == body["name"])
        found.update(body["fields"])
        return {}


def _own(kind: str, given: t.Any) -> dict[str, t.Any]:
    """What is a field of the kind; AWX ignores the rest."""
    return {name: value for name, value in given.items() if name in _DEFAULTS[kind]}


def _is(one: dict[str, t.Any], name: str, value: str) -> bool:
    if name not in one:
        # awx/api/filters.py: a filter by something that is no field is an error, and never everything.
        return False
    return str(one[name]) == value


def _concealed_survey(spec: t.Any) -> t.Any:
    shown = json.loads(json.dumps(spec))
    for question in shown.get("spec", []):
        if question["type"] == "password" and re.search(".", str(question.get("default") or "")):
            question["default"] = rules.ENCRYPTED
    return shown


if __name__ == "__main__":
    run(lambda start: Awx(start["token"], Settings(**start["settings"])))
