# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's own tools: a forked run dies where it was told to, and faults at its requests are what they say they are."""

from __future__ import annotations

import http.server
import os
import threading
import typing as t
from pathlib import Path

import psycopg
import pytest
import requests

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected
from ansible_collections.locksmith.rotation.tests.proof import answers, hooks_http, hooks_sql
from ansible_collections.locksmith.rotation.tests.proof.runs import Ended, Fault, Moment, Run, Way
from ansible_collections.locksmith.rotation.tests.proof.zygote import Zygote
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres


class Server:
    """Answers every request with C({"said": "yes"}) and remembers its method and path."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _serve(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.seen.append(f"{self.command} {self.path}")
                body = b'{"said": "yes"}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _serve

            def log_message(self, *dummy: object) -> None:
                return

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def zygote() -> t.Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


@pytest.fixture
def server(zygote: Zygote) -> t.Iterator[Server]:
    """After the zygote, which must be forked without threads."""
    with Server() as made:
        yield made


def ask(url: str) -> t.Any:
    """A reading and a changing request on one session."""
    with requests.Session() as session:
        session.get(url + "/look", timeout=5)
        answer = session.post(url + "/change", json={"a": 1}, timeout=5)
        return answer.status_code, answer.headers.get("Retry-After"), answer.json()["said"] if answer.ok else ""


def write(path: str) -> None:
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write("new")
    os.replace(path + ".new", path)


def refuse() -> None:
    raise Rejected("It was refused.", next_step="ask again.")


def break_down() -> None:
    raise KeyError("a secret")


def pause() -> tuple[float, float]:
    clock = SystemClock()
    before = clock.now(), clock.monotonic()
    clock.sleep(3600)
    return clock.now() - before[0], clock.monotonic() - before[1]


def change_password(dsn: dict[str, t.Any]) -> str:
    with psycopg.connect(**dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS changed (at int)")
        connection.commit()
    return "changed"


def test_a_run_returns_what_its_job_returns(zygote: Zygote, server: Server) -> None:
    ended = zygote.run(Run(ask, {"url": server.url}))
    assert (ended.way, ended.result) == (Way.DONE, (200, None, "yes"))
    labels = [(each.moment, each.label.partition(":")[0]) for each in ended.boundaries]
    assert labels == [
        (Moment.BEFORE, "GET /look"),
        (Moment.AFTER, "GET /look"),
        (Moment.BEFORE, "POST /change"),
        (Moment.SENT, "POST /change"),
        (Moment.AFTER, "POST /change"),
        (Moment.END, "everything"),
    ]
    assert (ended.calls, ended.writes) == (2, 1)


@pytest.mark.parametrize(("point", "seen"), [(1, 0), (2, 1), (3, 1), (5, 2), (6, 2)])
def test_a_run_dies_at_the_boundary_that_it_was_told(zygote: Zygote, server: Server, point: int, seen: int) -> None:
    assert zygote.run(Run(ask, {"url": server.url}, kill_at=point)) == Ended(Way.KILLED)
    assert len(server.seen) == seen


def test_a_run_beyond_its_last_boundary_is_not_killed(zygote: Zygote, server: Server) -> None:
    assert zygote.run(Run(ask, {"url": server.url}, kill_at=7)).way is Way.DONE


@pytest.mark.parametrize("kind", hooks_http.KINDS)
def test_a_fault_at_a_request_is_what_its_name_says(zygote: Zygote, server: Server, kind: str) -> None:
    ended = zygote.run(Run(ask, {"url": server.url}, faults=(Fault(kind, 2, 2),)))
    assert ended.faults_hit == 1
    carried_out = kind in hooks_http.AFTER_EFFECT
    assert server.seen == ["GET /look", "POST /change"][: 2 if carried_out else 1]
    if kind in answers.REFUSALS:
        polite = str(answers.RETRY_AFTER) if kind.endswith("Retry-After") else None
        assert ended.result == (answers.REFUSALS[kind][0], polite, "")
    elif kind in ("page", "500 after the effect"):
        assert ended.result[0] in (500, 502)
    else:
        expected = {"timeout": ("ReadTimeout",), "garbled": ("JSONDecodeError",), "truncated": ("ChunkedEncodingError",)}
        assert ended.way is Way.CRASHED
        assert ended.kind in expected.get(kind, ("ConnectionError",))


def test_a_fault_is_only_where_it_belongs(zygote: Zygote, server: Server) -> None:
    elsewhere = Fault("503", 1, 9, "127.0.0.1:1")
    assert zygote.run(Run(ask, {"url": server.url}, faults=(elsewhere,))).faults_hit == 0


@pytest.mark.parametrize(("point", "left"), [(1, ["file"]), (2, ["file", "file.new"]), (3, ["file"])])
def test_changes_of_files_are_boundaries(zygote: Zygote, tmp_path: Path, point: int, left: list[str]) -> None:
    (tmp_path / "file").write_text("old", encoding="utf-8")
    ended = zygote.run(Run(write, {"path": str(tmp_path / "file")}, scratch=str(tmp_path), kill_at=point))
    assert ended.way is Way.KILLED
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    assert (tmp_path / "file").read_text(encoding="utf-8") == ("new" if point == 3 else "old")


def test_our_own_errors_are_told_from_others_and_no_text_of_those_comes_back(zygote: Zygote) -> None:
    refused, broken = zygote.run_all([Run(refuse, {}), Run(break_down, {})])
    assert (refused.way, refused.kind, refused.next_step) == (Way.FAILED, "Rejected", "ask again.")
    assert (broken.way, broken.kind) == (Way.CRASHED, "KeyError")
    assert "secret" not in repr(broken)


def test_waiting_costs_nothing_and_moves_the_clock(zygote: Zygote) -> None:
    ended = zygote.run(Run(pause, {}, offset=-600.0))
    assert list(ended.pauses) == [3600.0]
    assert all(3600 <= passed < 3610 for passed in ended.result)


def test_faults_at_postgresql(zygote: Zygote) -> None:
    with Postgres(18) as database:
        database.sql("CREATE ROLE unused")
        for kind in hooks_sql.KINDS:
            job = {"dsn": {**database.admin_dsn, "connect_timeout": 5}}
            at = 1 if kind == "refused" else 3
            ended = zygote.run(Run(change_password, job, faults=(Fault(kind, at, at, hooks_sql.WHERE),)))
            assert (ended.way, ended.faults_hit) == (Way.CRASHED, 1), kind
            there = database.sql("SELECT to_regclass('changed') IS NOT NULL")[0][0]
            assert there is (kind in ("lost", "timeout")), kind
            database.sql("DROP TABLE IF EXISTS changed")
