# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts credentials on a host. Looks first, in one round trip; reads values and sends them only where they are needed.

Where the host's own agent renders a file, the host is sent a digest of what that is to hold, and waited for.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import place_of, read_entries, shape_of
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.marker import Marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.rollout import services_due, to_prove
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.agent import expected
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.catalogue_files import CatalogueFiles
from ansible_collections.locksmith.rotation.plugins.plugin_utils.consumer_template import find_template, render_template
from ansible_collections.locksmith.rotation.plugins.plugin_utils.consumer_values import Values
from ansible_collections.locksmith.rotation.plugins.plugin_utils.host_action import HostAction
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

_OPTIONS = ("credentials", "version", "ids", "state_dir")
Items = t.List[t.Dict[str, t.Any]]


class ActionModule(HostAction):
    """See the module's docstring."""

    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS = frozenset(_OPTIONS)

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            result.update(self._deploy(task_vars or {}))
        except LocksmithError as error:
            result.update(failed=True, msg=str(error))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _deploy(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        version = plain_text(self._task.args.get("version") or "current")
        if version not in ("current", "previous"):
            raise ConfigurationError(f"version is {version!r}.", next_step="write current or previous.")
        wanted = _texts("ids", self._task.args.get("ids") or [])
        entries = read_entries(plain(self._task.args.get("credentials")))
        items = [dict(entry) for entry in entries if not wanted or entry["id"] in wanted]
        values = Values(version, variables, CatalogueFiles(self, variables))
        templates = self._templates(items)
        self._plan(items, values, templates, version)
        state_dir, proofs = self._look(items, variables)
        self._stop(items, variables)
        if not self._task.check_mode:
            self._write(items, values, templates, state_dir, variables)
            self._await(items, values, state_dir, variables)
        return self._result(items, proofs, state_dir)

    def _templates(self, items: Items) -> dict[str, str]:
        """Source text by the entry's id."""
        return {item["id"]: find_template(self, item["template"])[1] for item in items if item["format"] == "template"}

    def _plan(self, items: Items, values: Values, templates: dict[str, str], version: str) -> None:
        for item in items:
            item.update(error="", stopped="", write="", restart=False, fingerprint="")
            item["shape"] = shape_of(item, templates.get(item["id"], ""))
            if item["pull"] and version == "previous":
                item["error"] = "the host takes it from the store by itself, and that holds the new version"
                continue
            if self._task.check_mode and values.is_foretold(item):
                item.update(deployed="", running="", write="another version would be published", restart=True)
                continue
            try:
                item["fingerprint"] = values.fingerprint(item)
            except LocksmithError as error:
                item["error"] = str(error)

    def _look(self, items: Items, variables: dict[str, t.Any]) -> tuple[str, Items]:
        """One round trip: what is on the host, and proofs of what is right."""
        sane = [item for item in items if not item["error"] and not item["write"]]
        seen = self.run_module("consumer_inspect", variables, entries=_public(sane), state_dir=self._task.args.get("state_dir"))
        for item, found in zip(sane, seen["entries"]):
            item.update({name: found[name] for name in ("deployed", "running", "error", "write", "restart")})
        return seen["state_dir"], seen["proofs"]

    def _stop(self, items: Items, variables: dict[str, t.Any]) -> None:
        """Leave alone what did not work on a host of an earlier batch or play. A host that pulls by itself has it already."""
        if plain_text(self._task.args.get("version") or "current") == "previous":
            return
        changing = [item for item in items if (item["write"] or item["restart"]) and not item["pull"] and not item["error"]]
        if not changing:
            return
        others = set(variables.get("ansible_play_hosts_all") or ()) - {variables.get("inventory_hostname")}
        failed = dict(pair for host in sorted(others) for pair in _failures(plain_text(host), variables["hostvars"][host]))
        for item in changing:
            host = failed.get((item["credential"], item["fingerprint"]))
            if host:
                item["stopped"] = f"the rollout was stopped by {host}, which did not come up on version {item['fingerprint']}"

    def _write(
        self, items: Items, values: Values, templates: dict[str, str], state_dir: str, variables: dict[str, t.Any]
    ) -> None:
        ready, staged = [], {}
        for item in items:
            if item["write"] and not item["pull"] and not item["error"] and not item["stopped"]:
                try:
                    staged[item["id"]] = self._content(item, values, templates, variables)
                    item["fingerprint"] = values.value(item).fingerprint()
                    ready.append(item)
                except LocksmithError as error:
                    item["error"] = str(error)
        if not ready:
            return
        done = self.send("consumer_write", staged, state_dir, variables, entries=_public(ready))
        for item, found in zip(ready, done["entries"]):
            item["error"] = found["error"]
            item["restart"] = item["running"] != item["fingerprint"] or found["content_changed"]

    def _await(self, items: Items, values: Values, state_dir: str, variables: dict[str, t.Any]) -> None:
        """Wait for the agent of a host that pulls by itself."""
        ready, digests = [], []
        for item in items:
            if item["write"] and item["pull"] and not item["error"]:
                try:
                    wanted = Marker().holding(expected(item["format"], values.written(item), place_of(item)))
                    item["fingerprint"] = values.value(item).fingerprint()
                    digests.append({"salt": wanted.salt, "digest": wanted.digest})
                    ready.append(item)
                except LocksmithError as error:
                    item["error"] = str(error)
        if not ready:
            return
        entries = [{**item, **digest} for item, digest in zip(_public(ready), digests)]
        done = self.run_module("consumer_await", variables, entries=entries, state_dir=state_dir)
        for item, found in zip(ready, done["entries"]):
            item.update(error=found["error"], restart=found["restart"])

    def _content(
        self, item: dict[str, t.Any], values: Values, templates: dict[str, str], variables: dict[str, t.Any]
    ) -> dict[str, str]:
        if item["format"] == "template":
            return {"text": render_template(self, item["template"], values.value(item), variables)}
        return values.written(item)

    def _result(self, items: Items, proofs: Items, state_dir: str) -> dict[str, t.Any]:
        touched = [item for item in items if item["write"] and not item["error"] and not item["stopped"]]
        errors = [f"{item['credential']}: {item['error']}" for item in items if item["error"]]
        result: dict[str, t.Any] = {
            "changed": bool(touched),
            "entries": _public(items),
            "proofs": proofs,
            "services": services_due(items),
            "to_prove": [] if self._task.check_mode else to_prove(_public(items), proofs),
            "state_dir": state_dir,
        }
        if self._task.diff:
            result["diff"] = [_difference(item) for item in touched]
        if errors:
            result.update(failed=True, msg=" ".join(errors))
        return result


def _texts(option: str, given: t.Any) -> list[str]:
    """:raises ConfigurationError: it is no list."""
    if not isinstance(given, (list, tuple)):
        raise ConfigurationError(f"{option} is not a list.", next_step="write one item a line, each after a dash.")
    return [plain_text(one) for one in given]


def _public(items: Items) -> Items:
    """The items as hosts and results get them: without the store, whose options may hold a right to it."""
    return [{name: value for name, value in item.items() if name not in ("store", "type")} for item in items]


def _failures(host: str, reported: t.Mapping[str, t.Any]) -> t.Iterator[tuple[tuple[str, str], str]]:
    found = plain(reported.get("consumer_outcome") or {}).get("credentials") or {}
    for credential, seen in found.items():
        if seen["outcome"] == "failed":
            yield (credential, seen["fingerprint"]), host


def _difference(item: dict[str, t.Any]) -> dict[str, str]:
    title = f"{item['dest']} ({item['credential']})"
    return {
        "before_header": title,
        "after_header": title,
        "before": f"fingerprint: {item['deployed'] or 'none'}\n",
        "after": f"fingerprint: {item['fingerprint']}\nmode: {item['mode']}\nwritten because: {item['write']}\n",
    }
