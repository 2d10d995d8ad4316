# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stripe's secret and restricted keys. Stripe has no public API to make or end one: a person does that in the Dashboard.

So the person supplies the new key, and this makes sure that it is one of the same account, mode and kind as the old one, and
watches the old one until it has expired or somebody has ended it.
"""

from __future__ import annotations

import re
import secrets
import string
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Issued,
    Issuer,
    KeyInfo,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_api import API_OPTIONS, StripeApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.supplied import SUPPLY_OPTIONS, SuppliedIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ExternalError, Rejected
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: docs.stripe.com/keys: sk_ is a secret key, rk_ a restricted one; live and test are the modes.
_KEY = re.compile(r"(?P<kind>sk|rk)_(?P<mode>live|test)_[A-Za-z0-9_]{16,}")
_PREFIX = {"secret_key": "sk", "restricted_key": "rk"}
_CALLED = {"sk": "a secret key", "rk": "a restricted key"}
_UNPROVED = "account not shown"
_DASHBOARD = {"live": "https://dashboard.stripe.com/apikeys", "test": "https://dashboard.stripe.com/test/apikeys"}


class StripeKeys(SuppliedIssuer):
    """See the module's docstring. A version's id is C(acct_…/live/sk_live_…abcd): whose, and as the Dashboard shows it."""

    KIND = "stripe"
    MODULE = "stripe_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **API_OPTIONS,
        "kind": {"type": "str", "required": True, "choices": list(_PREFIX)},
        **SUPPLY_OPTIONS,
        "allow_unproved_account": {"type": "bool", "default": False},
    }
    FIELDS = ("secret",)

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        super().__init__(options, setting)
        self._kind: str = options["kind"]
        self._wanted: str = _PREFIX[self._kind]
        self._tells_apart = False
        self._origin = StripeApi(options, _stranger(self._wanted), setting.clock).origin

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> Issuer:
        return cls(options, setting)

    @property
    def identity(self) -> str:
        return f"stripe {self._kind.replace('_', ' ')} {self._setting.credential} at {self._origin}"

    @property
    def capacity(self) -> int:
        return 0

    @property
    def where_made(self) -> str:
        return "in the Stripe Dashboard under Developers, API keys (https://dashboard.stripe.com/apikeys)"

    def how_to_supply(self, reason: str) -> str:
        expiry = (
            "now, as the old one leaked" if reason == "leak" else "the longest time offered, as hosts use the old one until then"
        )
        return f'{super().how_to_supply("")}. "Rotate key" there makes it and asks when the old one expires: choose {expiry}'

    def how_to_revoke(self, version: Issued) -> str:
        mode = "test" if "/test/" in version.id else "live"
        return f"end {version.id.rpartition('/')[2]} at {_DASHBOARD[mode]} (or wait until it expires)"

    # ---- looking at a key -------------------------------------------------------------------------------------------

    def keys(self) -> list[KeyInfo]:
        """There is no list. Asks whether Stripe answers and turns a key away that nobody issued; a login proves nothing else."""
        if not self._tells_apart:
            api = StripeApi(self._options, _stranger(self._wanted), self._setting.clock, attempts=2)
            try:
                if not api.check_refuses():
                    raise Rejected(
                        f"{self._origin} lets a key in that nobody issued, so a login there proves nothing.",
                        next_step="check api_url: it has to lead to Stripe itself.",
                    )
            finally:
                api.close()
            self._tells_apart = True
        return []

    def look_at(self, fields: SecretFields) -> Verification:
        key = fields["secret"]
        match = _KEY.fullmatch(key)
        if match is None:
            return Verification(Verdict.DEAD, detail="it does not look like a secret or restricted key of Stripe")
        try:
            self.keys()
        except Rejected:
            raise
        except ExternalError as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)
        api = StripeApi(self._options, key, self._setting.clock, attempts=2)
        try:
            seen = api.whose()
        finally:
            api.close()
        account = seen.account or _UNPROVED
        identity = f"{account}/{match['mode']}" if seen.verdict is Verdict.ALIVE else ""
        return Verification(seen.verdict, identity, seen.detail)

    def check_form(self, fields: SecretFields) -> None:
        match = _KEY.fullmatch(fields["secret"])
        if match is None or match["kind"] != self._wanted:
            found = _CALLED[match["kind"]] if match else "nothing that looks like a key of Stripe"
            raise Rejected(
                f"what was supplied for {self.identity} is {found}, and {_CALLED[self._wanted]} is wanted.",
                next_step="supply one of the right kind; the published value was not touched.",
            )

    def name_of(self, fields: t.Mapping[str, str]) -> str:
        """C(sk_live_…abcd), as Stripe's own pages and messages show it."""
        match = _KEY.fullmatch(fields["secret"])
        return f"{match['kind']}_{match['mode']}_…{fields['secret'][-4:]}" if match else SecretFields(fields).fingerprint()

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        match = _KEY.fullmatch(fields.get("secret", ""))
        if match and match["kind"] != self._wanted:
            raise Rejected(
                f"what is published for {self.identity} is {_CALLED[match['kind']]}, and kind says {self._kind}.",
                next_step="set kind to what it is.",
            )
        return super().identify(fields)

    # ---- is it the successor? ---------------------------------------------------------------------------------------

    def _check_successor(self, owner: str, current: Issued) -> None:
        """Account, mode and kind. Where Stripe does not name the account, a person has to have said that this will do."""
        before = current.id.rpartition("/")[0]
        if _UNPROVED not in owner and _UNPROVED not in before:
            super()._check_successor(owner, current)
            return
        if not self._options.get("allow_unproved_account"):
            raise Rejected(
                f"the key supplied for {self.identity} works, but Stripe does not say that it is of the same account as the "
                f"published one ({owner or 'unknown'}; {before or 'unknown'}).",
                next_step="give both restricted keys the right to read the account, or set allow_unproved_account to true.",
            )
        if owner.rpartition("/")[2] != before.rpartition("/")[2]:
            raise Rejected(
                f"the key supplied for {self.identity} is of another mode (live, test) than the published one.",
                next_step="supply one of the same mode; the published value was not touched.",
            )


def _stranger(kind: str) -> str:
    """A key that nobody issued."""
    return f"{kind}_test_" + "".join(secrets.choice(string.ascii_letters + string.digits) for dummy in range(32))
