# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes in what is posted, a line each in a file: C(receiver.py FOLDER)."""

from __future__ import annotations

import http.server
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1])


class Handler(http.server.BaseHTTPRequestHandler):
    """Writes the body and the signature down, and is content."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with (FOLDER / "heard").open("a", encoding="utf-8") as heard:
            heard.write(f"{body}\n")
        (FOLDER / "signature").write_text(self.headers["X-Hub-Signature-256"], encoding="utf-8")
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
(FOLDER / "port").write_text(str(server.server_address[1]), encoding="utf-8")
server.serve_forever()
