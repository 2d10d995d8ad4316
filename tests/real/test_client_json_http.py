# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON client against a server that answers whatever the test says, over plain HTTP, TLS and a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
import time
import typing as t
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import json_http
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Authorization, Connection, JsonClient
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    LocksmithError,
    MissingLibrary,
    NotFound,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.servers.certificates import make_authority_and_certificate

SECRET = "glsa_very-secret-token"


class Reply(t.NamedTuple):
    status: int = 200
    body: bytes = b'{"ok": true}'
    headers: dict[str, str] = {}
    delay: float = 0.0
    announced: int | None = None


class Scripted(ThreadingHTTPServer):
    """Gives C(replies) one after the other, the last one for ever, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = [Reply()]
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __exit__(self, *dummy: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *dummy: object) -> None:
        """Clients hang up on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        replies = self.server.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        time.sleep(reply.delay)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if reply.announced is None else reply.announced))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_DELETE = serve

    def log_message(self, format: str, *args: t.Any) -> None:
        """Quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Scripted]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Scripted() as running:
        yield running


def make_client(url: str, clock: HastyClock | None = None, connection: Connection | None = None, **more: t.Any) -> JsonClient:
    return JsonClient(url, Authorization.bearer(SECRET), connection, clock=clock or HastyClock(), **more)


# ---- statuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, Denied),
        (402, Rejected),
        (403, Denied),
        (404, NotFound),
        (409, Rejected),
        (410, Rejected),
        (422, Rejected),
        (500, Unreachable),
        (501, Unreachable),
    ],
)
def test_a_status_becomes_an_error_that_names_request_and_status(
    server: Scripted, status: int, error: type[LocksmithError]
) -> None:
    server.replies = [Reply(status, b'{"message": "words of the vendor"}')]
    with pytest.raises(error, match=rf"^GET /api/thing at {server.url} was answered with status {status}\.") as caught:
        make_client(server.url).request("GET", "/api/thing", query={"q": "query-secret"})
    assert "words of the vendor" not in str(caught.value)
    assert "query-secret" not in str(caught.value)
    assert len(server.asked) == 1


def test_an_accepted_status_is_an_answer(server: Scripted) -> None:
    server.replies = [Reply(404, b'{"message": "no such thing"}')]
    answer = make_client(server.url, error_message=lambda body: body["message"]).request("GET", "/x", accept=(404,))
    assert (answer.status, answer.message, answer.mapping()) == (404, "no such thing", {"message": "no such thing"})


def test_the_vendors_words_are_shown_without_our_secret_on_one_short_line(server: Scripted) -> None:
    server.replies = [Reply(400, f"bad\nthing {SECRET}\x1b[31m {'x' * 500}".encode())]
    with pytest.raises(Rejected) as caught:
        make_client(server.url, error_message=str).request("GET", "/x")
    assert "(bad thing *** [31m xxx" in caught.value.message
    assert len(caught.value.message) < 320


def test_an_empty_answer_is_success_where_nothing_is_needed_from_it(server: Scripted) -> None:
    server.replies = [Reply(204, b"")]
    answer = make_client(server.url).request("DELETE", "/x")
    with pytest.raises(Unreachable, match="without the JSON object"):
        answer.mapping()


@pytest.mark.parametrize("body", [b"<html>", b'{"cut', b"[1, 2]", b'{"id": "7"}', b"null", b"\xff\xfe", b"[" * 100000])
def test_an_answer_without_what_belongs_there_is_unusable(server: Scripted, body: bytes) -> None:
    server.replies = [Reply(200, body)]
    answer = make_client(server.url).request("POST", "/x", body={}, creates=True)
    for read in (lambda: answer.field("id", int), answer.rows):
        with pytest.raises(Unreachable, match="may have taken effect"):
            read()
    assert "payload" not in repr(answer)


# ---- trying again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reading_is_tried_five_times_with_growing_pauses(server: Scripted, status: int) -> None:
    server.replies = [Reply(status)]
    clock = HastyClock()
    with pytest.raises(Unreachable, match=f"status {status}"):
        make_client(server.url, clock).request("GET", "/x")
    assert len(server.asked) == 5
    assert len(clock.pauses) == 4
    for pause, longest in zip(clock.pauses, (0.5, 1, 2, 4)):
        assert longest / 2 <= pause <= longest


def test_pauses_differ_between_hosts(server: Scripted) -> None:
    server.replies = [Reply(503)]
    pauses = set()
    for _turn in range(3):
        clock = HastyClock()
        with pytest.raises(Unreachable):
            make_client(server.url, clock, attempts=2).request("GET", "/x")
        pauses.add(clock.pauses[0])
    assert len(pauses) == 3


@pytest.mark.parametrize(
    ("header", "shortest", "longest"),
    [
        ("17", 17, 17),
        ("0", 0, 0),
        ("3600", 60, 60),
        (+40, 20, 41),
        (-40, 0, 0),
        ("soon", 0.25, 0.5),
        ("-5", 0.25, 0.5),
    ],
)
def test_retry_after_is_honoured_up_to_a_minute(server: Scripted, header: str | int, shortest: float, longest: float) -> None:
    """A number stands for a date that many seconds from now."""
    header = header if isinstance(header, str) else formatdate(time.time() + header, usegmt=True)
    server.replies = [Reply(429, headers={"Retry-After": header}), Reply()]
    clock = HastyClock()
    assert make_client(server.url, clock).request("GET", "/x").mapping() == {"ok": True}
    assert shortest <= clock.pauses[0] <= longest


@pytest.mark.parametrize(
    ("headers", "shortest", "longest"),
    [
        ({"X-RateLimit-Reset": "7"}, 7, 7),
        ({"X-RateLimit-Reset": "{in 20 s}"}, 18, 20),
        ({"X-RateLimit-Reset": "soon"}, 0, 1),
        ({"X-RateLimit-Reset": "1"}, 1, 1),
        ({"Retry-After": "9", "X-RateLimit-Reset": "7"}, 9, 9),
    ],
)
def test_a_vendors_own_header_says_how_long_to_wait(
    server: Scripted, headers: dict[str, str], shortest: float, longest: float
) -> None:
    """Seconds that are left, or the moment when the next period begins."""
    clock = HastyClock()
    said = {name: value.replace("{in 20 s}", str(int(time.time()) + 20)) for name, value in headers.items()}
    server.replies = [Reply(429, headers=said), Reply()]
    make_client(server.url, clock, pause_headers=("Retry-After", "X-RateLimit-Reset")).request("GET", "/x")
    assert [shortest <= pause <= longest for pause in clock.pauses] == [True]


def test_one_request_has_headers_of_its_own_and_a_path_that_is_not_shown(server: Scripted) -> None:
    server.replies = [Reply(404)]
    client = make_client(server.url)
    with pytest.raises(NotFound) as caught:
        client.request("GET", f"/keys/{SECRET}", headers={"X-One": "1"}, shown="/keys/***")
    assert "GET /keys/*** at" in caught.value.message and (SECRET in str(caught.value)) is False
    with pytest.raises(NotFound):
        client.request("GET", "/other")
    assert [(path, headers.get("X-One")) for method, path, headers in server.asked] == [
        (f"/keys/{SECRET}", "1"),
        ("/other", None),
    ]


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<https://a/keys?page=2>; rel="next", <https://a/keys?page=9>; rel="last"', "https://a/keys?page=2"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_an_answer_says_where_it_goes_on(server: Scripted, link: str, url: str) -> None:
    server.replies = [Reply(headers={"Link": link})]
    assert make_client(server.url).request("GET", "/keys").next_url == url


def test_all_pauses_together_are_bounded(server: Scripted) -> None:
    server.replies = [Reply(429, headers={"Retry-After": "60"})]
    clock = HastyClock()
    with pytest.raises(Unreachable, match="429"):
        make_client(server.url, clock, attempts=50).request("GET", "/x")
    assert sum(clock.pauses) == 120


def test_creating_is_repeated_after_429_only(server: Scripted) -> None:
    server.replies = [Reply(429), Reply(201)]
    assert make_client(server.url).request("POST", "/x", body={}, creates=True).status == 201
    assert len(server.asked) == 2
    server.replies = [Reply(503), Reply(201)]
    with pytest.raises(Unreachable, match="503.* may have taken effect"):
        make_client(server.url).request("POST", "/x", body={}, creates=True)
    assert len(server.asked) == 3


def test_a_refused_connection_had_no_effect_and_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        clock = HastyClock()
        with pytest.raises(Unreachable, match="could not connect") as caught:
            make_client(url, clock).request("POST", "/x", body={}, creates=True)
    assert "may have taken effect" not in str(caught.value)
    assert len(clock.pauses) == 4


@pytest.mark.parametrize(("creates", "requests"), [(True, 1), (False, 2)])
def test_a_slow_answer(server: Scripted, monkeypatch: pytest.MonkeyPatch, creates: bool, requests: int) -> None:
    monkeypatch.setattr(json_http, "READ_TIMEOUT", 0.2)
    server.replies = [Reply(delay=1.0)]
    with pytest.raises(Unreachable, match="got no answer") as caught:
        make_client(server.url, attempts=2).request("POST", "/x", body={}, creates=creates)
    assert ("may have taken effect" in str(caught.value)) is creates
    assert len(server.asked) == requests


def test_a_cut_answer_is_no_answer(server: Scripted) -> None:
    server.replies = [Reply(200, b"[", announced=2), Reply(200, b"[]")]
    assert make_client(server.url).request("GET", "/x").rows() == []
    assert len(server.asked) == 2


# ---- where the login goes ----------------------------------------------------------------------------------------------


def test_the_login_is_not_carried_to_where_a_redirect_leads(server: Scripted) -> None:
    with Scripted() as other:
        location = other.url.replace("//", "//user:word@") + "/login?next=secret"
        server.replies = [Reply(302, headers={"Location": location})]
        with pytest.raises(Rejected, match=f"redirect to {other.url};") as caught:
            make_client(server.url).request("GET", "/x")
        assert other.asked == []
    assert "word" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("location", ["/elsewhere", "", "http://[broken", "//"])
def test_odd_redirects(server: Scripted, location: str) -> None:
    server.replies = [Reply(308, headers={"Location": location})]
    with pytest.raises(Rejected, match="redirect"):
        make_client(server.url).request("GET", "/x")


@pytest.mark.parametrize(
    ("authorization", "sent"),
    [
        (Authorization(), None),
        (Authorization.bearer(SECRET), f"Bearer {SECRET}"),
        (Authorization.basic("ädmin", "pass:wörd"), "Basic w6RkbWluOnBhc3M6d8O2cmQ="),
    ],
)
def test_no_password_is_picked_up_from_netrc(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authorization: Authorization, sent: str | None
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    JsonClient(server.url, authorization).request("GET", "/x")
    assert server.asked[0][2].get("Authorization") == sent


def test_a_header_of_the_vendors_own(server: Scripted) -> None:
    JsonClient(server.url, Authorization.header("X-Api-Key", SECRET)).request("GET", "/x")
    assert server.asked[0][2]["X-Api-Key"] == SECRET


@pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "a\x00", "ä"])
def test_what_cannot_be_a_token_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Authorization.bearer("quite-secret" + token if token else "")
    assert "quite-secret" not in str(caught.value)


def test_the_proxy_of_the_environment_is_used_unless_told_otherwise(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//me:proxy-word@"))
    make_client("http://grafana.invalid").request("GET", "/x")
    assert server.asked[0][1] == "http://grafana.invalid/x"
    with pytest.raises(Unreachable, match="could not connect") as caught:
        make_client("http://grafana.invalid", connection=Connection(use_proxy=False)).request("GET", "/x")
    assert len(server.asked) == 1
    assert "proxy-word" not in str(caught.value)


def test_a_proxy_that_is_down_had_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:proxy-word@127.0.0.1:9")
    with pytest.raises(Unreachable, match="could not connect") as caught:
        make_client("http://grafana.invalid").request("POST", "/x", body={}, creates=True)
    assert "proxy-word" not in str(caught.value)
    assert "may have taken effect" not in str(caught.value)


# ---- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[Scripted, str, str]]:
    """A server, the CA of its certificate, and a CA that it has nothing to do with."""
    top = tmp_path_factory.mktemp("tls")
    for name, content in zip(("ca.pem", "cert.pem", "key.pem"), make_authority_and_certificate()):
        (top / name).write_bytes(content)
    (top / "other.pem").write_bytes(make_authority_and_certificate()[0])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(top / "cert.pem", top / "key.pem")
    with Scripted(context) as running:
        yield running, str(top / "ca.pem"), str(top / "other.pem")


def test_a_certificate_is_checked(tls: tuple[Scripted, str, str], server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    running, authority, other = tls
    for connection in (Connection(), Connection(ca_path=other)):
        clock = HastyClock()
        with pytest.raises(Unreachable, match="certificate is not trusted") as caught:
            make_client(running.url, clock, connection).request("POST", "/x", body={}, creates=True)
        assert "ca_path" in caught.value.next_step
        assert clock.pauses == []
    assert make_client(running.url, connection=Connection(ca_path=authority)).request("GET", "/x").status == 200
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority)
    assert make_client(running.url).request("GET", "/x").status == 200
    with pytest.raises(Unreachable, match="not trusted"):
        make_client(running.url, connection=Connection(ca_path=other)).request("GET", "/x")


def test_a_certificate_goes_unchecked_only_on_request(
    tls: tuple[Scripted, str, str], server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, dummy, other = tls
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other)
    assert make_client(running.url, connection=Connection(validate_certs=False)).request("GET", "/x").status == 200


@pytest.mark.parametrize("option", ["ca_path", "client_cert"])
def test_a_missing_file_is_the_users_mistake(tls: tuple[Scripted, str, str], server: Scripted, option: str) -> None:
    connection = Connection.from_options({option: "/nonexistent/file.pem", "validate_certs": True, "unrelated": 1})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        make_client(tls[0].url, connection=connection).request("GET", "/x")


def test_plain_http_at_a_tls_port(tls: tuple[Scripted, str, str], server: Scripted) -> None:
    with pytest.raises(Unreachable, match="failed in TLS"):
        make_client(server.url.replace("http:", "https:"), attempts=2).request("GET", "/x")


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_http, "HAS_REQUESTS", False)
    with pytest.raises(MissingLibrary, match="requests"):
        make_client("http://127.0.0.1")
