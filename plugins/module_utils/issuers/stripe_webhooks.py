# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signing secrets of Stripe's webhook endpoints. Stripe shows one only when the endpoint is created, and no API changes it.

So a second endpoint is created with the same URL, events, API version and metadata, and the old one is switched off and deleted
when every consumer has the new secret. Until then Stripe sends each event twice, signed once with each secret.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_api import API_OPTIONS, StripeApi
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    ExternalError,
    ForeignKeys,
    NotFound,
    QuotaExceeded,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: Webhook endpoints of an account in one mode: docs.stripe.com/webhooks. Connect endpoints may count apart.
MOST_ENDPOINTS = 16
#: Metadata of an endpoint of ours: the attempt that made it, and the fingerprint of its secret, which is no secret.
ATTEMPT, FINGERPRINT = "locksmith_attempt", "locksmith_fingerprint"


class StripeWebhooks(Issuer):
    """See the module's docstring. A version's id is the endpoint's."""

    KIND = "stripe"
    MODULE = "stripe_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **API_OPTIONS,
        "kind": {"type": "str", "required": True, "choices": ["webhook_endpoint"]},
        "webhook_url": {"type": "str"},
        "enabled_events": {"type": "list", "elements": "str"},
        "api_version": {"type": "str"},
        "description": {"type": "str"},
        "connect": {"type": "bool", "default": False},
        "endpoint_id": {"type": "str"},
    }
    FIELDS = ("secret",)
    MINTS = True
    CAN_DISABLE = True

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._url: str = options["webhook_url"]
        self._api = StripeApi(options, options["api_key"], setting.clock)
        self._listed: list[dict[str, t.Any]] = []

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> StripeWebhooks:
        missing = [name for name in ("api_key", "webhook_url") if not options.get(name)]
        if missing:
            raise ConfigurationError(
                f"{setting.credential}: kind webhook_endpoint needs {' and '.join(missing)}.",
                next_step="give a restricted key that may write webhook endpoints, and the URL that Stripe calls.",
            )
        if options.get("new_value"):
            raise ConfigurationError(
                f"{setting.credential}: Stripe makes the secret of a webhook endpoint.", next_step="leave new_value out."
            )
        return cls(options, setting)

    @property
    def identity(self) -> str:
        account = self._options.get("stripe_account")
        return f"stripe webhook endpoint {self._url} at {self._api.origin}" + (f" (account {account})" if account else "")

    @property
    def capacity(self) -> int:
        return 0

    def close(self) -> None:
        self._api.close()

    # ---- what is there --------------------------------------------------------------------------------------------

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [Endpoint.of(self._api.origin, self._options)]

    def keys(self) -> list[KeyInfo]:
        """The endpoints with this URL."""
        self._listed = self._api.endpoints()
        ours = self._ours()
        if not ours and not self._options.get("enabled_events"):
            raise NotFound(
                f"there is no {self.identity}, and enabled_events does not say which events a new one is to get.",
                next_step="check webhook_url, or set enabled_events.",
            )
        return [_key(row) for row in ours]

    def _ours(self) -> list[dict[str, t.Any]]:
        return [row for row in self._listed if row.get("url") == self._url]

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        if len(self._listed) < MOST_ENDPOINTS:
            return
        what = f"the account has {len(self._listed)} webhook endpoints, and Stripe allows {MOST_ENDPOINTS}"
        ours = [key.id for key in listed if key.id in recorded]
        if len(ours) > 1:
            raise QuotaExceeded(
                f"{self.identity}: {what}; {', '.join(ours)} are ours.", next_step="the previous one must be retired first."
            )
        raise ForeignKeys(
            f"{self.identity}: {what}. There is no room for a second one beside it, and one that is not ours is never touched.",
            next_step="delete an endpoint that nobody needs any more in the Stripe Dashboard, then run again.",
        )

    # ---- issuing ----------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        if not self._listed:
            self.keys()
        made = self._api.create_endpoint(self._like_the_old(attempt, known), attempt.name)
        endpoint, secret = made.get("id"), made.get("secret")
        if not isinstance(endpoint, str) or not isinstance(secret, str) or not secret:
            raise Unreachable(
                f"Stripe created a webhook endpoint for {self.identity} and did not show its secret.",
                next_step="run again: the next run finds it by its metadata, deletes it and creates another.",
                stranded=[f"a webhook endpoint with the metadata {ATTEMPT}={attempt.name}"],
            )
        fields = SecretFields({"secret": secret}).register()
        self._sign(endpoint, fields)
        return Issued(endpoint, fields, _moment(made))

    def _sign(self, endpoint: str, fields: SecretFields) -> None:
        """Write into the endpoint's metadata which secret it was created with.

        :raises Unreachable: that failed, whatever the reason: an endpoint was made, and it is taken back or found by the next run.
        """
        try:
            self._api.update_endpoint(endpoint, {"metadata": {FINGERPRINT: fields.fingerprint()}})
        except ExternalError as error:
            stranded = []
            try:
                self._api.delete_endpoint(endpoint)
            except ExternalError:
                stranded = [f"the webhook endpoint {endpoint} of {self._url}, whose secret nobody has"]
            raise Unreachable(
                f"the fingerprint of its secret could not be written to the new webhook endpoint {endpoint}: {error.message}",
                next_step="give api_key the right to write webhook endpoints; the next run clears away what is left, and goes on.",
                stranded=stranded,
            ) from None

    def _like_the_old(self, attempt: Attempt, known: t.Sequence[Issued]) -> dict[str, t.Any]:
        """The old endpoint's own settings; the options only say what a first one is made of."""
        old = self._template([version.id for version in known])
        metadata = {name: value for name, value in (old.get("metadata") or {}).items() if name not in (ATTEMPT, FINGERPRINT)}
        return {
            "url": self._url,
            "enabled_events": old.get("enabled_events") or self._options.get("enabled_events"),
            "api_version": old["api_version"] if old else self._options.get("api_version"),
            "description": old.get("description") or self._options.get("description"),
            "connect": True if self._options.get("connect") else None,
            "metadata": {**metadata, ATTEMPT: attempt.name},
        }

    def _template(self, known: t.Sequence[str]) -> dict[str, t.Any]:
        """The published version's endpoint; without one, the only endpoint with this URL."""
        ours = {str(row.get("id")): row for row in self._ours()}
        for endpoint in known:
            if endpoint in ours:
                return ours[endpoint]
        return next(iter(ours.values())) if len(ours) == 1 else {}

    # ---- verifying --------------------------------------------------------------------------------------------------

    def verify(self, version: Issued) -> Verification:
        """No request can log in with a signing secret. What can be shown: this very value was given for this endpoint when it was
        created (its fingerprint is in the endpoint's metadata), and the endpoint is there, enabled and has this URL."""
        try:
            self.keys()
        except ExternalError as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)
        found = next((row for row in self._ours() if row.get("id") == version.id), None)
        if found is None:
            return Verification(Verdict.DEAD, detail="there is no such endpoint")
        if found.get("status") != "enabled":
            return Verification(Verdict.DEAD, detail="the endpoint is disabled")
        recorded = (found.get("metadata") or {}).get(FINGERPRINT)
        if not recorded:
            return self._on_a_persons_word(version)
        if recorded != version.fields.fingerprint():
            return Verification(Verdict.DEAD, detail="the endpoint was created with another secret")
        return Verification(Verdict.ALIVE, identity=f"webhook endpoint {version.id} {self._url}")

    def _on_a_persons_word(self, version: Issued) -> Verification:
        if version.id == self._options.get("endpoint_id"):
            return Verification(
                Verdict.ALIVE, f"webhook endpoint {version.id} {self._url}", "a person says that it is this one's secret"
            )
        return Verification(
            Verdict.UNKNOWN, detail=f"{version.id} was made by hand, and Stripe does not show its secret again; see endpoint_id"
        )

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """By the fingerprint in the metadata; a secret of an endpoint made by hand only on a person's word (C(endpoint_id))."""
        if sorted(fields) != sorted(self.FIELDS):
            return None
        self.keys()
        wanted = SecretFields(fields).fingerprint()
        for row in self._ours():
            recorded = (row.get("metadata") or {}).get(FINGERPRINT)
            if recorded == wanted or (not recorded and row.get("id") == self._options.get("endpoint_id")):
                return _key(row)
        return None

    # ---- the end of a version ---------------------------------------------------------------------------------------

    def disable(self, version: Issued) -> None:
        """One that is gone is off already."""
        try:
            self._api.update_endpoint(version.id, {"disabled": True})
        except NotFound:
            self.keys()

    def enable(self, version: Issued) -> None:
        self._api.update_endpoint(version.id, {"disabled": False})

    def delete(self, version: Issued) -> None:
        self._api.delete_endpoint(version.id)


def _moment(row: t.Mapping[str, t.Any]) -> float | None:
    created = row.get("created")
    return float(created) if isinstance(created, (int, float)) else None


def _key(row: t.Mapping[str, t.Any]) -> KeyInfo:
    name = (row.get("metadata") or {}).get(ATTEMPT) or ""
    return KeyInfo(str(row.get("id")), str(name), _moment(row), active=row.get("status") == "enabled")
