# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put what an agent is told on its host: configuration, hooks, what it logs in with. Called by the module there."""

from __future__ import annotations

import json
import os
import stat
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import agent, files, marker, pulled
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import host_path, read_items
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_CONFIG = "agent.json"
_PRIVATE = files.Attributes(0o600)
_PROGRAMS = ("vault", "bao")
#: What may be sent to the option that names its file.
_IDS = {"role_id": "role_id_file", "secret_id": "secret_id_file"}
#: Options that are paths on the host.
_PATHS = ("role_id_file", "secret_id_file", "jwt_file", "ca_cert", "cert_auth_public_key", "cert_auth_private_key")


def install(module: t.Any) -> dict[str, t.Any]:
    """Bring all of it up to date; what the module returns. In check mode it only says what it would do.

    :raises LocksmithError: something is missing on the host, or would not be safe there.
    """
    state_dir = marker.state_directory(module.params["state_dir"])
    try:
        ids = _staged(module.params["staged"], state_dir)
        config_dir = _config_dir(module.params["config_dir"])
        options = _resolved(module.params, config_dir)
        agent.check_options(options)
        templates = _templates(module.params["templates"])
        binary, version = _binary(module, options)
        _check_places(templates, pulled.load_agent(state_dir))
        writer = _Writer(module, config_dir, state_dir)
        writer.ids(ids, options)
        _check_logins(options, module.check_mode)
        writer.configuration(agent.config_of(options, templates, config_dir))
        writer.hooks(agent.hooks_of(templates, state_dir, agent.longest_command(options)))
        writer.facts(options, templates)
    finally:
        if module.params["staged"] and marker.own(module.params["staged"], state_dir):
            files.remove(module.params["staged"])
    return {
        **writer.result(),
        "binary": binary,
        "version": version,
        "config": f"{config_dir}/{_CONFIG}",
        "state_dir": state_dir,
        "directories": sorted({os.path.dirname(template.dest) for template in templates} | {config_dir, state_dir}),
    }


def _config_dir(wanted: str | None) -> str:
    return host_path(wanted or ("/etc/locksmith/vault-agent" if os.geteuid() == 0 else "~/.config/locksmith/vault-agent"))


def _staged(path: str | None, state_dir: str) -> dict[str, str]:
    if not path:
        return {}
    if not marker.own(path, state_dir):
        raise Rejected(f"{path} is not a staged file of {state_dir}.")
    found = json.loads(files.read_text(path) or "{}")
    return {name: found[name] for name in _IDS if name in found}


def _resolved(params: t.Mapping[str, t.Any], config_dir: str) -> dict[str, t.Any]:
    """The options with paths of this host in them, and the usual places where none were named."""
    usual = {"role_id_file": f"{config_dir}/role_id", "secret_id_file": f"{config_dir}/secret_id"}
    options = {**params, **{name: params[name] or path for name, path in usual.items()}}
    return {**options, **{name: host_path(options[name]) for name in _PATHS if options[name]}}


def _templates(written: t.Sequence[t.Mapping[str, t.Any]]) -> list[agent.Template]:
    items = read_items([one["entry"] for one in written])
    return [agent.Template(item, host_path(item["dest"]), one["contents"]) for item, one in zip(items, written)]


def _binary(module: t.Any, options: agent.Options) -> tuple[str, str]:
    """The program and its version.

    :raises Rejected: it is not there, or cannot do what is asked of it.
    """
    wanted = [options["binary"]] if options["binary"] else list(_PROGRAMS)
    found = [path for path in (module.get_bin_path(os.path.expanduser(name)) for name in wanted) if path]
    if not found:
        raise Rejected(
            f"There is no {' and no '.join(wanted)} on this host.",
            next_step="install Vault or OpenBao from its maker's package, or name the program in vault_agent_binary.",
        )
    code, out, dummy = module.run_command([found[0], "version"])
    if code:
        raise Rejected(f"{found[0]} does not say its version (status {code}).", next_step="see whether it runs on this host.")
    if options["auth_method"] == "aws_iam" and out.startswith("OpenBao"):
        raise Rejected(
            "The agent of OpenBao knows no log-in with AWS.", next_step="use that of Vault, or another vault_agent_auth_method."
        )
    return found[0], out.strip().splitlines()[0] if out.strip() else ""


def _check_places(templates: t.Sequence[agent.Template], known: pulled.Agent | None) -> None:
    """Refuse to have other people's lines overwritten, and places where somebody else could swap the file."""
    for template in templates:
        item = template.item
        files.check_place(template.dest)
        files.attributes_of(int(item["mode"], 8), item["owner"], item["group"])
        told = known is not None and item["id"] in known.entries
        if FORMATS[item["format"]].SHARED and not told and os.path.exists(template.dest):
            raise Rejected(
                f"{template.dest} is there already, and others may have lines in it: an agent writes whole files.",
                next_step="name a file of its own as dest, or move the file away if nobody else has lines in it, or leave pull out.",
            )


def _check_logins(options: agent.Options, check_mode: bool) -> None:
    """What the agent logs in with is there, unless it takes it away, and is only for its eyes.

    :raises Rejected: it is not.
    """
    method = options["auth_method"]
    needed = {"approle": ["role_id_file"], "jwt": ["jwt_file"]}.get(method, [])
    if method == "approle" and not options["remove_secret_id_file_after_reading"]:
        needed.append("secret_id_file")
    present = [
        name for name in needed + ["secret_id_file", "cert_auth_private_key"] if options[name] and os.path.exists(options[name])
    ]
    missing = [name for name in needed if name not in present]
    if missing and not check_mode:
        raise Rejected(
            f"{options[missing[0]]} is not there: the agent could not log in.",
            next_step=f"put it there with mode 0600, or set vault_agent_{missing[0][: -len('_file')]} for this host.",
        )
    for name in present:
        if name != "role_id_file" and stat.S_IMODE(os.stat(options[name]).st_mode) & 0o077:
            raise Rejected(f"{options[name]} is open to others.", next_step=f"chmod 0600 {options[name]}")


class _Writer:
    """Writes what differs, and remembers what that was."""

    def __init__(self, module: t.Any, config_dir: str, state_dir: str) -> None:
        self._module, self._config_dir, self._state_dir = module, config_dir, state_dir
        self._written: list[str] = []
        self._restart = False
        self._diff: dict[str, str] = {}
        if not module.check_mode:
            for directory in (config_dir, state_dir):
                os.makedirs(directory, mode=0o700, exist_ok=True)

    def result(self) -> dict[str, t.Any]:
        """For the module."""
        return {"changed": bool(self._written), "written": self._written, "restart": self._restart, "diff": self._diff}

    def ids(self, ids: t.Mapping[str, str], options: agent.Options) -> None:
        """Role id and secret id. One that the agent took away is written again only if it is another."""
        for name, value in ids.items():
            path, identity = options[_IDS[name]], f"vault-agent-{name}"
            known = marker.load(self._state_dir, identity)
            gone = options["remove_secret_id_file_after_reading"] and name == "secret_id" and not os.path.exists(path)
            if gone and known.knows(value):
                continue
            files.check_place(path)
            if self._put(path, value, _PRIVATE):
                self._restart = True
            if not known.knows(value):
                marker.save(self._module, self._state_dir, identity, marker.Marker(dest=path).holding(value))

    def configuration(self, config: t.Mapping[str, t.Any]) -> None:
        """The agent's own file."""
        path = f"{self._config_dir}/{_CONFIG}"
        text = json.dumps(config, indent=2, ensure_ascii=True) + "\n"
        before = files.read_text(path) or ""
        if self._put(path, text, _PRIVATE):
            self._restart = True
            self._diff = {"before_header": path, "after_header": path, "before": before, "after": text}

    def hooks(self, hooks: t.Sequence[agent.Hook]) -> None:
        """A script for each service. Those of services that are gone stay: an agent that was not restarted yet may run them."""
        for hook in hooks:
            self._put(f"{self._config_dir}/{agent.hook_name(hook.key)}", hook.text, files.Attributes(0o700))

    def facts(self, options: agent.Options, templates: t.Sequence[agent.Template]) -> None:
        """What those who prove the host's versions have to know of the agent."""
        told = {template.item["id"]: agent.pull_shape(template.item) for template in templates}
        found = pulled.Agent(
            service=options["service"],
            nudge=agent.nudges(options),
            wait=agent.longest_wait(options),
            command_timeout=agent.longest_command(options),
            entries=told,
        )
        self._put(pulled.facts_path(self._state_dir), pulled.facts_text(found), _PRIVATE)

    def _put(self, path: str, text: str, wanted: files.Attributes) -> bool:
        differs = files.read_text(path) != text if self._module.check_mode else files.put(self._module, path, text, wanted)
        if differs:
            self._written.append(path)
        return differs
