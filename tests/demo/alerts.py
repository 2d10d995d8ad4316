# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for Slack, PagerDuty, Teams and a signed webhook beside the running demo: tells them of its runs, and shows what they hear.

After C(make demo-up) and with its environment: C(python tests/demo/alerts.py). Ctrl-C ends them.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import typing as t
from pathlib import Path

import yaml

from ansible_collections.locksmith.rotation.tests.servers.alerts import AlertReceivers

TOP = Path(__file__).resolve().parents[2] / ".cache" / "demo"


def main() -> int:
    """Until somebody ends it."""
    variables = TOP / "inventory" / "group_vars" / "all" / "alerts.yml"
    if not variables.parent.is_dir():
        print("The demo does not run: make demo-up")
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell's background has them ignored
        signal.signal(number, signal.default_int_handler)
    with AlertReceivers() as receivers:
        told = {
            "rotation_notify_channels": receivers.channels(),
            "notify_source": "demo",
            "notify_state_file": f"{TOP}/alerts.json",
        }
        variables.touch(mode=0o600)
        variables.write_text(yaml.safe_dump(told), encoding="utf-8")
        print(
            f"{variables.relative_to(TOP.parents[1])} names the channels. Now let the demo rotate, in another terminal.",
            flush=True,
        )
        try:
            follow(receivers)
        except KeyboardInterrupt:
            return 0
        finally:
            variables.unlink()


def follow(receivers: AlertReceivers) -> t.NoReturn:
    """Print what each of them takes in."""
    seen: dict[str, int] = {}
    while True:
        for name, messages in receivers.state()["told"].items():
            for message in messages[seen.get(name, 0) :]:
                print(f"\n{name} heard:\n{json.dumps(message, indent=2, ensure_ascii=False)}", flush=True)
            seen[name] = len(messages)
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
