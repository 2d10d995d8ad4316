# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is alerted in tests: the stand-ins of C(alerts_standin.py) as a server, and the channels that lead there."""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer


class AlertReceivers(JsonServer):
    """Slack, PagerDuty, a Teams workflow and a receiver of signed JSON."""

    STANDIN = "alerts_standin"

    def __init__(self, **settings: t.Any) -> None:
        super().__init__(**settings)
        self.slack_path = f"/services/T{secrets.token_hex(4)}/B{secrets.token_hex(4)}/{secrets.token_hex(12)}"
        self.routing_key = secrets.token_hex(16)
        self.teams_path = f"/workflows/{secrets.token_hex(16)}/triggers/manual/paths/invoke"
        self.teams_signature = secrets.token_urlsafe(32)
        self.hook_secret = secrets.token_hex(32)

    def told(self) -> dict[str, t.Any]:
        return {
            "slack_path": self.slack_path,
            "routing_key": self.routing_key,
            "teams_path": self.teams_path,
            "teams_signature": self.teams_signature,
            "hook_secret": self.hook_secret,
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        slack, teams = self.slack_path.rpartition("/")[2], self.teams_path.split("/")[2]
        return slack, teams, self.routing_key, self.teams_signature, self.hook_secret

    def heard(self, receiver: str) -> list[t.Any]:
        """What C(slack), C(pagerduty), C(changes), C(teams) or C(hooks) took in, in order."""
        return list(self.state()["told"][receiver])

    def open_alerts(self) -> dict[str, str]:
        """PagerDuty's open alerts: key to severity."""
        return dict(self.state()["alerts"])

    def forget(self) -> None:
        """Everything that was taken in."""
        self.side_door("forget")

    def channel(self, kind: str, **more: t.Any) -> dict[str, t.Any]:
        """A channel as a user writes it."""
        teams = f"{self.teams_path}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={self.teams_signature}"
        options: dict[str, dict[str, t.Any]] = {
            "slack": {"url": self.url + self.slack_path},
            "pagerduty": {"url": self.url, "routing_key": self.routing_key},
            "teams": {"url": self.url + teams},
            "webhook": {"url": self.url + "/hooks/some-secret-path", "hmac_secret": self.hook_secret},
        }
        return {"kind": kind, **options[kind], **more}

    def channels(self) -> list[dict[str, t.Any]]:
        """One of each kind."""
        return [self.channel(kind) for kind in ("slack", "pagerduty", "teams", "webhook")]
