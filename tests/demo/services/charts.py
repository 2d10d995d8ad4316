# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that asks Grafana with a token all the time."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.demo.services.service import Service, Use, asking


def main(root: Path, port: int, url: str) -> None:
    path = root / "etc/charts/token"
    uses: dict[str, Use | None] = {"dashboards": None}
    if path.exists():
        token = path.read_text(encoding="utf-8").strip()
        uses["dashboards"] = asking(f"{url}/api/access-control/user/permissions", {"Authorization": f"Bearer {token}"})
    Service(root, "charts", uses).run(port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
