#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: http_api_key_rotate
short_description: Rotate a key of any HTTP API that you describe
version_added: 0.1.0
description:
  - For APIs that this collection has no module of its own for. You describe the requests that create, list, verify and delete a key,
    and optionally disable and enable one. The module does with them what it does for every other issuer.
    A new key is created beside the old one, logged in with and published; the old one goes when every consumer has proved the new one
    and the grace is over.
  - Texts in paths, queries, headers and bodies may hold placeholders, which are replaced and never evaluated. In O(create) these are
    C({name}), C({lifetime_seconds}), C({expires_at}) (ISO 8601, UTC), C({expires_on}) (a day) and with O(slots) C({slot});
    in O(verify) C({secret}) and C({id}) or C({slot}); in O(delete), O(disable) and O(enable) C({id}) and C({name}) or C({slot}).
    A body's text that is nothing but C({lifetime_seconds}) becomes a number.
  - Where something is in an answer is written with names and dots, such as C(result.id), C(tokens[0].value), C(["a.b"]), or a single
    dot for the whole answer.
  - Two kinds of API can be described, those that list their keys (O(list)) and those that have a fixed number of slots that are filled
    anew (O(slots)), such as primary and secondary. An API that has neither cannot be rotated safely, because nobody could find a key
    whose creation was interrupted.
  - The page on this issuer has three complete examples, which the tests of this collection run.
options:
  url:
    description:
      - Where the API's paths start. Without user name, password and query.
    type: str
    required: true
  identity:
    description:
      - Whose keys these are, for people, in messages and in the journal.
    type: str
    required: true
  api_token:
    description:
      - Log in with this token, as a bearer token in the header C(Authorization).
      - At least one of O(api_token), O(api_username), O(secret_headers) and O(client_cert) is required.
    type: str
  api_username:
    description:
      - Log in with HTTP Basic, as this user.
    type: str
  api_password:
    description:
      - The password of O(api_username).
    type: str
  secret_headers:
    description:
      - Headers that log in, by name, where neither of the above is what the API takes, for example C(PRIVATE-TOKEN).
    type: dict
  headers:
    description:
      - Other headers of every request of this login, by name. They do not belong to O(verify).
    type: dict
  create:
    description:
      - The request that creates a key, and where in its answer the key is. It is sent once.
    type: dict
    required: true
    suboptions:
      method:
        description: The HTTP method.
        type: str
        choices: [GET, POST, PUT, PATCH, DELETE]
        default: POST
      path:
        description:
          - The path below O(url), beginning with a slash.
        type: str
        required: true
      query:
        description: Parameters that follow the question mark, by name.
        type: dict
      headers:
        description: Headers of this request, by name.
        type: dict
      body:
        description: What is sent as a JSON object.
        type: dict
      id:
        description: Where in the answer the new key's id is. Required with O(list).
        type: str
      secret:
        description: Where in the answer the secret is.
        type: str
        required: true
      expires_at:
        description: Where in the answer it says when the key ends, if it does.
        type: str
      no_room:
        description: Statuses that say that there are too many keys already.
        type: list
        elements: int
        default: []
  list:
    description:
      - The request that lists the keys, and where in its answer they are. Exactly one of O(list) and O(slots) is required.
    type: dict
    suboptions:
      method:
        description: The HTTP method.
        type: str
        choices: [GET, POST, PUT, PATCH, DELETE]
        default: GET
      path:
        description:
          - The path below O(url), beginning with a slash.
        type: str
        required: true
      query:
        description: Parameters that follow the question mark, by name.
        type: dict
      headers:
        description: Headers of this request, by name.
        type: dict
      body:
        description: What is sent as a JSON object.
        type: dict
      rows:
        description: Where in the answer the list is.
        type: str
        default: .
      id:
        description: Where in an entry the id is.
        type: str
        required: true
      name:
        description:
          - Where in an entry the name is. A key whose creation was interrupted is found by its name.
          - Without it, a run that was interrupted while it created a key stops if a new key is listed, and names it.
        type: str
      created_at:
        description: Where in an entry it says when the key was created.
        type: str
      expires_at:
        description: Where in an entry it says when the key ends.
        type: str
      last_used_at:
        description:
          - Where in an entry it says when the key was last used. A use after the last consumer moved on holds the old key back.
        type: str
      last_used_resolution:
        description: How late or how coarse O(list.last_used_at) may be.
        type: str
        default: 5m
      active:
        description: What an entry has to say, by place, to count as a key that works.
        type: dict
      gone:
        description: What an entry says, by place, if it is only the memory of a deleted key.
        type: dict
      paging:
        description: How the list goes on, if it comes in pages.
        type: dict
        suboptions:
          type:
            description:
              - V(page) counts pages and V(offset) counts entries until an empty page comes.
              - V(cursor) takes a cursor from the answer until there is none.
              - V(next_url) takes a link from the answer, V(link_header) from the header C(Link).
            type: str
            required: true
            choices: [page, offset, cursor, next_url, link_header]
          parameter:
            description: The query parameter that says which page. Required with V(page), V(offset) and V(cursor).
            type: str
          start:
            description: The number of the first page or entry. If omitted, 1 for pages and 0 for entries.
            type: int
          size_parameter:
            description: The query parameter that says how long a page is.
            type: str
          size:
            description: How long a page is to be. Used with O(list.paging.size_parameter).
            type: int
            default: 100
          next:
            description: Where in the answer the next cursor or link is.
            type: str
  slots:
    description:
      - The names of the slots, all of which belong to this credential. A new version goes into one that holds none in service.
    type: list
    elements: str
  first_slot:
    description:
      - The slot to fill while nothing is recorded yet. Whoever uses it loses access.
      - Without it, the first run needs a value in the store that it can adopt, with the slot as C(id) beside it.
    type: str
  check:
    description:
      - With O(slots), a request that succeeds if the login works and the identity is there. It changes nothing.
    type: dict
    suboptions:
      method:
        description: The HTTP method.
        type: str
        choices: [GET, POST, PUT, PATCH, DELETE]
        default: GET
      path:
        description:
          - The path below O(url), beginning with a slash.
        type: str
        required: true
      query:
        description: Parameters that follow the question mark, by name.
        type: dict
      headers:
        description: Headers of this request, by name.
        type: dict
      body:
        description: What is sent as a JSON object.
        type: dict
  verify:
    description:
      - The request that a key logs in with, and what its answer says. It is sent with this key alone, on a new connection.
    type: dict
    required: true
    suboptions:
      method:
        description: The HTTP method.
        type: str
        choices: [GET, POST, PUT, PATCH, DELETE]
        default: GET
      path:
        description:
          - The path below O(verify.url), beginning with a slash.
        type: str
        required: true
      query:
        description: Parameters that follow the question mark, by name.
        type: dict
      headers:
        description: Headers of this request, by name.
        type: dict
      body:
        description: What is sent as a JSON object.
        type: dict
      url:
        description: Where O(verify.path) starts, if not at O(url).
        type: str
      username:
        description: User name for HTTP Basic; may hold placeholders.
        type: str
      password:
        description: Password for HTTP Basic; usually V({secret}).
        type: str
      secret_in_url:
        description: Allow C({secret}) in O(verify.path) and O(verify.query). It then ends in the server's and every proxy's log.
        type: bool
        default: false
      alive:
        description: Statuses of a key that works. Others that are not in O(verify.dead) prove nothing.
        type: list
        elements: int
        default: [200]
      dead:
        description: Statuses of a key that does not work.
        type: list
        elements: int
        default: [401]
      alive_if:
        description: What the answer has to say besides, by place, of a key that works.
        type: dict
      id:
        description: Where in the answer it says which key this is. Another one than expected is an error.
        type: str
      identity:
        description: Where in the answer it says who this is, for people.
        type: str
      refuses_strangers:
        description:
          - Make sure first that a random secret is not taken for good. Switch it off only if the API locks out whoever fails to log in.
        type: bool
        default: true
      logins:
        description: How many logins in a row have to succeed, for an API whose servers learn of a new key one after the other.
        type: int
        default: 1
  disable:
    description:
      - The request that switches a key off, if the API can do that. Old keys are then disabled before they are deleted.
    type: dict
    suboptions:
      method:
        description: The HTTP method.
        type: str
        choices: [GET, POST, PUT, PATCH, DELETE]
        default: POST
      path:
        description:
          - The path below O(url), beginning with a slash.
        type: str
        required: true
      query:
        description: Parameters that follow the question mark, by name.
        type: dict
      headers:
        description: Headers of this request, by name.
        type: dict
      body:
        description: What is sent as a JSON object.
        type: dict
      already:
        description: Statuses that say that it is so already.
        type: list
        elements: int
        default: []
  enable:
    description:
      - The request that undoes O(disable).
    type: dict
    suboptions:
      method:
        description: The HTTP method.
        type: str
        choices: [GET, POST, PUT, PATCH, DELETE]
        default: POST
      path:
        description:
          - The path below O(url), beginning with a slash.
        type: str
        required: true
      query:
        description: Parameters that follow the question mark, by name.
        type: dict
      headers:
        description: Headers of this request, by name.
        type: dict
      body:
        description: What is sent as a JSON object.
        type: dict
      already:
        description: Statuses that say that it is so already.
        type: list
        elements: int
        default: []
  delete:
    description:
      - The request that removes a key for good. With O(slots), one after which the slot no longer takes the key, if need be
        the one that fills it anew.
    type: dict
    required: true
    suboptions:
      method:
        description: The HTTP method.
        type: str
        choices: [GET, POST, PUT, PATCH, DELETE]
        default: DELETE
      path:
        description:
          - The path below O(url), beginning with a slash.
        type: str
        required: true
      query:
        description: Parameters that follow the question mark, by name.
        type: dict
      headers:
        description: Headers of this request, by name.
        type: dict
      body:
        description: What is sent as a JSON object.
        type: dict
      already:
        description: Statuses that say that it is so already.
        type: list
        elements: int
        default: [404]
  lifetime:
    description:
      - How long a new key lives, for the placeholders of O(create), such as V(30d).
      - If omitted, the sum of O(rotate_after), O(grace), O(recovery_wait) and a day for a run that is late. It cannot be shorter than the
        first two together.
    type: str
  max_keys:
    description:
      - How many active keys the API lets this identity have; V(0) is no limit. With O(slots) it is their number.
    type: int
    default: 0
  error_message:
    description:
      - Where in an error answer the API says what is wrong, to be shown in messages, for example V(message).
      - If omitted, nothing of an answer is shown. Only set it if the API never repeats a secret there.
    type: str
extends_documentation_fragment:
  - locksmith.rotation.http_connection
  - locksmith.rotation.http_connection.client_certificate
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
notes:
  - The published fields are C(id) and C(secret). Use O(store.fields) to publish them under other names.
  - Redirects are not followed, and a list is never followed to another address, so that no login goes there.
  - A 429 is waited out as C(Retry-After), C(X-RateLimit-Reset) or C(RateLimit-Reset) say, a minute at most at a time.
requirements:
  - requests
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate an access token of a GitLab project
  locksmith.rotation.http_api_key_rotate:
    name: mirror
    url: https://gitlab.example.com/api/v4
    identity: gitlab project 42
    secret_headers:
      PRIVATE-TOKEN: "{{ gitlab_maintainer_token }}"
    create:
      path: /projects/42/access_tokens
      body:
        name: "{name}"
        scopes: [read_repository]
        access_level: 20
        expires_at: "{expires_on}"
      id: id
      secret: token
      expires_at: expires_at
    list:
      path: /projects/42/access_tokens
      id: id
      name: name
      last_used_at: last_used_at
      last_used_resolution: 10m
      active:
        active: true
      gone:
        revoked: true
      paging:
        type: page
        parameter: page
        size_parameter: per_page
    verify:
      path: /personal_access_tokens/self
      headers:
        PRIVATE-TOKEN: "{secret}"
      alive_if:
        active: true
      id: id
      identity: name
    delete:
      path: /projects/42/access_tokens/{id}
    rotate_after: 60d
    store:
      type: vault
      url: https://vault.example.com:8200
      path: ci/mirror
      fields:
        secret: GITLAB_TOKEN
  no_log: true

- name: Rotate one of two keys, primary and secondary, that are made anew in turn
  locksmith.rotation.http_api_key_rotate:
    name: maps
    url: https://api.example.com/v1
    identity: the maps account acme
    api_token: "{{ maps_owner_token }}"
    slots: [primary, secondary]
    first_slot: secondary
    check:
      path: /accounts/acme
    create:
      path: /accounts/acme/keys/{slot}/regenerate
      secret: key
    verify:
      path: /whoami
      headers:
        X-Api-Key: "{secret}"
      identity: account
    delete:
      method: POST
      path: /accounts/acme/keys/{slot}/regenerate
    store:
      type: ssm
      name: /maps/key
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: mirror
identity:
  description: Whose keys these are.
  returned: always
  type: str
  sample: gitlab project 42 at https://gitlab.example.com
action:
  description:
    - What was done, or in check mode would be done.
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
  description: What the API calls the key, or the slot that it is in. It is no secret.
  returned: when there is one
  type: str
  sample: "1834"
fingerprint:
  description: Twelve hexadecimal digits that name the published value without giving it away.
  returned: when there is one
  type: str
  sample: 3f9c1e7a5b20
created_at:
  description: When the published version was created, UTC.
  returned: when there is one
  type: str
  sample: "2026-11-21T03:14:00Z"
due_at:
  description: When it will be rotated, UTC.
  returned: when there is one
  type: str
  sample: "2027-02-19T03:14:00Z"
expires_at:
  description: When the API stops accepting the published key, UTC.
  returned: when there is one that expires
  type: str
  sample: "2027-02-27T03:14:00Z"
previous:
  description: Earlier versions that are not deleted yet.
  returned: always
  type: list
  elements: dict
  contains:
    version:
      description: Its number.
      type: int
    id:
      description: Which key it is.
      type: str
    fingerprint:
      description: Names its value.
      type: str
    phase:
      description: How far it is on its way out of service.
      type: str
pending:
  description: What is waited for before the next step, one line each.
  returned: always
  type: list
  elements: str
  sample: ["web3 (has not reported)"]
"""

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import run_as_module
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api import HttpApiIssuer

ISSUER = HttpApiIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
