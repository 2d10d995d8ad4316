# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that Datadog's key management takes, one method each. Called by P(datadog.DatadogIssuer) only.

Facts are from Datadog's API description and from the recorded traffic in the tests of its Python client (Apache-2.0);
what neither says is marked unverified where it is handled.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Authorization,
    Connection,
    JsonClient,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import KeyInfo, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, whole_from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ExternalError, Unreachable

#: The largest page[size] that Datadog takes.
_PAGE = 100
#: Seconds until the limit of requests starts anew; Datadog's own client waits for that long after a 429.
_PAUSE_HEADERS = ("Retry-After", "X-RateLimit-Reset")
_DAY = 86400


@dataclasses.dataclass(frozen=True)
class Family:
    """One of Datadog's families of keys: where they are, and how its attributes are called.

    C(cloned): what a new key takes over from the current one. C(quota): the field of C(meta) with the most keys allowed.
    """

    title: str
    path: str
    type: str
    quota: str
    used_at: str
    cloned: tuple[str, ...]


def api_keys() -> Family:
    """The organization's API keys."""
    cloned = ("category", "remote_config_read_enabled")
    return Family("API key", "/api/v2/api_keys", "api_keys", "max_allowed", "date_last_used", cloned)


def application_keys(service_account: str) -> Family:
    """The application keys of a service account, or of the user that logs in where that is empty."""
    owner = f"service_accounts/{service_account}" if service_account else "current_user"
    path = f"/api/v2/{owner}/application_keys"
    return Family("application key", path, "application_keys", "max_allowed_per_user", "last_used_at", ("scopes",))


@dataclasses.dataclass(frozen=True)
class Row:
    """A key as a listing shows it: never its value. C(attributes) are those of the family's P(Family.cloned)."""

    info: KeyInfo
    last4: str
    tells_use: bool
    attributes: t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Login:
    """What a login with a key showed. C(key_ids): the keys that it may be, None where Datadog does not say. C(detail) is public."""

    verdict: Verdict
    key_ids: tuple[str, ...] | None = None
    org: str = ""
    detail: str = ""


class DatadogApi:
    """One login to one site."""

    def __init__(self, url: str, authorization: Authorization, connection: Connection, clock: Clock, attempts: int) -> None:
        self._clock = clock
        self._client = JsonClient(
            url,
            authorization,
            connection,
            error_message=_message,
            clock=clock,
            attempts=attempts,
            pause_headers=_PAUSE_HEADERS,
        )
        self.origin = self._client.origin

    def close(self) -> None:
        self._client.close()

    def listed(self, family: Family) -> tuple[list[Row], int | None]:
        """All keys of the family, and how many there may be, where Datadog says that."""
        rows: list[Row] = []
        number = 0
        while True:
            query = {"page[size]": _PAGE, "page[number]": number, "sort": "name"}
            answer = self._client.request("GET", family.path, query=query)
            entries = answer.field("data", list)
            rows += [self._row(family, entry) for entry in entries]
            meta = answer.mapping().get("meta") or {}
            total = (meta.get("page") or {}).get("total_filtered_count")
            if len(entries) < _PAGE or (isinstance(total, int) and len(rows) >= total):
                allowed = meta.get(family.quota)
                return rows, allowed if isinstance(allowed, int) else None
            number += 1

    def _row(self, family: Family, entry: t.Any) -> Row:
        try:
            key_id, said = str(entry["id"]), entry["attributes"]
            info = KeyInfo(
                id=key_id,
                name=str(said.get("name") or ""),
                created_at=moment(said.get("created_at")),
                last_used_at=self._used_at(family, said),
            )
        except (KeyError, TypeError, AttributeError):
            raise Unreachable(f"{self.origin} listed a key without id or attributes.") from None
        kept = {name: said[name] for name in family.cloned if name in said}
        return Row(info, str(said.get("last4") or ""), family.used_at in said, kept)

    def _used_at(self, family: Family, said: t.Mapping[str, t.Any]) -> float | None:
        """Where Datadog says "used within a day" and not when, that is taken for just now."""
        at = moment(said.get(family.used_at))
        if said.get("used_in_last_24_hours") and (at is None or self._clock.now() - at > _DAY):
            return self._clock.now()
        return at

    def create(self, family: Family, name: str, attributes: t.Mapping[str, t.Any]) -> tuple[str, str, float | None]:
        """Make a key; its id, its value, and when it was made. Sent once."""
        body = {"data": {"type": family.type, "attributes": {"name": name, **attributes}}}
        answer = self._client.request("POST", family.path, body=body, creates=True)
        made = answer.field("data", dict)
        said = made.get("attributes")
        value = said.get("key") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(value, str) or not value or not made.get("id"):
            raise Unreachable(f"{answer.where} was answered without the new key. The request may have taken effect.")
        return str(made["id"]), value, moment(said.get("created_at"))

    def reveal(self, family: Family, key_id: str) -> str | None:
        """The value of a key, where Datadog gives it away: API keys to those who may read them, own application keys outside One-Time
        Read mode. None otherwise. Held in memory for a comparison and nothing else."""
        answer = self._client.request("GET", f"{family.path}/{key_id}", accept=(400, 403, 404))
        if answer.status >= 300:
            return None
        value = (answer.field("data", dict).get("attributes") or {}).get("key")
        return value if isinstance(value, str) and value else None

    def delete(self, family: Family, key_id: str) -> bool:
        """False: there is no such key (any more)."""
        return self._client.request("DELETE", f"{family.path}/{key_id}", accept=(404,)).status != 404

    def validate(self) -> Login:
        """Does the API key log in, and which one is it? Version 2 of the call, a preview, names it; version 1 does not."""
        try:
            answer = self._client.request("GET", "/api/v2/validate", accept=(401, 403, 404))
            if answer.status == 404:
                return self._validate_v1()
        except ExternalError as error:
            return Login(Verdict.UNKNOWN, detail=error.message)
        if answer.status != 200:
            return Login(Verdict.DEAD, detail=answer.message)
        data = answer.payload.get("data") if isinstance(answer.payload, dict) else None
        said = data.get("attributes") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(said, dict) or "valid" not in said:
            return Login(Verdict.UNKNOWN, detail="the server's answer is not Datadog's")
        verdict = Verdict.ALIVE if said["valid"] is True else Verdict.DEAD
        key_id = said.get("api_key_id")
        return Login(verdict, (str(key_id),) if key_id else None, str(data.get("id") or ""))

    def _validate_v1(self) -> Login:
        answer = self._client.request("GET", "/api/v1/validate", accept=(401, 403))
        if answer.status != 200:
            return Login(Verdict.DEAD, detail=answer.message)
        if isinstance(answer.payload, dict) and answer.payload.get("valid") is True:
            return Login(Verdict.ALIVE)
        return Login(Verdict.UNKNOWN, detail="the server's answer is not Datadog's")

    def validate_keys(self) -> Login:
        """Do the API key and the application key log in? Needs no permission. Does not say which of the two is bad."""
        try:
            answer = self._client.request("GET", "/api/v2/validate_keys", accept=(401, 403))
        except ExternalError as error:
            return Login(Verdict.UNKNOWN, detail=error.message)
        if answer.status != 200:
            return Login(Verdict.DEAD, detail=answer.message)
        if isinstance(answer.payload, dict) and answer.payload.get("status") == "ok":
            return Login(Verdict.ALIVE)
        return Login(Verdict.UNKNOWN, detail="the server's answer is not Datadog's")

    def keys_like(self, value: str) -> tuple[str, ...] | None:
        """The ids of the application keys of the user behind this login that end as C(value) does; None where its scopes
        do not let it look."""
        own = application_keys("")
        answer = self._client.request("GET", own.path, query={"page[size]": 1}, accept=(401, 403))
        rows = self.listed(own)[0] if answer.status == 200 else []
        if not rows or not all(row.last4 for row in rows):
            return None
        return tuple(row.info.id for row in rows if value.endswith(row.last4))


def moment(text: t.Any) -> float | None:
    """An ISO 8601 moment; fractions of a second, in whatever number, are cut off."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return whole_from_iso(text)
    except ValueError:
        raise Unreachable("Datadog described a key with a moment that is not ISO 8601.") from None


def _message(body: t.Any) -> str | None:
    """Datadog's own words: C({"errors": ["…"]})."""
    said = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(said, list):
        return None
    return "; ".join(line for line in said if isinstance(line, str) and "<" not in line) or None
