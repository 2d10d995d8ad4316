# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every round trip to PostgreSQL becomes a call, with faults at it: hooks on psycopg, the only way to libpq that we have."""

from __future__ import annotations

import typing as t

import psycopg

from ansible_collections.locksmith.rotation.tests.proof.recorder import Call, Recorder
from ansible_collections.locksmith.rotation.tests.proof.runs import Moment

WHERE = "sql"
_CHANGING = ("ALTER", "CREATE", "GRANT", "DROP", "REVOKE", "COMMIT")
Original = t.Callable[..., t.Any]


def install(recorder: Recorder) -> None:
    """psycopg.connect, and what a connection does."""
    connect, execute, commit = psycopg.connect, psycopg.Connection.execute, psycopg.Connection.commit

    def connecting(*arguments: t.Any, **keywords: t.Any) -> t.Any:
        return _through(recorder, recorder.call(WHERE, "CONNECT", False), None, lambda: connect(*arguments, **keywords))

    def executing(self: t.Any, query: t.Any, *arguments: t.Any, **keywords: t.Any) -> t.Any:
        text = _text(query)
        call = recorder.call(WHERE, text, text.startswith(_CHANGING))
        return _through(recorder, call, self, lambda: execute(self, query, *arguments, **keywords))

    def committing(self: t.Any) -> None:
        _through(recorder, recorder.call(WHERE, "COMMIT", True), self, lambda: commit(self))

    setattr(psycopg, "connect", connecting)  # noqa: B010  mypy takes it for a method
    setattr(psycopg.Connection, "execute", executing)  # noqa: B010
    setattr(psycopg.Connection, "commit", committing)  # noqa: B010


def _text(query: t.Any) -> str:
    """The statement without what was put into it."""
    if isinstance(query, (str, bytes)):
        text = query if isinstance(query, str) else query.decode()
    else:
        parts = getattr(query, "_obj", query)
        text = "".join(part._obj if isinstance(part, psycopg.sql.SQL) else "…" for part in parts)
    return " ".join(text.split())[:60]


def _through(recorder: Recorder, call: Call, connection: t.Any, do: t.Callable[[], t.Any]) -> t.Any:
    recorder.cross(call, Moment.BEFORE)
    kind = call.fault.kind if call.fault else ""
    if kind in _BEFORE:
        recorder.hit()
        _hang_up(connection)
        raise _BEFORE[kind]
    if kind in _REFUSALS and connection is not None:
        recorder.hit()
        connection.rollback()
        raise _REFUSALS[kind]("injected: " + kind)
    result = do()
    if kind in _LOST:
        recorder.hit()
        _hang_up(connection if connection is not None else result)
        raise psycopg.OperationalError(_LOST[kind])
    recorder.cross(call, Moment.AFTER)
    return result


def _hang_up(connection: t.Any) -> None:
    if connection is not None:
        connection.pgconn.finish()


_CLOSED = "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally"
_BEFORE = {
    "refused": psycopg.OperationalError('connection failed: connection to server at "127.0.0.1" failed: Connection refused'),
    "reset": psycopg.OperationalError(_CLOSED),
}
_LOST = {"lost": _CLOSED, "timeout": "could not receive data from server: Connection timed out"}
_REFUSALS: dict[str, type[psycopg.Error]] = {
    "serialization": psycopg.errors.SerializationFailure,
    "deadlock": psycopg.errors.DeadlockDetected,
    "shutdown": psycopg.errors.AdminShutdown,
    "canceled": psycopg.errors.QueryCanceled,
}
#: What can go wrong here.
KINDS = (*_BEFORE, *_LOST, *_REFUSALS)
