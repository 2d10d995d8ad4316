# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of C(consumer_credentials): what a user may write in it, and what follows from that alone.

Called by the action plugins on the controller and by the modules on the host. Holds no value of any credential.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.agent import why_not
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import check_shapes

SERVICE_SPEC: dict[str, t.Any] = {
    "name": {"type": "str"},
    "manager": {
        "type": "str",
        "default": "systemd",
        "choices": ["systemd", "service", "sysvinit", "supervisor", "command", "signal"],
    },
    "action": {"type": "str", "default": "restart", "choices": ["restart", "reload", "none"]},
    "scope": {"type": "str", "default": "system", "choices": ["system", "user"]},
    "command": {"type": "list", "elements": "str"},
    "pid_file": {"type": "str"},
    "signal": {"type": "str", "default": "HUP"},
    "config": {"type": "str"},
}
_PROBE = {
    "url": {"type": "str"},
    "status": {"type": "list", "elements": "int", "default": [200]},
    "contains": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "str"},
    "port": {"type": "int"},
    "host": {"type": "str", "default": "127.0.0.1"},
    "command": {"type": "list", "elements": "str"},
    "retries": {"type": "int", "default": 10},
    "delay": {"type": "int", "default": 3},
    "timeout": {"type": "int", "default": 5},
}
#: An entry, as an Ansible argument spec.
ENTRY_SPEC: dict[str, t.Any] = {
    "credential": {"type": "str", "required": True},
    "dest": {"type": "str", "required": True},
    "format": {"type": "str", "required": True, "choices": sorted(FORMATS)},
    "fields": {"type": "dict", "default": {}},
    "section": {"type": "str"},
    "profile": {"type": "str", "default": "default"},
    "host": {"type": "str", "default": "*"},
    "port": {"type": "str", "default": "*"},
    "database": {"type": "str", "default": "*"},
    "template": {"type": "str"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw", "default": "0600"},
    "service": {"type": "dict", "options": SERVICE_SPEC},
    "probe": {
        "type": "dict",
        "options": _PROBE,
        "required_one_of": [["url", "port", "command"]],
        "mutually_exclusive": [["url", "port", "command"]],
    },
    "settle": {"type": "int", "default": 2},
    "pull": {"type": "str", "choices": ["vault_agent"]},
    "type": {"type": "str"},
    "store": {"type": "dict"},
}


#: What the controller adds to an entry when it makes an item of it.
_ITEM_SPEC: dict[str, t.Any] = {
    **{
        name: {"type": "str", "default": ""}
        for name in ("fingerprint", "shape", "error", "stopped", "deployed", "running", "write", "salt", "digest")
    },
    "restart": {"type": "bool", "default": False},
}


_SERVICES_SPEC: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "key": {"type": "str", "required": True, "no_log": False},
        "title": {"type": "str", "required": True},
        "do": {"type": "str", "required": True, "choices": ["restart", "reload"]},
        "service": {"type": "dict", "required": True, "options": SERVICE_SPEC},
        "credentials": {"type": "list", "elements": "str", "default": []},
    },
}


def read_items(written: t.Sequence[t.Any]) -> list[dict[str, t.Any]]:
    """Items as a module on the host gets them: entries that were checked before, with what is known of them by now.

    :raises ConfigurationError: they are none.
    """
    return [_read_item(number, item) for number, item in enumerate(written, start=1)]


def _read_item(number: int, written: t.Any) -> dict[str, t.Any]:
    if not isinstance(written, dict):
        raise ConfigurationError(f"Item {number} is not a mapping.")
    given = _without_none(written)
    entry = _read_entry(number, {name: value for name, value in given.items() if name in ENTRY_SPEC})
    added = {name: value for name, value in given.items() if name in _ITEM_SPEC}
    checked = ArgumentSpecValidator(_ITEM_SPEC).validate(added)
    if checked.error_messages:
        raise ConfigurationError(f"Item {number}: {'; '.join(checked.error_messages)}.")
    return {**checked.validated_parameters, **entry}


def read_services(written: t.Any) -> list[dict[str, t.Any]]:
    """Services that are due, as a task hands them on.

    :raises ConfigurationError: they are none.
    """
    given = [_without_none(one) if isinstance(one, dict) else one for one in written] if isinstance(written, list) else written
    check_shapes({"services": _SERVICES_SPEC}, {"services": given})
    checked = ArgumentSpecValidator({"services": _SERVICES_SPEC}).validate({"services": given})
    services: list[dict[str, t.Any]] = checked.validated_parameters.get("services") or []
    problems = checked.error_messages or [
        f"{one['title']}: {_service_problem(one['service'])}" for one in services if _service_problem(one["service"])
    ]
    if problems:
        raise ConfigurationError(f"services: {'; '.join(problems)}.", next_step="hand on what consumer_deploy returned.")
    return services


def _without_none(written: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What was not given stands as None where an entry has been checked once."""
    found = {name: _without_none(value) if isinstance(value, dict) else value for name, value in written.items()}
    return {name: value for name, value in found.items() if value is not None}


def read_entries(written: t.Any) -> list[dict[str, t.Any]]:
    """Check the list as a user wrote it; the entries come back with defaults filled in and an C(id) each.

    :raises ConfigurationError: names the entry and what is wrong with it.
    """
    if not isinstance(written, list):
        raise ConfigurationError("consumer_credentials is not a list.", next_step="write one entry for each file.")
    entries = [_read_entry(number, entry) for number, entry in enumerate(written, start=1)]
    _check_together(entries)
    return entries


def _read_entry(number: int, written: t.Any) -> dict[str, t.Any]:
    if not isinstance(written, dict):
        raise ConfigurationError(f"Entry {number} of consumer_credentials is not a mapping.")
    name = f"Entry {number} of consumer_credentials ({written.get('credential', 'no credential named')})"
    check_shapes(ENTRY_SPEC, written, f"{name}: ")
    checked = ArgumentSpecValidator(ENTRY_SPEC).validate(written)
    if checked.error_messages:
        raise ConfigurationError(f"{name}: {'; '.join(checked.error_messages)}.", next_step="correct the entry.")
    entry: dict[str, t.Any] = checked.validated_parameters
    problem = _problem(entry)
    if problem:
        raise ConfigurationError(f"{name}: {problem}.", next_step="correct the entry.")
    entry["mode"] = f"{file_mode(entry['mode']):04o}"
    entry["fields"] = {str(to): str(source) for to, source in (entry["fields"] or {}).items()}
    entry["id"] = _digest([entry["credential"], entry["dest"], place_of(entry).__dict__])[:12]
    return entry


def _problem(entry: t.Mapping[str, t.Any]) -> str:
    """What the argument spec cannot say; empty if nothing is wrong."""
    if not entry["dest"].startswith(("/", "~")):
        return f"dest {entry['dest']} is not an absolute path"
    needs = {"ini": ("section", "fields"), "template": ("template",)}.get(entry["format"], ())
    for option in needs:
        if not entry[option]:
            return f"format {entry['format']} needs {option}"
    if entry["pull"] and why_not(entry["format"]):
        return f"an agent on the host cannot write the format {entry['format']}, because {why_not(entry['format'])}"
    return _service_problem(entry["service"]) if entry["service"] else ""


def _service_problem(service: t.Mapping[str, t.Any]) -> str:
    manager = service["manager"]
    needs = {"command": "command", "signal": "pid_file"}.get(manager, "name")
    if service["action"] != "none" and not service[needs]:
        return f"a service with manager {manager} needs {needs}"
    if service["name"] and not re.fullmatch(r"[A-Za-z0-9_@:.*\\-]+", service["name"]):
        return f"service name {service['name']!r} is not one"
    if not re.fullmatch(r"[A-Z0-9+]+", service["signal"]):
        return f"signal {service['signal']!r} is not one"
    return ""


def file_mode(written: str | int) -> int:
    """The mode as a number; C(0640) as text or as YAML's octal number.

    :raises ConfigurationError: not octal, or others may write the file.
    """
    try:
        mode = written if isinstance(written, int) else int(str(written), 8)
    except ValueError:
        raise ConfigurationError(
            f"mode {written!r} is not an octal mode.", next_step="write it quoted, such as '0640'."
        ) from None
    if not 0 < mode <= 0o777 or mode & 0o022:
        raise ConfigurationError(
            f"mode {mode:04o} would let the group or everybody write the file, or is no file mode.",
            next_step="choose one such as '0600' or '0640', quoted.",
        )
    return mode


def place_of(entry: t.Mapping[str, t.Any]) -> Place:
    """Where in the file the entry's part is."""
    section = entry["profile"] if entry["format"] == "aws_credentials" else entry["section"] or ""
    return Place(
        title=entry["credential"],
        section=section if FORMATS[entry["format"]].SHARED else "",
        host=entry["host"],
        port=entry["port"],
        database=entry["database"],
    )


def field_names(entry: t.Mapping[str, t.Any]) -> t.Mapping[str, str] | None:
    """Name in the file to field of the credential; None for all of them as they are called."""
    return entry["fields"] or FORMATS[entry["format"]].DEFAULT_FIELDS


def renamed(credential: str, names: t.Mapping[str, str], held: t.Mapping[str, str]) -> dict[str, str]:
    """Name in the file to what C(held) has for the field.

    :raises ConfigurationError: the entry names a field that the credential does not have.
    """
    unknown = sorted(set(names.values()) - set(held))
    if unknown:
        raise ConfigurationError(
            f"{credential} has no field {', '.join(unknown)}.",
            next_step=f"its fields are {', '.join(sorted(held))}: correct the entry's fields.",
        )
    return {name: held[field] for name, field in names.items()}


def shape_of(entry: t.Mapping[str, t.Any], template: str = "") -> str:
    """A digest of everything but the value that decides what is written. C(template): the template's source text."""
    return _digest([entry["format"], dict(field_names(entry) or {}), place_of(entry).__dict__, template])[:16]


def service_key(entry: t.Mapping[str, t.Any]) -> str:
    """What names the entry's service on its host; empty where nothing is to be restarted or reloaded."""
    service = entry["service"]
    if not service or service["action"] == "none":
        return ""
    manager = service["manager"]
    if manager == "command":
        return "command " + json.dumps(service["command"])
    if manager == "signal":
        return f"signal {service['signal']} {service['pid_file']}"
    if manager == "systemd":
        name = service["name"] if "." in service["name"] else service["name"] + ".service"
        return f"systemd {service['scope']} {name}"
    return f"{manager} {service['config'] or ''} {service['name']}"


def service_title(entry: t.Mapping[str, t.Any]) -> str:
    """The service as people call it."""
    service = entry["service"] or {}
    return service.get("name") or service.get("pid_file") or " ".join(service.get("command") or []) or "no service"


def host_path(written: str) -> str:
    """A path of this host with C(~) resolved."""
    return os.path.normpath(os.path.expanduser(written))


def _check_together(entries: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """No two entries may write the same thing."""
    seen: dict[str, list[t.Mapping[str, t.Any]]] = {}
    for entry in entries:
        others = seen.setdefault(entry["dest"], [])
        if any(_collide(entry, other) for other in others):
            raise ConfigurationError(
                f"{entry['dest']} is to be written by two entries of consumer_credentials that leave no room for each other.",
                next_step="give one of them another dest, section or profile.",
            )
        others.append(entry)


def _collide(one: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any]) -> bool:
    """Whether two entries with the same dest write the same part of it."""
    if one["pull"] or other["pull"]:  # the agent owns whole files
        return True
    if not FORMATS[one["format"]].SHARED or one["format"] != other["format"]:
        return True
    if one["id"] == other["id"]:
        return True
    if one["format"] in ("pgpass", "pgbouncer_userlist") or place_of(one).section != place_of(other).section:
        return False
    return bool({name.lower() for name in field_names(one) or ()} & {name.lower() for name in field_names(other) or ()})


def _digest(what: t.Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode("utf-8")).hexdigest()
