# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a host whose files an agent renders: which version is in a file, and was its service told of it? Called by the modules there.

The host is shown no value. A file holds a version if its text has the salted, stretched digest that the controller made of what
the agent renders for that version. Its service was restarted or reloaded for it if the agent's hook noted that, for this very
file: inode, time of change and size, which the next rendering changes.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import files, marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent import (
    STATE_COMMAND,
    STATE_ENVIRONMENT,
    hook_key,
    pull_shape,
    record_name,
    shell_command,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import host_path, service_title
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.health import service_state
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError, Rejected

_FACTS = "vault-agent.json"
_SCHEMA = 1
_POLL = 0.25
#: Seconds for which an agent may be down, as while its service manager starts it anew, before it is not waited for any longer.
_DOWN = 10
_RUN_THE_ROLE = "run the role locksmith.rotation.vault_agent on this host again."
Item = t.Dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Agent:
    """What the role that installed the agent left in the state directory. No values.

    C(entries): id of an entry to what the agent was told of it, see P(pull_shape). C(wait) and C(command_timeout): seconds.
    """

    service: dict[str, t.Any]
    nudge: bool
    wait: int
    command_timeout: int
    entries: dict[str, str]


def facts_path(directory: str) -> str:
    """Where the role leaves what it told the agent."""
    return os.path.join(directory, _FACTS)


def facts_text(agent: Agent) -> str:
    """For the file at P(facts_path)."""
    return json.dumps({"schema": _SCHEMA, **dataclasses.asdict(agent)}, indent=2, sort_keys=True) + "\n"


def load_agent(directory: str) -> Agent | None:
    """The agent of this host, or None if there is none."""
    text = files.read_text(facts_path(directory))
    try:
        found = json.loads(text or "")
        if found.pop("schema") != _SCHEMA:
            return None
        return Agent(**found)
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


def look(host: t.Any, item: Item, directory: str) -> dict[str, t.Any]:
    """What is wrong with one item, as for one that is written here. C(write) says why a rendering is waited for."""
    known = marker.load(directory, item["id"])
    found = {"id": item["id"], "deployed": known.deployed, "running": known.running, "error": "", "write": "", "restart": False}
    try:
        agent_of(item, directory)
        path = host_path(item["dest"])
        files.check_place(path)
        text = files.read_text(path)
    except LocksmithError as error:
        return {**found, "error": str(error)}
    if text is None:
        return {**found, "write": "there is no file"}
    if known.deployed != item["fingerprint"]:
        return {**found, "write": "another version"}
    if not known.knows(text):
        return {**found, "write": "it was changed by somebody else"}
    return {**found, "restart": known.running != item["fingerprint"] and not _was_told(host, item, directory)}


def agent_of(item: Item, directory: str) -> Agent:
    """The agent that renders the item.

    :raises Rejected: there is none, or it was told something else.
    """
    agent = load_agent(directory)
    if agent is None:
        raise Rejected(f"No agent was installed on this host that could render {item['dest']}.", next_step=_RUN_THE_ROLE)
    if agent.entries.get(item["id"]) != pull_shape(item):
        raise Rejected(f"The agent on this host does not render {item['dest']} as its entry says.", next_step=_RUN_THE_ROLE)
    return agent


def wait(module: t.Any, items: t.Sequence[Item], directory: str) -> list[dict[str, t.Any]]:
    """Wait until the agent has rendered all items, and their services are told; the results in the items' order.

    :arg items: of one agent, with C(salt) and C(digest) of what it is to render.
    """
    agent = agent_of(items[0], directory)
    left = {item["id"]: item for item in items}
    problem = _nudge(module, agent) if not all(_holds(item) for item in items) else ""
    began = up_at = time.monotonic()
    while left and not problem:
        for item in [item for item in left.values() if _is_done(module, item, directory)]:
            del left[item["id"]]
        down = service_state(module, agent.service).problem if left else ""
        up_at = up_at if down else time.monotonic()
        problem = _given_up(agent, left, began, down, up_at) if left else ""
        time.sleep(_POLL if left and not problem else 0)
    return [_result(module, item, directory, problem) for item in items]


def _given_up(agent: Agent, left: t.Mapping[str, Item], began: float, down: str, up_at: float) -> str:
    """Why not to wait any longer, or empty."""
    now = time.monotonic()
    if down and now - up_at > min(_DOWN, agent.wait):
        return f"its agent is not at work: {down}"
    if all(_holds(item) for item in left.values()):
        # Their hooks may be at work. One that has not ended by now never will, and the run restarts the service itself.
        return "its hook has not run" if all(_age(item) > agent.command_timeout for item in left.values()) else ""
    return f"its agent has not rendered it within {agent.wait} s" if now - began > agent.wait else ""


def _age(item: Item) -> float:
    """Seconds since the file was changed."""
    try:
        return time.time() - os.stat(host_path(item["dest"])).st_mtime
    except OSError:
        return 0.0


def _nudge(module: t.Any, agent: Agent) -> str:
    """Have the agent render now. SIGHUP does not: it only makes it read its log level again, so it is started anew."""
    if not agent.nudge:
        return ""
    environment = {"XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"}
    extra = environment if agent.service["scope"] == "user" else {}
    command = shell_command(agent.service, "restart")
    code = module.run_command(["/bin/sh", "-c", command], environ_update=extra, expand_user_and_vars=False)[0]
    title = service_title({"service": agent.service})
    return f"its agent {title} could not be restarted (status {code})" if code else ""


def _holds(item: Item) -> bool:
    """Whether the file holds the version that it should."""
    text = files.read_text(host_path(item["dest"]))
    return text is not None and marker.Marker(salt=item["salt"], digest=item["digest"]).knows(text)


def _is_done(host: t.Any, item: Item, directory: str) -> bool:
    return _holds(item) and (not hook_key(item) or bool(_record(host, item, directory)))


def _result(module: t.Any, item: Item, directory: str, problem: str) -> dict[str, t.Any]:
    text = files.read_text(host_path(item["dest"]))
    wanted = marker.Marker(salt=item["salt"], digest=item["digest"])
    if text is None or not wanted.knows(text):
        why = Rejected(
            f"{item['dest']} does not hold the version that it should: {problem}.",
            next_step="look at the agent's log on the host, mend it, and run again; the previous version is kept until then.",
        )
        return {"id": item["id"], "error": str(why), "restart": False}
    known = marker.load(directory, item["id"])
    now = dataclasses.replace(
        known,
        credential=item["credential"],
        dest=item["dest"],
        deployed=item["fingerprint"],
        shape=item["shape"],
        deployed_at=to_iso(time.time()) or "",
    )
    marker.save(module, directory, item["id"], now.holding(text))
    return {"id": item["id"], "error": "", "restart": not _was_told(module, item, directory)}


def _was_told(host: t.Any, item: Item, directory: str) -> bool:
    """Whether the service was restarted or reloaded, well, for the file that is there now."""
    return not hook_key(item) or _record(host, item, directory) == "done"


def _record(host: t.Any, item: Item, directory: str) -> str:
    """What the hook noted of its last run: C(done), C(failed) with a status, or empty if that was for another file."""
    text = files.read_text(os.path.join(directory, record_name(hook_key(item)))) or ""
    outcome, dummy, states = text.partition("\n")
    return outcome if _state_of(host, host_path(item["dest"])) in states.splitlines() else ""


def _state_of(host: t.Any, path: str) -> str:
    """As the hook sees the file; no line of a record where it is not there."""
    code, out, dummy = host.run_command(
        [*STATE_COMMAND, path], environ_update=dict(STATE_ENVIRONMENT), expand_user_and_vars=False
    )
    return "gone" if code else out.rstrip("\n")
