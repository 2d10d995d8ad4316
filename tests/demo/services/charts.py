# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that asks Grafana with a token all the time."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.demo.services.service import Service, Use


def _use_of(token: str, url: str) -> Use:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{url}/api/access-control/user/permissions", headers={"Authorization": f"Bearer {token}"})

    def use() -> None:
        with opener.open(request, timeout=5) as answer:
            answer.read()

    return use


def main(root: Path, port: int, url: str) -> None:
    path = root / "etc/charts/token"
    use = _use_of(path.read_text(encoding="utf-8").strip(), url) if path.exists() else None
    Service(root, "charts", {"dashboards": use}).run(port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
