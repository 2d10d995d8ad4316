# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of any HTTP API that its user describes: how to create, list, verify, disable, enable and delete one.

Two kinds of API. One lists its keys: a lost one is found there, by the name of the attempt. The other has slots that are filled
anew (primary and secondary): nothing is listed, the journal is the only memory, and what an interrupted attempt put into a slot is
overwritten by the next.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    JsonClient,
    refusal,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_answer import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_description import (
    LIFETIME,
    Change,
    Description,
    Listing,
    check_common_headers,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_login import Prober, own_login
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_options import CONSTRAINTS, OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_pages import rows
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_template import Prepared, Template
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration, parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    ForeignKeys,
    QuotaExceeded,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_DAY = 86400


class HttpApiIssuer(Issuer):
    """See the module's docstring. A version's id is what the API calls the key, or the slot that it is in."""

    KIND = "http_api"
    MODULE = "http_api_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = OPTIONS
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = CONSTRAINTS
    FIELDS = ("id", "secret")
    PUBLIC_FIELDS = ("id",)
    MINTS = True

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._url: str = options["url"]
        self._identity: str = options["identity"]
        self._setting = setting
        logins = (options.get("api_token"), options.get("api_password"), *(options.get("secret_headers") or {}).values())
        self._own = SecretFields({str(number): str(value) for number, value in enumerate(logins) if value})
        self._described = Description.read(options)
        self._most = int(options.get("max_keys") or 0)
        self._lifetime = _lifetime(options.get("lifetime"), setting)
        self._connection = Connection.from_options(options)
        self._says = Place.read("error_message", options["error_message"]) if options.get("error_message") else None
        self._client = self._connect(self._url, own_login(options), attempts=5)
        self._client.headers.update(check_common_headers("headers", options.get("headers")))
        _check_verify_url(self._described.login.url, self._connect)
        self._prober = Prober(self._described.login, self.identity, self._connect_to_verify)
        # These two differ from API to API.
        self.CAN_DISABLE = self._described.disabling is not None
        self.LOGINS_NEEDED = self._described.login.logins

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> HttpApiIssuer:
        if options.get("max_keys") == 1:
            raise ConfigurationError(
                "max_keys is 1, so the old key would have to go before the new one can be made.",
                next_step="rotation without a gap needs two; leave max_keys out where there is no limit.",
            )
        if not str(options["identity"]).strip():
            raise ConfigurationError("identity is empty.", next_step="say whose keys these are, such as gitlab project 42.")
        return cls(options, setting)

    def _connect_to_verify(self, authorization: Authorization) -> JsonClient:
        return self._connect(self._described.login.url or self._url, authorization, attempts=2)

    def _connect(self, url: str, authorization: Authorization, attempts: int) -> JsonClient:
        return JsonClient(
            url,
            authorization,
            self._connection,
            error_message=self._message,
            clock=self._setting.clock,
            attempts=attempts,
            pause_headers=("Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"),
        )

    def _message(self, body: t.Any) -> str | None:
        return self._says.text(body) if self._says else None

    @property
    def identity(self) -> str:
        return f"{self._identity} at {self._client.origin}"

    @property
    def capacity(self) -> int:
        return len(self._described.slots) or self._most

    @property
    def lists_keys(self) -> bool:
        return self._described.listing is not None

    def close(self) -> None:
        self._client.close()

    # ---- what is there --------------------------------------------------------------------------------------------

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [Endpoint(self._client.origin, self._connection.ca_path, self._connection.validate_certs)]

    def keys(self) -> list[KeyInfo]:
        listing = self._described.listing
        if listing is not None:
            return self._listed(listing)
        if self._described.check is not None:
            self._send(self._described.check.fill({}))
        return []

    def _send(self, prepared: Prepared, *, creates: bool = False, accept: t.Container[int] = ()) -> Answer:
        return self._client.request(
            prepared.method,
            prepared.path,
            query=prepared.query,
            headers=prepared.headers,
            body=prepared.body,
            creates=creates,
            accept=accept,
        )

    def _listed(self, listing: Listing) -> list[KeyInfo]:
        prepared = listing.call.fill({})

        def ask(path: str, query: t.Mapping[str, t.Any]) -> Answer:
            merged = query if path else {**prepared.query, **query}
            return self._client.request(
                prepared.method, path or prepared.path, query=merged, headers=prepared.headers, body=prepared.body
            )

        where = f"{prepared.method} {prepared.path} at {self._client.origin}"
        found = rows(listing.paging, ask, listing.rows, self._url)
        return [_key(listing, row, where) for row in found if not (listing.gone.parts and listing.gone.holds(row))]

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        slots = self._described.slots
        if slots and all(slot in recorded for slot in slots):
            raise self._slots_full()
        active = [key for key in listed if key.active]
        if not self._most or len(active) < self._most:
            return
        has = f"{self.identity} has {len(active)} keys, and max_keys is {self._most}"
        foreign = sorted(key.id for key in active if key.id not in recorded)
        if not foreign:
            raise QuotaExceeded(f"{has}; all are this credential's.", next_step="retire its previous versions first.")
        raise ForeignKeys(
            f"{has}; not this credential's, and so not touched: {', '.join(foreign[:5])}{' …' if foreign[5:] else ''}.",
            next_step="delete what nobody uses by hand, then run again.",
        )

    def _slots_full(self) -> QuotaExceeded:
        return QuotaExceeded(
            f"every slot of {self.identity} ({', '.join(self._described.slots)}) holds a version that is still in service.",
            next_step="retire the previous version first: it is when every consumer has proved the current one and grace is over.",
        )

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        listing = self._described.listing
        if listing is None:
            return self._stranded_in_slot(attempt, recorded)
        unrecorded = [key for key in self._listed(listing) if key.id not in recorded]
        if listing.name is not None:
            return [key for key in unrecorded if key.name == attempt.name]
        new = [key.id for key in unrecorded if key.id not in attempt.known_ids]
        if new:
            raise ForeignKeys(
                f"an interrupted attempt of {to_iso(attempt.at)} may have left one of these behind at {self.identity}, but keys have no "
                f"names there that could prove it: {', '.join(new)}.",
                next_step="find out whether somebody uses it; if nobody does, delete it; then run again.",
            )
        return []

    def _stranded_in_slot(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        """The slot that the attempt was for. Whether it got there is not known; to clear it harms nobody."""
        slot = self._free_slot([slot for slot in self._described.slots if slot in recorded])
        return [KeyInfo(id=slot, name=attempt.name)] if slot else []

    def _free_slot(self, used: t.Collection[str]) -> str:
        """The slot for the next version; empty if there is none, or if nobody said which one may be overwritten first."""
        if not used:
            return self._described.first_slot
        return next((slot for slot in self._described.slots if slot not in used), "")

    # ---- issuing --------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        creation, asked_at = self._described.creation, self._setting.clock.now()
        slot = self._slot_of_next(known) if self._described.slots else ""
        lifetime = attempt.lifetime if self._lifetime is None else self._lifetime
        values: dict[str, str | int] = {"name": attempt.name, "slot": slot, **_lifetime_values(asked_at, lifetime)}
        answer = self._send(creation.call.fill(values), creates=True, accept=creation.no_room)
        if answer.status >= 300:
            error = refusal(answer)
            raise QuotaExceeded(error.message, next_step="delete keys that nobody uses by hand, or retire previous versions.")
        key_id = creation.id.id(answer.payload, answer.where) if creation.id else slot
        fields = SecretFields({"id": key_id, "secret": _secret(creation.secret, answer)})
        expires_at = creation.expires_at.moment(answer.payload, answer.where) if creation.expires_at else None
        return Issued(key_id, fields, asked_at, expires_at or _asked_end(creation.call, asked_at, lifetime))

    def _slot_of_next(self, known: t.Sequence[Issued]) -> str:
        """:raises Rejected: it would be a guess. :raises QuotaExceeded: all are in use."""
        slots = self._described.slots
        strange = [version for version in known if version.id not in slots]
        if strange:
            raise Rejected(
                f"the slot of the current version of {self.identity} is not known, so the next one might overwrite it.",
                next_step=f"publish its slot ({' or '.join(slots)}) as id beside it, and remove the journal to have it adopted.",
            )
        slot = self._free_slot([version.id for version in known])
        if slot:
            return slot
        if known:
            raise self._slots_full()
        raise Rejected(
            f"nothing is recorded of {self.identity} yet, and whoever uses the slot that is filled first loses access.",
            next_step="set first_slot to a slot that nobody uses, or publish the value in use with its slot as id to have it adopted.",
        )

    # ---- verifying ------------------------------------------------------------------------------------------------

    def verify(self, version: Issued) -> Verification:
        tried = self._prober.log_in(version.id, version.fields.get("secret", ""))
        if tried.verdict is not Verdict.ALIVE:
            return Verification(tried.verdict, detail=tried.detail)
        try:
            self._prober.check_refuses_strangers(version.id, version.fields["secret"])
        except Unreachable as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)
        return Verification(tried.verdict, self._prober.who(version.id, tried))

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """By the published id: the value itself tells nothing."""
        written, listing = fields.get("id", ""), self._described.listing
        if listing is None:
            return KeyInfo(id=written) if written in self._described.slots else None
        return next((key for key in self._listed(listing) if key.id == written), None) if written else None

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        return self._login_among(versions, "secret", self._own.values(), "key")

    def last_use(self, version: Issued) -> LastUse:
        listing = self._described.listing
        if listing is None or listing.last_used_at is None:
            return LastUse(supported=False)
        found = [key for key in self._listed(listing) if key.id == version.id]
        return LastUse(True, found[0].last_used_at if found else None, resolution=listing.last_used_resolution)

    # ---- the end of a version -------------------------------------------------------------------------------------

    def disable(self, version: Issued) -> None:
        if self._described.disabling is None:
            super().disable(version)
        else:
            self._do(self._described.disabling, version)

    def enable(self, version: Issued) -> None:
        if self._described.enabling is None:
            super().enable(version)
        else:
            self._do(self._described.enabling, version)

    def delete(self, version: Issued) -> None:
        listing = self._described.listing
        if listing is None and not self._is_in_its_slot(version):
            return
        if self._do(self._described.deletion, version) or listing is None:
            return
        if version.id in [key.id for key in self._listed(listing)]:
            raise Unreachable(
                f"key {version.id} of {self.identity} is still listed, though delete was answered as if it were gone.",
                next_step="look at delete.already and list.gone; if both are right, delete the key by hand.",
            )

    def _is_in_its_slot(self, version: Issued) -> bool:
        """Whether the slot still holds this version. If not, another run may have filled it anew, and it is not to be cleared.

        What an interrupted attempt put there has no secret that we know; it is cleared. A secret counts as dead only if the API
        answers us and says so once more: one that is taken for dead by mistake would live on for ever.
        """
        secret = version.fields.get("secret", "")
        if not secret:
            return True
        tried = self._prober.log_in(version.id, secret)
        if tried.verdict is Verdict.DEAD:
            self.keys()
            tried = self._prober.log_in(version.id, secret)
        if tried.verdict is Verdict.UNKNOWN:
            raise Unreachable(
                f"whether slot {version.id} of {self.identity} still holds what is to be deleted is unknown: {tried.detail}",
                next_step="check that verify describes a request that answers from here, then run again.",
            )
        return tried.verdict is Verdict.ALIVE

    def _do(self, change: Change, version: Issued) -> bool:
        """Send one change; False where it was so already.

        :raises Rejected: the version has no id, so it cannot be told which key it is.
        """
        if not version.id or (self._described.slots and version.id not in self._described.slots):
            raise Rejected(
                f"a version without a known id cannot be told from the other keys of {self.identity}.",
                next_step="delete the old key by hand, once nobody uses it.",
            )
        values = {"id": version.id, "slot": version.id, "name": self._name_of(change.call, version)}
        return self._send(change.call.fill(values), accept=change.already).status < 300

    def _name_of(self, call: Template, version: Issued) -> str:
        """The key's name, for an API whose changes ask for it; looked up only if C(call) does."""
        listing = self._described.listing
        if listing is None or not call.uses("name"):
            return ""
        return next((key.name for key in self._listed(listing) if key.id == version.id), "")


def _key(listing: Listing, row: t.Any, where: str) -> KeyInfo:
    def moment(place: Place | None) -> float | None:
        return place.moment(row, where) if place else None

    return KeyInfo(
        id=listing.id.id(row, where),
        name=listing.name.text(row) if listing.name else "",
        created_at=moment(listing.created_at),
        expires_at=moment(listing.expires_at),
        active=not listing.active.parts or listing.active.holds(row),
        last_used_at=moment(listing.last_used_at),
    )


def _secret(place: Place, answer: Answer) -> str:
    found = place.find(answer.payload)
    if not isinstance(found, str) or not found:
        raise Unreachable(
            f"{answer.where} was answered with status {answer.status}, without a secret at {place.written} ({place.option}). "
            "A key was made; the next run deletes it.",
            next_step=f"correct {place.option}: it says where in the answer the secret is.",
        )
    return found


def _check_verify_url(url: str, connect: t.Callable[[str, Authorization, int], JsonClient]) -> None:
    """:raises ConfigurationError: names the option, which the client cannot."""
    try:
        if url:
            connect(url, Authorization(), 1).close()
    except ConfigurationError as error:
        raise ConfigurationError(f"verify.url: {error.message}", next_step=error.next_step) from None


def _lifetime(written: str | None, setting: Setting) -> int | None:
    """Seconds; None where the engine's own figure counts."""
    if not written:
        return None
    lifetime, needed = parse_duration(written, "lifetime"), setting.rotate_after + setting.grace
    if lifetime < needed:
        raise ConfigurationError(
            f"lifetime is {format_duration(lifetime)}, but a key is needed for rotate_after and grace, {format_duration(needed)} together, "
            "so it would expire while it is in use.",
            next_step="leave lifetime out, or make it larger, or rotate_after and grace smaller.",
        )
    return lifetime


def _lifetime_values(now: float, lifetime: int) -> dict[str, str | int]:
    """C(expires_on): for APIs that know days only, at whose beginning (UTC) a key ends."""
    return {
        "lifetime_seconds": lifetime,
        "expires_at": to_iso(now + lifetime) or "",
        "expires_on": (to_iso(_day_after(now + lifetime)) or "")[:10],
    }


def _day_after(moment: float) -> float:
    """The first midnight that is not before it."""
    return -(-moment // _DAY) * _DAY


def _asked_end(call: Template, asked_at: float, lifetime: int) -> float | None:
    """When a key ends that was asked for with an end, where the answer does not say."""
    if not any(call.uses(name) for name in LIFETIME):
        return None
    return _day_after(asked_at + lifetime) if call.uses("expires_on") else asked_at + lifetime
