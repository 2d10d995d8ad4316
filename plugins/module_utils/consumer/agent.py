# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's Vault or OpenBao agent is told: its configuration, and the hooks that it runs when it has rendered a file. Pure.

Called by the module that writes them on the host. Nothing here holds a value: the agent fetches them by itself.
Source: developer.hashicorp.com/vault/docs/agent-and-proxy/agent and openbao.org/docs/agent-and-proxy/agent.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shlex
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import SERVICE_SPEC, service_key, service_title
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.health import supervisorctl
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.interval import (
    COMMAND_TIMEOUT,
    RENDER_INTERVAL,
    longest_use,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

#: Seconds: what a restarted agent needs to log in and render, and what is added to the interval of one that is only waited for.
_WAIT_AFTER_RESTART = 60
_WAIT_LONGER = 30
#: Seconds that a hook has beside its command before the agent ends it, and itself with it.
_HOOK_ENDS_WITHIN = 10

#: Options of the agent, as an Ansible argument spec. Those about reaching the server are called as the store C(vault) calls them.
AGENT_OPTIONS: dict[str, t.Any] = {
    "binary": {"type": "str"},
    "service": {"type": "dict", "required": True, "options": SERVICE_SPEC},
    "config_dir": {"type": "str"},
    "url": {"type": "str"},
    "namespace": {"type": "str"},
    "ca_cert": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "cert_auth_public_key": {"type": "str"},
    "cert_auth_private_key": {"type": "str", "no_log": False},
    "auth_method": {"type": "str", "choices": ["approle", "aws_iam", "jwt"], "default": "approle"},
    "mount_point": {"type": "str"},
    "role_id_file": {"type": "str"},
    "secret_id_file": {"type": "str", "no_log": False},
    "remove_secret_id_file_after_reading": {"type": "bool", "default": False, "no_log": False},
    "role": {"type": "str"},
    "region": {"type": "str"},
    "aws_iam_server_id": {"type": "str"},
    "jwt_file": {"type": "str"},
    "remove_jwt_after_reading": {"type": "bool", "default": False},
    "render_interval": {"type": "str", "default": RENDER_INTERVAL},
    "exit_on_retry_failure": {"type": "bool", "default": True},
    "retries": {"type": "int", "default": 12},
    "command_timeout": {"type": "str", "default": COMMAND_TIMEOUT},
    "nudge": {"type": "str", "choices": ["auto", "restart", "none"], "default": "auto"},
    "wait": {"type": "str"},
}
Options = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Template:
    """One file that the agent renders. C(item): the entry of C(consumer_credentials); C(dest): its file, C(~) resolved."""

    item: t.Mapping[str, t.Any]
    dest: str
    contents: str


@dataclasses.dataclass(frozen=True)
class Hook:
    """What the agent runs for one service. C(key) is also the end of the names of its script and of its record."""

    key: str
    text: str


def check_options(options: Options) -> None:
    """What the argument spec cannot say.

    :raises ConfigurationError: options that contradict each other.
    """
    needs = {"approle": ("role_id_file",), "aws_iam": ("role",), "jwt": ("jwt_file", "role")}[options["auth_method"]]
    for name in needs:
        if not options.get(name):
            raise ConfigurationError(f"vault_agent_auth_method {options['auth_method']} needs vault_agent_{name}.")
    if bool(options.get("cert_auth_public_key")) != bool(options.get("cert_auth_private_key")):
        raise ConfigurationError("vault_agent_cert_auth_public_key and vault_agent_cert_auth_private_key belong together.")
    if _login_is_used_up(options) and options["exit_on_retry_failure"]:
        raise ConfigurationError(
            "The agent deletes what it logs in with, and vault_agent_exit_on_retry_failure ends it when the server is away for long: "
            "it could not log in again.",
            next_step="set vault_agent_exit_on_retry_failure to false, or let it keep the file.",
        )
    if _login_is_used_up(options) and options["nudge"] == "restart":
        raise ConfigurationError(
            "The agent deletes what it logs in with, so it cannot be restarted to make it render.",
            next_step="set vault_agent_nudge to none, or let it keep the file.",
        )
    if options["service"]["manager"] == "command" and not options["service"]["command"]:
        raise ConfigurationError("vault_agent_service_manager command needs vault_agent_service_command.")
    if parse_duration(options["render_interval"], "vault_agent_render_interval") < 1:
        raise ConfigurationError("vault_agent_render_interval is zero.", next_step="write a duration such as 5m.")


def nudges(options: Options) -> bool:
    """Whether a run restarts the agent to have it render at once."""
    return not _login_is_used_up(options) if options["nudge"] == "auto" else bool(options["nudge"] == "restart")


def longest_wait(options: Options) -> int:
    """Seconds for which a run waits until the agent has rendered a version."""
    if options.get("wait"):
        return parse_duration(options["wait"], "vault_agent_wait")
    if nudges(options):
        return _WAIT_AFTER_RESTART
    return longest_use(options["render_interval"], options["command_timeout"]) + _WAIT_LONGER


def longest_command(options: Options) -> int:
    """Seconds that a hook may take."""
    return parse_duration(options["command_timeout"], "vault_agent_command_timeout")


def _login_is_used_up(options: Options) -> bool:
    removed = {"approle": "remove_secret_id_file_after_reading", "jwt": "remove_jwt_after_reading"}.get(options["auth_method"])
    return bool(removed and options[removed])


def config_of(options: Options, templates: t.Sequence[Template], config_dir: str) -> dict[str, t.Any]:
    """The agent's configuration, to be written as JSON."""
    return {
        "vault": _server(options),
        "auto_auth": {"method": [_login(options)]},
        "template_config": {
            "static_secret_render_interval": f"{parse_duration(options['render_interval'], 'vault_agent_render_interval')}s",
            "exit_on_retry_failure": options["exit_on_retry_failure"],
        },
        "template": [_template(options, template, config_dir) for template in templates],
    }


def _server(options: Options) -> dict[str, t.Any]:
    given = {
        "ca_cert": options.get("ca_cert"),
        "client_cert": options.get("cert_auth_public_key"),
        "client_key": options.get("cert_auth_private_key"),
        "tls_skip_verify": options["validate_certs"] is False or None,
    }
    known = {name: value for name, value in given.items() if value is not None}
    return {"address": options["url"], "retry": {"num_retries": options["retries"]}, **known}


def _login(options: Options) -> dict[str, t.Any]:
    """The log-in. Its C(namespace) is also the one in which templates are rendered."""
    kind = {"aws_iam": "aws"}.get(options["auth_method"], options["auth_method"])
    mount = str(options.get("mount_point") or kind).strip("/")
    return {
        "type": kind,
        "mount_path": f"auth/{mount}",
        **({"namespace": options["namespace"]} if options.get("namespace") else {}),
        "config": {name: value for name, value in _LOGINS[options["auth_method"]](options).items() if value is not None},
    }


def _approle(options: Options) -> dict[str, t.Any]:
    return {
        "role_id_file_path": options["role_id_file"],
        "secret_id_file_path": options.get("secret_id_file"),
        "remove_secret_id_file_after_reading": options["remove_secret_id_file_after_reading"],
    }


def _aws_iam(options: Options) -> dict[str, t.Any]:
    """Without keys: the agent takes those of the machine's own role."""
    return {
        "type": "iam",
        "role": options["role"],
        "region": options.get("region"),
        "header_value": options.get("aws_iam_server_id"),
    }


def _jwt(options: Options) -> dict[str, t.Any]:
    return {
        "path": options["jwt_file"],
        "role": options["role"],
        "remove_jwt_after_reading": options["remove_jwt_after_reading"],
    }


_LOGINS: dict[str, t.Callable[[Options], dict[str, t.Any]]] = {"approle": _approle, "aws_iam": _aws_iam, "jwt": _jwt}


def _template(options: Options, template: Template, config_dir: str) -> dict[str, t.Any]:
    item = template.item
    key = hook_key(item)
    timeout = f"{longest_command(options) + _HOOK_ENDS_WITHIN}s"
    return {
        "destination": template.dest,
        "contents": template.contents,
        "perms": item["mode"],
        **{to: item[name] for to, name in (("user", "owner"), ("group", "group")) if item[name]},
        "create_dest_dirs": False,
        "error_on_missing_key": True,
        **({"exec": {"command": [f"{config_dir}/{hook_name(key)}"], "timeout": timeout}} if key else {}),
    }


def hook_key(item: t.Mapping[str, t.Any]) -> str:
    """Names the hook of the item's service; empty where nothing is to be restarted or reloaded."""
    key = service_key(item)
    return hashlib.sha256(key.encode("utf-8")).hexdigest()[:12] if key else ""


def hook_name(key: str) -> str:
    """File name of a hook, in the agent's directory."""
    return f"reload-{key}"


def record_name(key: str) -> str:
    """File name of what a hook notes, in the state directory."""
    return f"reloaded-{key}"


def pull_shape(item: t.Mapping[str, t.Any]) -> str:
    """A digest of all that the agent was told about an entry, but for where the value is."""
    told = [item["shape"], item["dest"], item["mode"], item["owner"], item["group"], hook_key(item), _action(item)]
    return hashlib.sha256("\n".join(map(str, told)).encode("utf-8")).hexdigest()[:16]


def _action(item: t.Mapping[str, t.Any]) -> str:
    return item["service"]["action"] if item["service"] else ""


#: The state of a file as its hook and the module that proves it both see it: P(file_state) must be called with it.
STATE_COMMAND = ("stat", "-c", "%i %y %s %n", "--")
STATE_ENVIRONMENT = {"TZ": "UTC0", "LC_ALL": "C"}

_HOOK = """#!/bin/sh
# Kept by locksmith.rotation. The agent runs it when it has rendered a file that {title} uses: it has the service take the file,
# and notes for which files that was. It always ends well: an agent ends itself after a command that does not.
umask 077
PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${{PATH:+:$PATH}}"
seen=$(export {environment}; {state} {files} 2>/dev/null)
if {limit}{command} >/dev/null 2>&1 </dev/null; then outcome=done; else outcome="failed $?"; fi
printf '%s\\n%s\\n' "$outcome" "$seen" > {record}.new && mv -f {record}.new {record}
exit 0
"""


def hooks_of(templates: t.Sequence[Template], state_dir: str, seconds: int) -> list[Hook]:
    """One for each service: restarts win over reloads. C(seconds): how long that may take."""
    served: dict[str, list[Template]] = {}
    for template in templates:
        if hook_key(template.item):
            served.setdefault(hook_key(template.item), []).append(template)
    return [Hook(key, _hook(key, users, state_dir, seconds)) for key, users in served.items()]


def _hook(key: str, users: t.Sequence[Template], state_dir: str, seconds: int) -> str:
    restart = [user for user in users if _action(user.item) == "restart"]
    service = (restart or users)[0].item["service"]
    return _HOOK.format(
        title=service_title({"service": service}).replace("\n", " "),
        environment=" ".join(f"{name}={value}" for name, value in STATE_ENVIRONMENT.items()),
        state=shlex.join(STATE_COMMAND),
        files=" ".join(shlex.quote(user.dest) for user in users),
        limit="" if service["manager"] == "signal" else f"timeout {seconds} ",
        command=shell_command(service, "restart" if restart else "reload"),
        record=shlex.quote(f"{state_dir}/{record_name(key)}"),
    )


def shell_command(service: t.Mapping[str, t.Any], do: str) -> str:
    """What a shell runs to have a service restarted or reloaded."""
    if service["manager"] == "signal":
        return f'kill -s {service["signal"]} "$(cat {shlex.quote(service["pid_file"])})"'
    return shlex.join(_argv(service, do))


def _argv(service: t.Mapping[str, t.Any], do: str) -> list[str]:
    manager, name = service["manager"], service["name"]
    if manager == "command":
        return list(service["command"])
    if manager == "systemd":
        return ["systemctl", *(["--user"] if service["scope"] == "user" else []), do, "--", name]
    if manager == "supervisor":
        return supervisorctl(service, "restart") if do == "restart" else supervisorctl(service, "signal", service["signal"])
    return ["service", name, do] if manager == "service" else [f"/etc/init.d/{name}", do]
