# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event-Driven Ansible: keep of an event nothing but the ids of keys, in a format that is known, from the places that are named.

Whatever an event says is somebody else's text. What passes here is C({"leak": {"key_ids": "AKIA…,AKIA…"}}), so that an event can choose
among keys, and never a credential by name, a host, an answer, a template or a path. An event without such a key is dropped.

Arguments (of the rulebook, never of an event):
    at: where keys are, as paths of names with / in between, such as payload/detail/affectedEntities/*/entityValue. C(*) is every
        entry of a list. Text on the way that is JSON is read (SNS and SQS wrap events so).
    formats: what is a key there: aws_access_key_id, sendgrid_api_key (its id is a part of it). Both by default.
"""

from __future__ import annotations

import json
import logging
import re
import typing as t

#: An id is letters, digits, - and _, so that it cannot be an option, a path or a template wherever it goes.
FORMATS = {
    "aws_access_key_id": re.compile(r"(?<![A-Za-z0-9/+=])(AKIA[A-Z0-9]{16})(?![A-Za-z0-9/+=])"),
    "sendgrid_api_key": re.compile(r"(?<![A-Za-z0-9_-])SG\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
}
#: More than that in one event is no leak of a key; nobody's estate is to be rotated by one message.
MOST_KEYS = 5
#: Characters of text that are looked at in one place.
_LONGEST = 65536
_MOST_PLACES = 200

_log = logging.getLogger(__name__)


def main(
    event: t.Mapping[str, t.Any], at: t.Sequence[str], formats: t.Sequence[str] = tuple(FORMATS)
) -> dict[str, t.Any] | list[t.Any]:
    """What ansible-rulebook calls for each event. An empty list drops it."""
    texts = [text[:_LONGEST] for path in at for text in _found(event, path.split("/"))][:_MOST_PLACES]
    keys = list(dict.fromkeys(key for text in texts for name in formats for key in FORMATS[name].findall(text)))
    if not keys:
        _log.info("an event without a key id in a known format was dropped")
        return []
    if len(keys) > MOST_KEYS:
        _log.error("an event with %d key ids was dropped: more than %d are no leak of a key", len(keys), MOST_KEYS)
        return []
    return {"leak": {"key_ids": ",".join(keys)}}


def _found(value: t.Any, path: t.Sequence[str]) -> t.Iterator[str]:
    """The texts at C(path)."""
    if not path:
        if isinstance(value, str):
            yield value
        return
    value = _read(value)
    if path[0] == "*" and isinstance(value, list):
        for entry in value[:_MOST_PLACES]:
            yield from _found(entry, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _found(value[path[0]], path[1:])


def _read(value: t.Any) -> t.Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value[:_LONGEST])
    except (ValueError, RecursionError):
        return None
