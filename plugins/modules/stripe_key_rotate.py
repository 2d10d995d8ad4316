#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: stripe_key_rotate
short_description: Rotate Stripe API keys and webhook signing secrets
version_added: 0.1.0
description:
  - Stripe has no public API to make, list or end API keys. So for O(kind=secret_key) and O(kind=restricted_key) a person makes
    the new key in the Dashboard and supplies it; see M(locksmith.rotation.manual_credential_rotate) for the ways to do so.
    The key must be of the same account, mode and kind as the old one. It is published and rolled out, and the old
    one is watched until it has expired or somebody has ended it.
  - For O(kind=webhook_endpoint) everything is done here. Stripe shows a signing secret only when an endpoint is created, so a second
    endpoint with the same URL, events, API version, description and metadata is created, and the old one is switched off and
    deleted when every consumer has the new secret and the grace is over.
  - O(kind=managed_key) uses an API that Stripe has only in private preview.
options:
  kind:
    description:
      - What is rotated.
    type: str
    required: true
    choices: [secret_key, restricted_key, webhook_endpoint, managed_key]
  new_value:
    description:
      - The key that a person has made, as C(secret), for O(kind=secret_key) and O(kind=restricted_key).
      - It may also have a C(label), the name that the Dashboard shows. The label is public.
    type: dict
  api_key:
    description:
      - The key to manage webhook endpoints with, or the app's key for O(kind=managed_key). Needed for these kinds only.
      - A restricted key that may read and write webhook endpoints, and nothing else, is enough.
      - The environment variable E(STRIPE_API_KEY) is used if it is not given.
    type: str
  api_url:
    description:
      - Where Stripe answers.
    type: str
    default: https://api.stripe.com
  stripe_account:
    description:
      - With O(kind=webhook_endpoint), the connected account to work in, if it is not O(api_key)'s own.
      - With O(kind=managed_key), the account that the keys are of.
    type: str
  stripe_version:
    description:
      - The API version to send with each request. The account's own if not given, and V(2026-08-26.preview) for O(kind=managed_key).
    type: str
  allow_unproved_account:
    description:
      - With O(kind=restricted_key), whether a new key is taken although Stripe does not say that it is of the old one's account,
        because a key may not read that. The mode is compared nevertheless.
    type: bool
    default: false
  webhook_url:
    description:
      - With O(kind=webhook_endpoint), the URL that Stripe calls. It says which endpoints are the credential's.
    type: str
  enabled_events:
    description:
      - The events that a first endpoint gets. Later ones get those of their predecessor. Without it, a missing endpoint is taken for a
        typing error in O(webhook_url).
    type: list
    elements: str
  api_version:
    description:
      - The API version of the events of a first endpoint. Later ones have that of their predecessor.
    type: str
  description:
    description:
      - The description of a first endpoint. Later ones have that of their predecessor.
    type: str
  connect:
    description:
      - Whether the endpoint gets events of connected accounts. Stripe does not show it of an existing endpoint, so say it for
        a later one too.
    type: bool
    default: false
  endpoint_id:
    description:
      - With O(kind=webhook_endpoint), the endpoint whose secret is published already, on your word. No request can show that, because
        Stripe shows a secret only once. Without it, a published secret of an endpoint made by hand is not adopted.
    type: str
  private_preview:
    description:
      - Says that you are one of those whom Stripe lets use its API for keys, for O(kind=managed_key). Test mode only.
    type: bool
    default: false
  permissions:
    description:
      - The permissions of a new key, for O(kind=managed_key).
    type: list
    elements: str
extends_documentation_fragment:
  - locksmith.rotation.http_connection
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
notes:
  - The published field is C(secret). Use O(store.fields) to publish it under another name.
  - Before a login with a key counts, Stripe must turn a random key away with status 401.
  - While two webhook endpoints are enabled, Stripe sends every event twice, signed once with each secret. Receivers that handle an
    event only once, by its id, are not disturbed.
requirements:
  - requests
seealso:
  - module: locksmith.rotation.manual_credential_rotate
  - module: locksmith.rotation.credential_supply
  - name: Stripe API keys
    description: What they are, and how to rotate one in the Dashboard.
    link: https://docs.stripe.com/keys
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Roll out the secret key that somebody has left in the drop-off, and ask for one when it is due
  locksmith.rotation.stripe_key_rotate:
    name: shop-stripe
    kind: secret_key
    rotate_after: 180d
    store:
      type: vault
      url: https://vault.example.com:8200
      path: shop/stripe
      drop_off: shop/stripe.new
      fields:
        secret: STRIPE_API_KEY
  no_log: true

- name: Take a restricted key from a variable
  locksmith.rotation.stripe_key_rotate:
    name: reports-stripe
    kind: restricted_key
    new_value:
      secret: "{{ new_stripe_key }}"
    store:
      type: ssm
      name: /reports/stripe
  no_log: true

- name: Rotate the signing secret of a webhook endpoint
  locksmith.rotation.stripe_key_rotate:
    name: shop-webhook
    kind: webhook_endpoint
    api_key: "{{ stripe_webhook_manager }}"
    webhook_url: https://shop.example.com/stripe
    enabled_events: [charge.succeeded, invoice.paid]
    grace: 24h
    store:
      type: vault
      url: https://vault.example.com:8200
      path: shop/webhook
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: shop-stripe
identity:
  description: What is rotated, and where.
  returned: always
  type: str
  sample: stripe secret key shop-stripe at https://api.stripe.com
action:
  description:
    - What was done, or in check mode would be done. V(held) if something is waited for.
  returned: always
  type: str
  sample: rotated
state:
  description: Where the credential stands in its life cycle now.
  returned: always
  type: str
  sample: steady
version:
  description: Number of the published version, counted from 1.
  returned: when there is one
  type: int
  sample: 7
id:
  description: Account, mode and the key as the Dashboard shows it, or the webhook endpoint's id. It is no secret.
  returned: when there is one
  type: str
  sample: acct_1J2K3L4M5N6P7Q8R/live/sk_live_…4eC3
fingerprint:
  description: Twelve hexadecimal digits that name the published value without giving it away.
  returned: when there is one
  type: str
  sample: 3f9c1e7a5b20
created_at:
  description: When the published version was created or taken over, UTC.
  returned: when there is one
  type: str
  sample: "2026-11-21T03:14:00Z"
due_at:
  description: When it will be rotated, or a new key will be asked for, UTC.
  returned: when there is one
  type: str
  sample: "2027-05-20T03:14:00Z"
previous:
  description: Earlier versions that have not ended yet.
  returned: always
  type: list
  elements: dict
  contains:
    version:
      description: Its number.
      type: int
    id:
      description: Which key or endpoint it is.
      type: str
    fingerprint:
      description: Names its value.
      type: str
    phase:
      description: How far it is on its way out of service.
      type: str
pending:
  description: What is waited for before the next step, one line each; what a person has to do.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      a person to end sk_live_…4eC3 at https://dashboard.stripe.com/apikeys (or wait until it expires); it still works
"""

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import run_as_module
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe import StripeIssuer

ISSUER = StripeIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
