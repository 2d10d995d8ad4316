# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that no server gave: refusals in the shape of whoever was asked, and true answers that were spoilt on the way."""

from __future__ import annotations

import http.client
import io
import json
import typing as t

#: Seconds that a polite refusal asks for.
RETRY_AFTER = 7
#: Name of the fault to status, and the error code with which AWS says it.
REFUSALS: dict[str, tuple[int, str]] = {
    "429": (429, "ThrottlingException"),
    "429 with Retry-After": (429, "ThrottlingException"),
    "500": (500, "InternalFailure"),
    "503": (503, "ServiceUnavailable"),
    "401": (401, "ExpiredToken"),
    "403": (403, "AccessDenied"),
}
_PAGE = b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>"


class _Wire:
    """What http.client takes for a socket with an answer in it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, dummy: str) -> t.Any:
        return io.BytesIO(self._content)

    def close(self) -> None:
        """Nothing to close."""


def _parsed(status: int, headers: t.Mapping[str, str], body: bytes, length: int, method: str) -> http.client.HTTPResponse:
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {length}", "Connection: close", "", ""]
    answer = http.client.HTTPResponse(t.cast(t.Any, _Wire("\r\n".join(lines).encode() + body)), method=method)
    answer.begin()
    return answer


def refusal(kind: str, method: str, target: str, action: str) -> http.client.HTTPResponse:
    """C(target): the X-Amz-Target header, for AWS's JSON services; its query services are told by their C(action)."""
    status, code = REFUSALS[kind]
    headers = {"Content-Type": "application/json"}
    if kind.endswith("Retry-After"):
        headers["Retry-After"] = str(RETRY_AFTER)
    if target:
        status = status if status >= 500 else 400
        body = json.dumps({"__type": code, "message": "injected"}).encode()
    elif action.isalpha():
        status = {429: 400, 401: 403}.get(status, status)
        code = {"ThrottlingException": "Throttling"}.get(code, code)
        headers["Content-Type"] = "text/xml"
        text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>injected</Message></Error></ErrorResponse>"
        body = text.encode()
    else:
        body = json.dumps({"message": "injected", "errors": ["injected"]}).encode()
    return _parsed(status, headers, body, len(body), method)


def spoilt(kind: str, method: str, answer: http.client.HTTPResponse) -> http.client.HTTPResponse:
    """What arrives of a true answer."""
    body = answer.read()
    headers = {name: value for name, value in answer.getheaders() if name.lower() in ("content-type", "location")}
    if kind == "500 after the effect":
        return _parsed(500, {"Content-Type": "text/plain"}, b"injected", 8, method)
    if kind == "page":
        return _parsed(502, {"Content-Type": "text/html"}, _PAGE, len(_PAGE), method)
    if kind == "garbled":
        text = b'{"injected": ' + body[:20]
        return _parsed(answer.status, headers, text, len(text), method)
    return _parsed(answer.status, headers, body[: len(body) // 2], max(len(body), 1), method)
