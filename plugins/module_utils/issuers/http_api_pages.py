# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listing that comes in pages, read to its end or not at all. Called by P(HttpApiIssuer).

A key that is missed is a key that is taken for gone: so a listing ends only where the server says so (an empty page, no next
cursor, no next link), and one that repeats itself is an error.
"""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_answer import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected, Unreachable

#: How a listing goes on.
KINDS = ("page", "offset", "cursor", "next_url", "link_header")
_MOST_PAGES = 1000

#: Sends the request of a page: path (empty for the first one's) and query.
Ask = t.Callable[[str, t.Mapping[str, t.Any]], Answer]


@dataclasses.dataclass(frozen=True)
class Paging:
    """C(kind) empty: all is in one answer. C(next): where the next cursor or URL is."""

    kind: str = ""
    parameter: str = ""
    start: int = 1
    fixed: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    next: Place | None = None

    @classmethod
    def read(cls, option: str, written: t.Mapping[str, t.Any] | None) -> Paging:
        """:raises ConfigurationError: what the kind needs is missing."""
        if not written:
            return cls()
        kind, parameter = str(written.get("type")), written.get("parameter") or ""
        if kind in ("page", "offset", "cursor") and not parameter:
            raise ConfigurationError(f"{option}.parameter is required with type {kind}.", next_step="name the query parameter.")
        if kind in ("cursor", "next_url") and not written.get("next"):
            raise ConfigurationError(
                f"{option}.next is required with type {kind}.", next_step="say where in the answer the next one is."
            )
        first = 0 if kind == "offset" else 1
        return cls(
            kind,
            parameter,
            first if written.get("start") is None else int(written["start"]),
            {written["size_parameter"]: written.get("size") or 100} if written.get("size_parameter") else {},
            Place.read(f"{option}.next", written["next"]) if written.get("next") else None,
        )


def rows(paging: Paging, ask: Ask, place: Place, base_url: str) -> t.Iterator[t.Any]:
    """The rows of all pages.

    :arg base_url: links to other servers, or past this, are not followed: the login would go with them.
    :raises Unreachable: an answer has no rows where they belong. :raises Rejected: the listing does not end.
    """
    path, query, count = "", _first(paging), 0
    seen: list[t.Any] = []
    for _turn in range(_MOST_PAGES):
        answer = ask(path, query)
        page = place.find(answer.payload)
        if not isinstance(page, list):
            raise Unreachable(
                f"{answer.where} was answered without a list at {place.written} ({place.option}).",
                next_step=f"correct {place.option}, or check that url leads to the API itself.",
            )
        count += len(page)
        yield from page
        following = _next(paging, answer, page, query, count, base_url)
        if following is None:
            return
        if following in seen or (page and page in seen):
            break
        path, query = following
        seen += [following, page]
    raise Rejected(
        "the list of keys does not end: the server gives the same page again and again.",
        next_step="correct list.paging; a server that does not know its parameter ignores it.",
    )


def _first(paging: Paging) -> dict[str, t.Any]:
    counted = {paging.parameter: paging.start} if paging.kind in ("page", "offset") else {}
    return {**paging.fixed, **counted}


def _next(
    paging: Paging, answer: Answer, page: t.Sequence[t.Any], query: t.Mapping[str, t.Any], count: int, base_url: str
) -> tuple[str, dict[str, t.Any]] | None:
    """Path and query of the next page; None if this was the last."""
    if paging.kind in ("page", "offset"):
        number = query[paging.parameter] + 1 if paging.kind == "page" else paging.start + count
        return ("", {**query, paging.parameter: number}) if page else None
    if paging.kind == "cursor" and paging.next is not None:
        cursor = paging.next.text(answer.payload)
        return ("", {**query, paging.parameter: cursor}) if cursor else None
    url = answer.next_url if paging.kind == "link_header" else ""
    if paging.kind == "next_url" and paging.next is not None:
        url = paging.next.text(answer.payload)
    return _within(url, base_url) if url else None


def _within(url: str, base_url: str) -> tuple[str, dict[str, t.Any]]:
    """A link as path below C(base_url) and query. :raises Rejected: it leads elsewhere."""
    try:
        link, base = urlsplit(url), urlsplit(base_url.rstrip("/"))
        here = (link.scheme, link.netloc) in ((base.scheme, base.netloc), ("", "")) and link.path.startswith(base.path + "/")
    except ValueError:
        here = False
    if not here or "/../" in link.path + "/":
        raise Rejected(
            "the link to the next page of the list of keys leads to another address, where the login must not go.",
            next_step="set url to the address that the server itself uses in its links, or choose another type in list.paging.",
        )
    return link.path[len(base.path) :], dict(parse_qsl(link.query, keep_blank_values=True))
