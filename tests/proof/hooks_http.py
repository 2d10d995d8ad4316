# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every HTTP request becomes a call, with faults at it: hooks on http.client, which requests, urllib3, botocore and hvac all use.

A refusal (429, 503 …) is made up here and nothing goes out; a lost, late or broken answer belongs to a request that was
carried out. What a caller sees is what its libraries make of it.
"""

from __future__ import annotations

import http.client
import re
import socket
import typing as t

from ansible_collections.locksmith.rotation.tests.proof import answers
from ansible_collections.locksmith.rotation.tests.proof.recorder import Call, Recorder
from ansible_collections.locksmith.rotation.tests.proof.runs import Moment

#: A port on which nobody listens.
_NOBODY = 1
_ACTION = re.compile(rb"(?:^|[&\n])Action=(\w+)")
#: Requests that change nothing although their method could, a login among them.
_READING_ACTIONS = ("Get", "List", "Describe", "Lookup", "AssumeRole")
_READING_PATHS = ("/v1/sys/capabilities", "/v1/auth/")
#: What goes wrong with requests that are carried out, and with those that are not sent.
AFTER_EFFECT = ("lost", "timeout", "truncated", "garbled", "page", "500 after the effect")
UNSENT = ("refused", "reset")
KINDS = (*UNSENT, *AFTER_EFFECT, *answers.REFUSALS)


class _Wire:
    """What is known of the request that is on a connection."""

    def __init__(self, call: Call, method: str) -> None:
        self.call = call
        self.method = method
        self.target = ""


class _Hooks:
    """The four methods, with the originals behind them."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        connection = http.client.HTTPConnection
        self._putrequest, self._putheader = connection.putrequest, connection.putheader
        self._send, self._getresponse = connection.send, connection.getresponse

    def putrequest(self, connection: t.Any, method: str, url: str, *arguments: t.Any, **keywords: t.Any) -> None:
        where = f"{connection.host}:{connection.port}"
        path = url.partition("?")[0]
        writes = method not in ("GET", "HEAD", "LIST") and not path.startswith(_READING_PATHS)
        connection._proof = _Wire(self._recorder.call(where, f"{method} {path}", writes), method)
        self._putrequest(connection, method, url, *arguments, **keywords)

    def putheader(self, connection: t.Any, header: t.Any, *values: t.Any) -> None:
        name = header.decode() if isinstance(header, bytes) else str(header)
        if name.lower() == "x-amz-target" and values:
            value = values[0].decode() if isinstance(values[0], bytes) else str(values[0])
            self._name_action(connection._proof, value.rpartition(".")[2], value)
        self._putheader(connection, header, *values)

    def send(self, connection: t.Any, data: t.Any) -> None:
        wire: _Wire = connection._proof
        action = _ACTION.search(data) if isinstance(data, bytes) and b"Action=" in data else None
        if action:
            self._name_action(wire, action.group(1).decode(), "")
        if not wire.call.is_begun:
            wire.call.is_begun = True
            self._begin(connection, wire)
        if not wire.call.is_swallowed:
            self._send(connection, data)
        elif connection.sock is None:  # urllib3 wants one
            connection.connect()

    def _name_action(self, wire: _Wire, action: str, target: str) -> None:
        wire.call.label = action
        wire.call.writes = not action.startswith(_READING_ACTIONS)
        wire.target = target

    def _begin(self, connection: t.Any, wire: _Wire) -> None:
        call = wire.call
        self._recorder.cross(call, Moment.BEFORE)
        kind = call.fault.kind if call.fault else ""
        if kind == "reset":
            self._recorder.hit()
            connection.close()
            raise ConnectionResetError(104, "Connection reset by peer")
        if kind == "refused":
            self._recorder.hit()
            self._refuse(connection)
        call.is_swallowed = kind in answers.REFUSALS

    def _refuse(self, connection: t.Any) -> None:
        """A real refusal, by another port."""
        connection.close()
        port, connection.port = connection.port, _NOBODY
        try:
            connection.connect()
        finally:
            connection.port = port

    def getresponse(self, connection: t.Any) -> t.Any:
        wire: _Wire = connection._proof
        call = wire.call
        if call.writes:
            self._recorder.cross(call, Moment.SENT)
        kind = call.fault.kind if call.fault else ""
        if kind:
            self._recorder.hit()
        answer = self._refused(connection, wire, kind) if call.is_swallowed else self._answered(connection, wire, kind)
        self._recorder.cross(call, Moment.AFTER)
        return answer

    def _refused(self, connection: t.Any, wire: _Wire, kind: str) -> t.Any:
        connection.close()
        return answers.refusal(kind, wire.method, wire.target, wire.call.label)

    def _answered(self, connection: t.Any, wire: _Wire, kind: str) -> t.Any:
        answer = self._getresponse(connection)
        if kind not in AFTER_EFFECT:
            return answer
        if kind in ("lost", "timeout"):
            answer.read()
            connection.close()
            raise ConnectionResetError(104, "Connection reset by peer") if kind == "lost" else socket.timeout("timed out")
        spoilt = answers.spoilt(kind, wire.method, answer)
        connection.close()
        return spoilt


def install(recorder: Recorder) -> None:
    """Put the hooks in place; the process ends with the run."""
    hooks = _Hooks(recorder)
    connection = http.client.HTTPConnection
    for name in ("putrequest", "putheader", "send", "getresponse"):
        setattr(connection, name, _method(getattr(hooks, name)))


def _method(hook: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    def method(self: t.Any, *arguments: t.Any, **keywords: t.Any) -> t.Any:
        return hook(self, *arguments, **keywords)

    return method
