# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event-Driven Ansible: webhooks of those who find leaked keys, each verified as its sender signs.

Use it with the filter C(locksmith.rotation.leaked_keys), which keeps nothing but key ids of what is sent.

Arguments:
    sender: github, gitguardian or bearer.
    secret: what the sender signs with: the webhook's secret (github), the signature token (gitguardian), the token (bearer).
    host: the address to listen on. 127.0.0.1 by default, behind a proxy that ends TLS.
    port: the port to listen on.
    certfile, keyfile: to end TLS here.
    github_token: for sender github, a token with the right to read secret scanning alerts: the webhook itself does not hold the key.
    github_api: https://api.github.com by default.

How they sign:
    github: X-Hub-Signature-256, HMAC-SHA256 of the body (docs.github.com, "Validating webhook deliveries").
    gitguardian: Gitguardian-Signature, HMAC-SHA256 of the body with the header Timestamp and the token, one after the other, as its key
        (docs.gitguardian.com, "Custom webhook"). C(ansible.eda.webhook), whose key is fixed, cannot verify that.
    bearer: Authorization: Bearer TOKEN, as EventBridge's API destinations and Datadog's webhooks can send.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
import ssl
import time
import typing as t

import aiohttp
from aiohttp import web

#: Bytes of a request. GitHub sends up to 25 MB, none of which is about one alert.
_LARGEST = 1 << 20
#: Seconds that a signed time may be off.
_SKEW = 300
_ATTEMPTS = 3
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]+")
#: What happened to an alert that makes it one to answer.
_GITHUB_ACTIONS = ("created", "reopened", "publicly_leaked")

_log = logging.getLogger(__name__)


class Unavailable(Exception):
    """GitHub did not say what its alert is about."""


def from_github(headers: t.Mapping[str, str], body: bytes, secret: bytes) -> bool:
    """Is it GitHub's?"""
    return _same(headers.get("X-Hub-Signature-256", ""), "sha256=" + _hmac(secret, body))


def from_gitguardian(headers: t.Mapping[str, str], body: bytes, secret: bytes) -> bool:
    """Is it GitGuardian's, and of this moment?"""
    stamp = headers.get("Timestamp", "")
    if not stamp.isascii() or not stamp.replace(".", "", 1).isdigit() or abs(float(stamp) - time.time()) > _SKEW:
        return False
    return _same(headers.get("Gitguardian-Signature", ""), "sha256=" + _hmac(stamp.encode() + secret, body))


def from_bearer(headers: t.Mapping[str, str], body: bytes, secret: bytes) -> bool:
    """Does it hold the token?"""
    return _same(headers.get("Authorization", ""), "Bearer " + secret.decode())


SENDERS: dict[str, t.Callable[[t.Mapping[str, str], bytes, bytes], bool]] = {
    "github": from_github,
    "gitguardian": from_gitguardian,
    "bearer": from_bearer,
}


def _hmac(key: bytes, body: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def github_alert(payload: t.Any) -> tuple[str, int] | None:
    """The repository and the number of an alert that is to be answered. Nothing else of the event is used."""
    try:
        repository, number = payload["repository"]["full_name"], payload["alert"]["number"]
        wanted = payload["action"] in _GITHUB_ACTIONS
    except (KeyError, TypeError):
        return None
    is_sound = isinstance(repository, str) and _REPOSITORY.fullmatch(repository) and ".." not in repository
    return (repository, number) if wanted and is_sound and _is_number(number) else None


def _is_number(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


async def ask_github(api: str, token: str, repository: str, number: int) -> str:
    """What GitHub found there. Sent to C(api) of the rulebook and to nowhere else.

    :raises Unavailable: it does not say.
    """
    address = f"{api.rstrip('/')}/repos/{repository}/secret-scanning/alerts/{number}"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    status = 0
    async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session:
        for attempt in range(_ATTEMPTS):
            try:
                async with session.get(address, allow_redirects=False) as answer:
                    status = answer.status
                    if status == 200:
                        return str((await answer.json()).get("secret") or "")
                    if status not in (429, 500, 502, 503, 504):
                        break
            except (aiohttp.ClientError, TimeoutError, ValueError):
                pass
            await asyncio.sleep(2**attempt)
    raise Unavailable(f"GitHub did not tell the secret of alert {number} of {repository} (HTTP {status or 'no answer'})")


class Receiver:
    """One webhook. See the module's docstring for C(args)."""

    def __init__(self, queue: asyncio.Queue[t.Any], args: t.Mapping[str, t.Any]) -> None:
        self._queue, self._args = queue, args
        self._is_theirs = SENDERS[args["sender"]]
        self._secret = str(args["secret"]).encode()
        if not self._secret or (args["sender"] == "github" and not args.get("github_token")):
            raise ValueError("leak_webhook needs a secret, and a github_token for sender github: nothing unsigned is taken")

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one request. Says nothing about why one is refused."""
        body = await request.read()
        if not self._is_theirs(request.headers, body, self._secret):
            _log.warning("a request that is not signed as %s signs was refused", self._args["sender"])
            return web.Response(status=401)
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(status=400)
        try:
            event = await self._event(payload)
        except Unavailable as problem:
            _log.error("%s: look at it there, and run the emergency playbook by name if it is one of yours", problem)
            return web.Response(status=502)
        if event is not None:
            await self._queue.put(event)
        return web.Response(status=202)

    async def _event(self, payload: t.Any) -> dict[str, t.Any] | None:
        if self._args["sender"] != "github":
            return {"payload": payload}
        alert = github_alert(payload)
        if alert is None:
            return None
        found = await ask_github(self._args.get("github_api") or "https://api.github.com", self._args["github_token"], *alert)
        return {"payload": {"secret": found}}


def _tls(args: t.Mapping[str, t.Any]) -> ssl.SSLContext | None:
    if not args.get("certfile"):
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(args["certfile"], args.get("keyfile"))
    return context


async def main(queue: asyncio.Queue[t.Any], args: dict[str, t.Any]) -> None:
    """What ansible-rulebook calls. Listens until it is cancelled."""
    receiver = Receiver(queue, args)
    application = web.Application(client_max_size=_LARGEST)
    application.router.add_post("/{path:.*}", receiver.receive)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, str(args.get("host") or "127.0.0.1"), int(args["port"]), ssl_context=_tls(args))
        await site.start()
        await asyncio.Future()
    finally:
        await runner.cleanup()
