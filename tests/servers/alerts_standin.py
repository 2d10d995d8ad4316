# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for those who are alerted: Slack, PagerDuty, a Teams workflow and a receiver of signed JSON, as strict as their documentation.

One server plays all four, below C(/services), C(/v2), C(/workflows) and C(/hooks). Sources: Slack's "Sending messages using incoming
webhooks", "Improving error conditions for Incoming Webhooks" and the reference of Block Kit; PagerDuty's developer-docs
(events-API-v2); Microsoft's "Create and send messages" and reference of the Teams connector; the Adaptive Cards schema 1.2.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import re
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.json_standin import Api, Refusal, Reply, Request, digest, run

_KIB = 1024
_TEXTS = ("plain_text", "mrkdwn")
_SEVERITIES = ("critical", "error", "warning", "info")


@dataclasses.dataclass
class Settings:
    """C(slack_archived): the channel was archived."""

    slack_archived: bool = False


@dataclasses.dataclass
class Body:
    raw: bytes
    json: t.Any
    kind: str


class AlertApi(Api):
    """C(told): for each receiver what it took in. C(alerts): PagerDuty's open ones by key."""

    def __init__(self, start: dict[str, t.Any]) -> None:
        super().__init__()
        self.settings = Settings(**start["settings"])
        self.slack_path, self.routing_key = start["slack_path"], start["routing_key"]
        self.teams_path, self.signature = start["teams_path"], start["teams_signature"]
        self.hook_secret = start["hook_secret"]
        self.told: dict[str, list[t.Any]] = {"slack": [], "pagerduty": [], "changes": [], "teams": [], "hooks": []}
        self.alerts: dict[str, str] = {}

    def decoded(self, raw: bytes, content_type: str) -> Body:
        try:
            return Body(raw, json.loads(raw), content_type)
        except ValueError:
            return Body(raw, None, content_type)

    def state(self) -> dict[str, t.Any]:
        return {"told": self.told, "alerts": self.alerts, "digests": [digest(self.routing_key), digest(self.hook_secret)]}

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        if name != "forget":
            return super().setup(name, body)
        for told in self.told.values():
            told.clear()
        self.alerts.clear()
        return {}

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, refusal.more.get("payload", refusal.message))

    def serve(self, request: Request) -> Reply:
        root = request.path.split("/")[1]
        receive = {"services": self._slack, "v2": self._pagerduty, "workflows": self._teams, "hooks": self._hook}.get(root)
        if receive is None or request.method != "POST":
            raise Refusal(404 if receive is None else 405, "not_found")
        if not isinstance(request.body, Body) or not request.body.kind.startswith("application/json"):
            raise Refusal(400, "invalid_payload")
        return receive(request)

    # ---- Slack -----------------------------------------------------------------------------------------------------

    def _slack(self, request: Request) -> Reply:
        body = request.body.json
        if request.path != self.slack_path:
            raise Refusal(404, "no_service")
        if self.settings.slack_archived:
            raise Refusal(410, "channel_is_archived")
        if not isinstance(body, dict) or not (body.get("text") or body.get("blocks")):
            raise Refusal(400, "invalid_payload")
        blocks = body.get("blocks", [])
        if not isinstance(blocks, list) or len(blocks) > 50 or not all(map(_is_block, blocks)):
            raise Refusal(400, "invalid_blocks")
        if len(str(body.get("text", ""))) > 40_000:
            raise Refusal(400, "msg_too_long")
        self.told["slack"].append(body)
        return Reply(200, "ok")

    # ---- PagerDuty -------------------------------------------------------------------------------------------------

    def _pagerduty(self, request: Request) -> Reply:
        if request.path not in ("/v2/enqueue", "/v2/change/enqueue"):
            raise Refusal(404, "Not Found")
        if len(request.body.raw) > 512 * _KIB:
            raise Refusal(413, "Payload Too Large")
        event = request.body.json
        changes = request.path == "/v2/change/enqueue"
        errors = ["JSON is not an object"] if not isinstance(event, dict) else [*_wrong_event(event, changes)]
        if not errors and event["routing_key"] != self.routing_key:
            errors = ["Invalid routing key"]
        if errors:
            payload = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            raise Refusal(400, payload=payload)
        shown = {name: value for name, value in event.items() if name != "routing_key"}
        if changes:
            self.told["changes"].append(shown)
            return Reply(202, {"message": "Change event processed", "status": "success"})
        self.told["pagerduty"].append(shown)
        self._apply(event)
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": event.get("dedup_key")})

    def _apply(self, event: dict[str, t.Any]) -> None:
        """A resolve without an open alert is dropped."""
        if event["event_action"] == "trigger":
            self.alerts[event["dedup_key"]] = event["payload"]["severity"]
        elif event["event_action"] == "resolve":
            self.alerts.pop(event["dedup_key"], None)

    # ---- Teams -----------------------------------------------------------------------------------------------------

    def _teams(self, request: Request) -> Reply:
        if request.path != self.teams_path:
            raise Refusal(404, payload={"error": {"code": "WorkflowNotFound", "message": "The workflow could not be found."}})
        if request.query.get("sig") != self.signature or request.query.get("sp") != "/triggers/manual/run":
            code = "DirectApiInvalidAuthorizationScheme"
            raise Refusal(401, payload={"error": {"code": code, "message": "The provided signature is not valid."}})
        if len(request.body.raw) > 28 * _KIB:
            raise Refusal(413, payload={"error": {"code": "RequestEntityTooLarge", "message": "The card is too large."}})
        if not _is_card_message(request.body.json):
            raise Refusal(400, payload={"error": {"code": "TriggerInputSchemaMismatch", "message": "The input body is invalid."}})
        self.told["teams"].append(request.body.json)
        return Reply(202)

    # ---- signed JSON -----------------------------------------------------------------------------------------------

    def _hook(self, request: Request) -> Reply:
        expected = "sha256=" + hmac.new(self.hook_secret.encode(), request.body.raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256") or ""):
            raise Refusal(401, payload={"message": "invalid signature"})
        self.told["hooks"].append(request.body.json)
        return Reply(200, {})


def _is_text(found: t.Any, longest: int, kinds: t.Sequence[str] = _TEXTS) -> bool:
    if not isinstance(found, dict) or found.get("type") not in kinds or set(found) - {"type", "text", "emoji", "verbatim"}:
        return False
    text = found.get("text")
    # Unescaped, "<" would begin a link or call a whole channel; Slack's text says to escape it and "&" and ">".
    escaped = found["type"] == "plain_text" or not re.search(r"[<>]|&(?!amp;|lt;|gt;)", str(text))
    right = "emoji" not in found if found["type"] == "mrkdwn" else "verbatim" not in found
    return isinstance(text, str) and 1 <= len(text) <= longest and escaped and right


def _is_block(block: t.Any) -> bool:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "header":
        return _is_text(block.get("text"), 150, ("plain_text",))
    if kind == "section":
        return _is_text(block.get("text"), 3000)
    if kind == "context":
        elements = block.get("elements")
        return isinstance(elements, list) and 1 <= len(elements) <= 10 and all(_is_text(one, 3000) for one in elements)
    return kind == "divider"


def _wrong_event(event: dict[str, t.Any], change: bool) -> t.Iterator[str]:
    key, action = event.get("routing_key"), event.get("event_action")
    if not isinstance(key, str) or len(key) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    if not change and action not in ("trigger", "acknowledge", "resolve"):
        yield "'event_action' is missing or invalid"
    if len(str(event.get("dedup_key", ""))) > 255:
        yield "Length of 'dedup_key' is incorrect (should be at most 255 characters)"
    if not change and action != "trigger" and not event.get("dedup_key"):
        yield "'dedup_key' is missing or blank"
    if change or action == "trigger":
        yield from _wrong_payload(event.get("payload"), change)


def _wrong_payload(payload: t.Any, change: bool) -> t.Iterator[str]:
    if not isinstance(payload, dict):
        yield "'payload' is missing or blank"
        return
    summary = payload.get("summary")
    if not isinstance(summary, str) or not 1 <= len(summary) <= 1024:
        yield "'payload.summary' is missing, blank or longer than 1024 characters"
    if not change and not payload.get("source"):
        yield "'payload.source' is missing or blank"
    if not change and payload.get("severity") not in _SEVERITIES:
        yield "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(payload.get("timestamp"))):
        yield "'payload.timestamp' is invalid"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' is no object"


def _is_card_message(body: t.Any) -> bool:
    if not isinstance(body, dict) or body.get("type") != "message" or len(body.get("attachments") or ()) != 1:
        return False
    attachment = body["attachments"][0]
    card = attachment.get("content")
    if attachment.get("contentType") != "application/vnd.microsoft.card.adaptive" or not isinstance(card, dict):
        return False
    if card.get("type") != "AdaptiveCard" or card.get("version") not in ("1.0", "1.1", "1.2", "1.3", "1.4"):
        return False
    return all(
        block.get("type") == "TextBlock" and isinstance(block.get("text"), str) and block["text"] for block in card["body"]
    )


if __name__ == "__main__":
    run(AlertApi)
