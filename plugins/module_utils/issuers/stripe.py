# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stripe: secret and restricted keys, which a person makes, and the secrets of webhook endpoints, which Stripe makes.

This file chooses the strategy for O(kind). Each is an issuer of its own.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_keys import StripeKeys
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_managed import StripeManagedKeys
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_webhooks import StripeWebhooks

_STRATEGIES: dict[str, type[Issuer]] = {
    "secret_key": StripeKeys,
    "restricted_key": StripeKeys,
    "webhook_endpoint": StripeWebhooks,
    "managed_key": StripeManagedKeys,
}


class StripeIssuer(StripeKeys):
    """What a catalogue calls C(stripe). Never an instance itself: P(create) makes one of the class behind O(kind)."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **{name: option for strategy in _STRATEGIES.values() for name, option in strategy.OPTIONS.items()},
        "kind": {"type": "str", "required": True, "choices": list(_STRATEGIES)},
    }
    ROTATE_AFTER = "180d"

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> Issuer:
        return _STRATEGIES[options["kind"]].create(options, setting)
