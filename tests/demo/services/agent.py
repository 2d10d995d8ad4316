# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A monitoring agent: reports to Datadog with an API key, and to a workspace of Amazon Managed Grafana with a token."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.demo.services.service import Service, Use, asking


def _use_of(path: Path, url: str, header: str, prefix: str = "") -> Use | None:
    if not path.exists():
        return None
    return asking(url, {header: prefix + path.read_text(encoding="utf-8").strip()})


def main(root: Path, port: int, datadog: str, workspace: str) -> None:
    uses = {
        "telemetry": _use_of(root / "etc/agent/datadog", f"{datadog}/api/v1/validate", "DD-API-KEY"),
        "exporter": _use_of(
            root / "etc/agent/grafana", f"{workspace}/api/access-control/user/permissions", "Authorization", "Bearer "
        ),
    }
    Service(root, "agent", uses).run(port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
