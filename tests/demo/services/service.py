# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the services of the demo share: they use their credentials all the time, count, and answer C(/health) over HTTP.

Like most services they read their credentials once, when they start.
"""

from __future__ import annotations

import http.server
import json
import signal
import threading
import time
import typing as t
import urllib.request
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.demo.services.counter import Counter

Use = t.Callable[[], None]
#: Seconds between two uses of a credential.
PAUSE = 0.2


def asking(url: str, headers: t.Mapping[str, str]) -> Use:
    """To ask a page with a credential in its headers, past any proxy of the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers=dict(headers))

    def use() -> None:
        with opener.open(request, timeout=5) as answer:
            answer.read()

    return use


class Service:
    """C(uses): credential to what is done with it, which raises when it fails. None: its file is not there yet."""

    def __init__(self, root: Path, name: str, uses: t.Mapping[str, Use | None]) -> None:
        self._uses = uses
        self._counters = {credential: Counter(root / "var" / "count" / f"{name}.{credential}") for credential in uses}

    def run(self, port: int) -> None:
        """Serve until SIGTERM."""
        signal.signal(signal.SIGTERM, _end)
        for credential in self._uses:
            threading.Thread(target=self._keep_using, args=(credential,), daemon=True).start()
        http.server.ThreadingHTTPServer.daemon_threads = True
        http.server.ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self)).serve_forever()

    def _keep_using(self, credential: str) -> None:
        while self._uses[credential]:
            self.use(credential)
            time.sleep(PAUSE)

    def use(self, credential: str) -> bool:
        """Use it once, and count."""
        use = self._uses[credential]
        if use is None:
            return False
        try:
            use()
        except Exception as error:  # a refused login, whatever the library calls it
            self._counters[credential].count(False, type(error).__name__)
            return False
        self._counters[credential].count(True)
        return True

    def answer(self, path: str) -> tuple[int, dict[str, t.Any]]:
        """Status and body of a page."""
        if path == "/health":
            well = {credential: counter.is_well for credential, counter in self._counters.items()}
            return (200 if all(well.values()) else 503), well
        if path == "/stats":
            return 200, {credential: [counter.served, counter.failed] for credential, counter in self._counters.items()}
        credential = path.strip("/")
        if credential in self._uses:
            return (200 if self.use(credential) else 500), {}
        return 404, {}


def _end(number: int, frame: t.Any) -> None:
    raise SystemExit(0)


def _handler_of(service: Service) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = service.answer(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
