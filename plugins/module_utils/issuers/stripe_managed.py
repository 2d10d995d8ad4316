# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stripe's API for keys, as its private preview has it: only for an installed Stripe App with C(api_key_write), in test mode.

Stripe has not published it, so nothing here is promised: it is used only where O(private_preview) says so. In live mode Stripe encrypts
a new key to a public key; nobody has shown how that ends, so live mode is refused before anything is created.
Facts: stripe-python 16.1.0a4 (v2/iam/api_keys), and what another rotation system measured with a gated test account.
"""

from __future__ import annotations

import typing as t
from urllib.parse import quote

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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_api import API_OPTIONS, StripeApi, code_of
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    ExternalError,
    NotFound,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: The version with which the preview was measured. C(stripe_version) sets another.
PREVIEW_VERSION = "2026-08-26.preview"
_KEYS = "/v2/iam/api_keys"
_PAGE = 100
_MOST_PAGES = 50
_CHANGED = "the preview may have changed: use kind secret_key or restricted_key, where a person makes the key."


class StripeManagedKeys(Issuer):
    """See the module's docstring. The list shows every key in plain text in test mode: of its rows only public fields are kept."""

    KIND = "stripe"
    MODULE = "stripe_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **API_OPTIONS,
        "kind": {"type": "str", "required": True, "choices": ["managed_key"]},
        "private_preview": {"type": "bool", "default": False},
        "permissions": {"type": "list", "elements": "str"},
    }
    FIELDS = ("secret",)
    MINTS = True

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._account: str = options["stripe_account"]
        self._permissions = list(options["permissions"])
        self._clock = setting.clock
        self._options = {**options, "stripe_account": None}
        preview = {**self._options, "stripe_version": options.get("stripe_version") or PREVIEW_VERSION}
        self._api = StripeApi(preview, options["api_key"], setting.clock)
        self._context = {"Stripe-Context": self._account}

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> StripeManagedKeys:
        by_hand = "use kind secret_key or restricted_key, where a person makes the key."
        if not options.get("private_preview"):
            raise ConfigurationError(
                f"{setting.credential}: Stripe has no public API to make keys. Kind managed_key uses one that is in private preview, for "
                "an installed Stripe App with api_key_write that Stripe has let in.",
                next_step=f"set private_preview to true if that is what you have; otherwise {by_hand}",
            )
        missing = [name for name in ("api_key", "stripe_account", "permissions") if not options.get(name)]
        if missing:
            raise ConfigurationError(
                f"{setting.credential}: kind managed_key needs {', '.join(missing)}.", next_step="give them."
            )
        if not str(options["api_key"]).startswith(("sk_test_", "rk_test_")):
            raise ConfigurationError(
                f"{setting.credential}: in live mode Stripe's preview encrypts a new key, and that is not supported.",
                next_step=by_hand,
            )
        return cls(options, setting)

    @property
    def identity(self) -> str:
        return f"stripe managed keys of {self._account} at {self._api.origin} (private preview)"

    @property
    def capacity(self) -> int:
        return 0

    def close(self) -> None:
        self._api.close()

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [Endpoint.of(self._api.origin, self._options)]

    def keys(self) -> list[KeyInfo]:
        return [_key(row) for row in self._rows()]

    def _rows(self) -> list[dict[str, t.Any]]:
        """Every secret key that has not expired."""
        found: list[dict[str, t.Any]] = []
        query: dict[str, t.Any] | None = {"limit": _PAGE}
        path = _KEYS
        for _page in range(_MOST_PAGES):
            answer = self._api.v2("GET", path, query=query, headers=self._context)
            found += [row for row in answer.field("data", list) if isinstance(row, dict) and row.get("type") == "secret_key"]
            following = answer.mapping().get("next_page_url")
            if not following:
                return [row for row in found if row.get("status") != "expired"]
            if not isinstance(following, str) or not following.startswith(_KEYS):
                break
            path, query = following, None
        raise Unreachable(f"the list of {self.identity} goes on in a way that is not understood.", next_step=_CHANGED)

    # ---- issuing ----------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        body = {"type": "secret_key", "name": attempt.name, "permissions": self._permissions}
        made = self._api.v2("POST", _KEYS, body, creates=True, headers={**self._context, "Idempotency-Key": attempt.name})
        key_id = made.field("id", str)
        shown = made.mapping().get("secret_key")
        token = shown.get("token") if isinstance(shown, dict) else None
        if not isinstance(token, str) or not token:
            raise self._taken_back(key_id)
        return Issued(key_id, SecretFields({"secret": token}).register())

    def _taken_back(self, key_id: str) -> Rejected:
        """The key was made and cannot be read. Nobody has it, so it is ended at once."""
        stranded = []
        try:
            self._expire(key_id)
        except ExternalError:
            stranded.append(f"the key {key_id} of {self._account}, which nobody has ever seen")
        return Rejected(
            f"Stripe made a key for {self.identity} and did not show it in plain text, which is not supported.",
            next_step="use kind secret_key or restricted_key, where a person makes the key.",
            stranded=stranded,
        )

    # ---- verifying --------------------------------------------------------------------------------------------------

    def verify(self, version: Issued) -> Verification:
        api = StripeApi({**self._options, "stripe_version": None}, version.fields["secret"], self._clock, attempts=2)
        try:
            seen = api.whose()
        finally:
            api.close()
        if seen.verdict is Verdict.ALIVE and seen.account and seen.account != self._account:
            raise Rejected(
                f"the key {version.id} works, but belongs to {seen.account} and not to {self._account}.",
                next_step="check stripe_account and what the store publishes.",
            )
        return Verification(seen.verdict, seen.account or "a key whose account Stripe does not show", seen.detail)

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """The list shows each key in plain text in test mode."""
        wanted = fields.get("secret")
        for row in self._rows() if wanted else []:
            shown = row.get("secret_key")
            if isinstance(shown, dict) and shown.get("token") == wanted:
                return _key(row)
        return None

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        return self._login_among(versions, "secret", (self._options.get("api_key"),), "key")

    def last_use(self, version: Issued) -> LastUse:
        """Of a key that is listed. The preview does not say how late its figure is."""
        row = next((row for row in self._rows() if row.get("id") == version.id), None)
        if row is None or "last_used" not in row:
            return LastUse(supported=False)
        return LastUse(supported=True, at=_moment(row["last_used"]), resolution=86400)

    # ---- the end of a version ---------------------------------------------------------------------------------------

    def delete(self, version: Issued) -> None:
        self._expire(version.id)

    def _expire(self, key_id: str) -> None:
        """Expired or gone already is success. It takes Stripe some seconds to turn the key away."""
        path = f"{_KEYS}/{quote(key_id, safe='')}/expire"
        answer = self._api.v2("POST", path, {}, headers=self._context, accept=(400, 404))
        if answer.status < 300:
            return
        if answer.status == 404 and not code_of(answer):
            raise NotFound(f"{answer.where} was answered with status 404, and not by Stripe.", next_step="check api_url.")
        if key_id in {row.get("id") for row in self._rows()}:
            raise Rejected(
                f"Stripe refused to expire the key {key_id} of {self._account} (status {answer.status}).",
                next_step="expire it in the Stripe Dashboard; the next run goes on.",
            )


def _key(row: t.Mapping[str, t.Any]) -> KeyInfo:
    return KeyInfo(
        id=str(row.get("id")),
        name=str(row.get("name") or ""),
        created_at=_moment(row.get("created")),
        expires_at=_moment(row.get("expires_at")),
        active=row.get("status") == "active",
        last_used_at=_moment(row.get("last_used")),
    )


def _moment(value: t.Any) -> float | None:
    """v2 writes ISO 8601 and v1 seconds since the epoch; which of them this is has not been published."""
    if value is None or isinstance(value, (int, float)):
        return None if value is None else float(value)
    try:
        return from_iso(str(value)[:19] + "Z")
    except ValueError:
        raise Unreachable("Stripe described a key with a moment that is not understood.", next_step=_CHANGED) from None
