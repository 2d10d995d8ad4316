# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX refuses, as far as the stand-in is asked for it. Each rule names the file of github.com/ansible/awx that has it.

A rule takes what is to be stored, and raises P(Refusal) with status 400 and AWX's form of the answer.
"""

from __future__ import annotations

import re
import typing as t

from jinja2 import StrictUndefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.locksmith.rotation.tests.servers.json_standin import Refusal

ENCRYPTED = "$encrypted$"
Fields = t.Dict[str, t.Any]

#: awx/main/constants.py: ENV_BLOCKLIST. Besides, whatever begins with ANSIBLE_.
_FORBIDDEN_ENVIRONMENT = frozenset(
    [
        "VIRTUAL_ENV",
        "PATH",
        "PYTHONPATH",
        "JOB_ID",
        "INVENTORY_ID",
        "INVENTORY_SOURCE_ID",
        "INVENTORY_UPDATE_ID",
        "AD_HOC_COMMAND_ID",
        "REST_API_URL",
        "REST_API_TOKEN",
        "MAX_EVENT_RES",
        "CALLBACK_QUEUE",
        "CALLBACK_CONNECTION",
        "CACHE",
        "JOB_CALLBACK_DEBUG",
        "INVENTORY_HOSTVARS",
        "AWX_HOST",
        "PROJECT_REVISION",
        "SUPERVISOR_CONFIG_PATH",
    ]
)
_NAME = re.compile(r"^[a-zA-Z_]+[a-zA-Z0-9_]*$")
_TEMPLATE = re.compile(r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$")
_FIELD_KEYS = frozenset(
    ["id", "label", "type", "format", "choices", "help_text", "multiline", "secret", "ask_at_runtime", "default"]
)
_QUESTION_TYPES = ("text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float")
#: awx/main/notifications/: init_parameters of the backends; the second set is what is stored encrypted.
NOTIFICATIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "webhook": (frozenset(["url", "http_method", "headers"]), frozenset(["password"])),
    "slack": (frozenset(["token", "channels"]), frozenset(["token"])),
    "pagerduty": (frozenset(["token", "service_key", "client_name", "subdomain"]), frozenset(["token"])),
    "email": (
        frozenset(["host", "port", "sender", "recipients", "use_tls", "use_ssl", "username", "password"]),
        frozenset(["password"]),
    ),
}


def refuse(**messages: t.Any) -> t.NoReturn:
    raise Refusal(400, body=messages)


def check_credential_type(fields: Fields) -> None:
    """awx/main/fields.py: CredentialTypeInputField, CredentialTypeInjectorField."""
    inputs, injectors = fields.get("inputs") or {}, fields.get("injectors") or {}
    if set(inputs) - {"fields", "required"} or fields.get("kind") not in ("cloud", "net"):
        refuse(inputs=["Additional properties are not allowed, and kind is cloud or net"])
    names = [field.get("id", "") for field in inputs.get("fields", [])]
    for field in inputs.get("fields", []):
        if (
            set(field) - _FIELD_KEYS
            or not {"id", "label"} <= set(field)
            or not _NAME.match(field["id"])
            or field["id"] == "tower"
        ):
            refuse(inputs=[f"{field.get('id')} is not a field"])
        field.setdefault("type", "string")
    if len(set(names)) != len(names):
        refuse(inputs=["field IDs must be unique"])
    _check_injectors(injectors, names)


def _check_injectors(injectors: Fields, names: t.Sequence[str]) -> None:
    if set(injectors) - {"file", "env", "extra_vars"}:
        refuse(injectors=["Additional properties are not allowed"])
    files = list(injectors.get("file", {}))
    if any(not _TEMPLATE.match(name) for name in files) or ("template" in files and len(files) > 1):
        refuse(injectors=["Must use multi-file syntax when injecting multiple files"])
    for variable in injectors.get("env", {}):
        if variable.startswith("ANSIBLE_") or variable in _FORBIDDEN_ENVIRONMENT or not _NAME.match(variable):
            refuse(injectors=[f"Environment variable {variable} is not allowed to be used in credentials."])
    filename: t.Any = (
        "EXAMPLE_FILENAME" if "template" in files else {name.partition(".")[2]: "EXAMPLE_FILENAME" for name in files}
    )
    known = {**dict.fromkeys(names, "EXAMPLE"), "tower": {"filename": filename} if files else {}}
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for templates in injectors.values():
        for name, template in templates.items():
            try:
                environment.from_string(template).render(known)
            except UndefinedError as error:
                refuse(injectors=[f"{name} uses an undefined field ({error})"])


def check_credential(fields: Fields, kind: Fields) -> None:
    """awx/main/fields.py: CredentialInputField. What is required is asked for when a job starts, not here."""
    known = {field["id"] for field in (kind.get("inputs") or {}).get("fields", [])}
    unknown = sorted(set(fields.get("inputs") or {}) - known)
    if unknown:
        refuse(inputs=[f"Additional properties are not allowed ({', '.join(unknown)} were unexpected)"])


def check_survey(spec: t.Any) -> None:
    """awx/api/views/__init__.py: JobTemplateSurveySpec. Its errors are C({"error": …})."""
    if not isinstance(spec, dict) or not all(isinstance(spec.get(name), str) for name in ("name", "description")):
        refuse(error="'name' missing from survey spec.")
    if not isinstance(spec.get("spec"), list) or not spec["spec"]:
        refuse(error="'spec' doesn't contain any items.")
    seen: set[str] = set()
    for question in spec["spec"]:
        missing = [key for key in ("type", "question_name", "variable", "required") if key not in question]
        if missing or question["type"] not in _QUESTION_TYPES or question["variable"] in seen:
            refuse(error=f"survey question is not right: {missing or question}")
        seen.add(question["variable"])
        if question["type"] in ("multiplechoice", "multiselect"):
            choices = question.get("choices") or []
            if not choices or question.get("default") not in (None, "", *choices):
                refuse(error=f"Default choice of {question['variable']} must be answered from the choices listed.")


def check_rule(rrule: str) -> None:
    """awx/api/serializers.py: SchedulePreviewSerializer.validate_rrule."""
    starts = re.findall(r"DTSTART(?:;[^:]+)?:[0-9]+T[0-9]+Z?", rrule)
    rules = re.findall(r"RULE:[^\s]*", rrule)
    naive = re.findall(r"DTSTART:[0-9]+T[0-9]+ ", rrule)
    if len(starts) != 1 or naive or not rules:
        refuse(rrule=["Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ"])
    if any("interval" not in rule.lower() or "secondly" in rule.lower() for rule in rules):
        refuse(rrule=["INTERVAL required in rrule"])


def check_notification(fields: Fields) -> None:
    """awx/api/serializers.py: NotificationTemplateSerializer."""
    needed, dummy = NOTIFICATIONS[fields["notification_type"]]
    missing = sorted(needed - set(fields.get("notification_configuration") or {}))
    if missing:
        refuse(non_field_errors=[f"Missing required fields for Notification Configuration: {missing}."])


def check_playbook(fields: Fields, project: Fields | None, playbooks: t.Collection[str]) -> None:
    """awx/api/serializers.py: JobOptionsSerializer. The name of a playbook in a collection is no file of the project."""
    if project is None:
        refuse(project=["This field is required."])
    if not project.get("allow_override") and fields.get("playbook") not in playbooks:
        refuse(playbook=["Playbook not found for project."])
