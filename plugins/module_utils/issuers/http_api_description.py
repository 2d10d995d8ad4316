# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP API as its user describes it, checked before anything is sent. Called by P(HttpApiIssuer).

What cannot be safe is refused: a login that does not use the secret, a deletion that does not say which key, a creation after
whose interruption nobody could tell the lost key.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_answer import Condition, Place
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_pages import Paging
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_template import (
    Template,
    check_headers,
    check_placeholders,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

LIFETIME = ("lifetime_seconds", "expires_at", "expires_on")
_SLOT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_Options = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Creation:
    """C(id) None: the key is named by its slot."""

    call: Template
    id: Place | None
    secret: Place
    expires_at: Place | None
    no_room: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Listing:
    call: Template
    rows: Place
    id: Place
    name: Place | None
    created_at: Place | None
    expires_at: Place | None
    last_used_at: Place | None
    last_used_resolution: int
    active: Condition
    gone: Condition
    paging: Paging


@dataclasses.dataclass(frozen=True)
class Login:
    """C(url) empty: as for everything else. C(username) and C(password): templates, for HTTP Basic."""

    call: Template
    url: str
    username: str | None
    password: str
    alive: tuple[int, ...]
    dead: tuple[int, ...]
    alive_if: Condition
    id: Place | None
    identity: Place | None
    refuses_strangers: bool
    logins: int


@dataclasses.dataclass(frozen=True)
class Change:
    """C(already): the statuses that say that it is so already."""

    call: Template
    already: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Description:
    """C(listing) or C(slots), never both. C(check): the request that shows that the login works, where there is no listing."""

    creation: Creation
    listing: Listing | None
    slots: tuple[str, ...]
    first_slot: str
    check: Template | None
    login: Login
    deletion: Change
    disabling: Change | None
    enabling: Change | None

    @classmethod
    def read(cls, options: _Options) -> Description:
        """:raises ConfigurationError: names the option by its path, such as C(create.body.name)."""
        slots = _slots(options)
        listing = None if slots else _listing(options.get("list") or {})
        key = ("slot",) if slots else ("id", "name") if listing and listing.name else ("id",)
        description = cls(
            _creation(options["create"], slots, listing),
            listing,
            slots,
            _first_slot(options.get("first_slot"), slots),
            Template.read("check", options["check"], ()) if options.get("check") else None,
            _login(options["verify"], "slot" if slots else "id"),
            _change(options, "delete", key),
            _change(options, "disable", key) if options.get("disable") else None,
            _change(options, "enable", key) if options.get("enable") else None,
        )
        if bool(description.disabling) != bool(description.enabling):
            raise ConfigurationError(
                "disable and enable belong together, and only one is described.",
                next_step="what cannot be enabled again is deleted when its time is over: leave disable out.",
            )
        return description


def _slots(options: _Options) -> tuple[str, ...]:
    slots = tuple(str(slot) for slot in options.get("slots") or ())
    if bool(slots) == bool(options.get("list")):
        raise ConfigurationError(
            "an API is described by list or by slots, one of the two.",
            next_step="without either, nobody could find a key whose creation was interrupted, so such an API is not rotated.",
        )
    if slots and (len(slots) < 2 or len(set(slots)) < len(slots) or not all(map(_SLOT.fullmatch, slots))):
        raise ConfigurationError(
            "slots names fewer than two, one twice, or one that is not made of letters, digits, dots, dashes and underscores.",
            next_step="name the slots as the API does, for example primary and secondary.",
        )
    if slots and not options.get("check"):
        raise ConfigurationError(
            "slots needs check.", next_step="describe a request that answers if the login works and the identity is there."
        )
    return slots


def _first_slot(written: str | None, slots: tuple[str, ...]) -> str:
    if written and written not in slots:
        raise ConfigurationError(f"first_slot is {written!r}, which is none of slots.", next_step=f"one of {', '.join(slots)}.")
    return written or ""


def _creation(written: _Options, slots: tuple[str, ...], listing: Listing | None) -> Creation:
    call = Template.read("create", written, ("name", *LIFETIME, *(("slot",) if slots else ())))
    if slots:
        _must_use(call, "slot", "it could not be told which slot it fills")
    elif not written.get("id"):
        raise ConfigurationError(
            "create.id is required with list.", next_step="say where in the answer the id of the new key is."
        )
    if listing is not None and listing.name:
        _must_use(call, "name", "a key whose creation was interrupted could not be found by list.name")
    return Creation(
        call,
        None if slots else Place.read("create.id", written["id"]),
        Place.read("create.secret", written["secret"]),
        _place("create.expires_at", written.get("expires_at")),
        tuple(written.get("no_room") or ()),
    )


def _listing(written: _Options) -> Listing:
    return Listing(
        Template.read("list", written, ()),
        Place.read("list.rows", written.get("rows") or "."),
        Place.read("list.id", written["id"]),
        _place("list.name", written.get("name")),
        _place("list.created_at", written.get("created_at")),
        _place("list.expires_at", written.get("expires_at")),
        _place("list.last_used_at", written.get("last_used_at")),
        parse_duration(written.get("last_used_resolution") or "5m", "list.last_used_resolution"),
        Condition.read("list.active", written.get("active")),
        Condition.read("list.gone", written.get("gone")),
        Paging.read("list.paging", written.get("paging")),
    )


def _login(written: _Options, key: str) -> Login:
    allowed = (key, "secret")
    call = Template.read("verify", written, allowed, secret_in_url=bool(written.get("secret_in_url")))
    username, password = written.get("username"), written.get("password") or ""
    check_placeholders("verify.username", username, allowed)
    check_placeholders("verify.password", password, allowed)
    if not call.uses("secret") and "{secret}" not in f"{username}{password}":
        raise ConfigurationError(
            "verify does not use {secret}, so it would prove nothing.",
            next_step="put it into verify.headers, such as Authorization with the value Bearer {secret}, or into verify.password.",
        )
    alive, dead = tuple(written.get("alive") or (200,)), tuple(written.get("dead") or (401,))
    if set(alive) & set(dead):
        raise ConfigurationError(
            "verify.alive and verify.dead share a status.", next_step="tell the two apart with verify.alive_if."
        )
    if written.get("logins") is not None and written["logins"] < 1:
        raise ConfigurationError("verify.logins is less than 1.", next_step="1 takes the first login that succeeds.")
    return Login(
        call,
        written.get("url") or "",
        username,
        password,
        alive,
        dead,
        Condition.read("verify.alive_if", written.get("alive_if")),
        _place("verify.id", written.get("id")),
        _place("verify.identity", written.get("identity")),
        written.get("refuses_strangers") is not False,
        int(written.get("logins") or 1),
    )


def _change(options: _Options, option: str, key: tuple[str, ...]) -> Change:
    call = Template.read(option, options[option], key)
    _must_use(call, key[0], "it could not be told which key it is about")
    already = options[option].get("already")
    default = (404,) if option == "delete" else ()
    return Change(call, tuple(default if already is None else already))


def _must_use(call: Template, placeholder: str, because: str) -> None:
    if not call.uses(placeholder):
        raise ConfigurationError(
            f"{call.option} does not use {{{placeholder}}}: {because}.", next_step=f"put it into {call.option}."
        )


def _place(option: str, written: str | None) -> Place | None:
    return Place.read(option, written) if written else None


def check_common_headers(option: str, written: _Options | None) -> dict[str, str]:
    """Headers of every request of our own login. :raises ConfigurationError: one that cannot be."""
    check_headers(option, written or {}, ())
    return {str(name): str(value) for name, value in (written or {}).items()}
