# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium for tests of pages, spoken to through a pipe in its own debugging protocol; needs no library and opens no port.

It may reach nothing: the pages that it is shown are files, and whatever it asks of a network is a finding.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

_ANSWER_SECONDS = 60.0
_FLAGS = (
    "--headless",
    # It shows our own files. Its sandbox needs rights that root does not need and a container does not give.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--proxy-server=127.0.0.1:9",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
Message = t.Dict[str, t.Any]


class Chromium:
    """One browser with one page; a context manager. C(events): everything that it has reported of its own accord."""

    def __init__(self) -> None:
        self.events: list[Message] = []
        self._answers: dict[int, Message] = {}
        self._number = 0
        self._unread = b""
        self._session = ""

    def __enter__(self) -> Chromium:
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # The protocol is spoken on the descriptors 3 and 4, which a shell can give it whatever numbers ours have.
        wanted = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", wanted, "chromium", *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            self._attach()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        os.close(self._out)
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _attach(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: t.Any) -> Message:
        """Ask for something and wait for the answer.

        :raises RuntimeError: it was refused.
        """
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        give_up_at = time.monotonic() + _ANSWER_SECONDS
        while self._number not in self._answers:
            self._read(give_up_at)
        answer = self._answers.pop(self._number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: Message = answer["result"]
        return result

    def _read(self, give_up_at: float) -> None:
        ready, dummy, dummy = select.select([self._in], [], [], max(give_up_at - time.monotonic(), 0))
        chunk = os.read(self._in, 1 << 16) if ready else b""
        if not chunk:
            raise RuntimeError("Chromium has ended or does not answer")
        *messages, self._unread = (self._unread + chunk).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.events.append(message)

    def open(self, page: Path, width: int, dark: bool = False, medium: str = "screen") -> None:
        """Show a file, on a screen of C(width) pixels, or as it would be printed."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=medium, features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=page.absolute().as_uri())
        give_up_at = time.monotonic() + _ANSWER_SECONDS
        while not self.named("Page.loadEventFired"):
            self._read(give_up_at)

    def named(self, method: str) -> list[Message]:
        """The parameters of the events of one name since the page was opened."""
        return [event["params"] for event in self.events if event["method"] == method]

    def value(self, expression: str) -> t.Any:
        """What an expression of JavaScript is in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self, target: Path, height: int, top: int = 0) -> None:
        """C(height) pixels of the page from C(top) on as a PNG, or as many as there are."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": top, "width": size["width"], "height": min(size["height"] - top, height), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(base64.b64decode(shot["data"]))
