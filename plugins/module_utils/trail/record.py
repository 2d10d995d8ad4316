# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a trail up to date with what a run reports: read, check, find what it lacks, append that as one chained batch.

Called by the module and the action plugin C(credential_trail).
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import typing as t
import uuid

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.chain import TORN, Trail, read_trail
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.file import opened, read_file
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.line import NOTHING, canonical, chained, head_of, read_line
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.unseen import new_entries

FORMAT = 1
#: C(what) of the line that every run adds.
RUN = "run"
#: Problems that the result names; whoever wants all of them asks C(credential_trail_info).
_NAMED = 20


@dataclasses.dataclass(frozen=True)
class News:
    """What a run wants to have in the trail.

    C(reports): one a credential. C(review): that somebody has gone through a period, if anybody has. C(by): who runs this, where, in which
    job; written into every line. C(run): of Ansible, as the events name it. C(now): seconds since the epoch, on the machine of the trail.
    """

    reports: t.Sequence[t.Mapping[str, t.Any]]
    review: t.Mapping[str, t.Any]
    by: t.Mapping[str, t.Any]
    run: str
    now: float


def record(path: str, mode: int, news: News, check_mode: bool) -> dict[str, t.Any]:
    """Append what C(path) lacks, and say what that was.

    :raises LocksmithError: it could not be opened, locked or written.
    """
    if check_mode:
        return _predict(path, news)
    with opened(path, mode) as file:
        trail = read_trail(file.read())
        entries = _wanted(trail, news)
        lines, last = _chain(trail, [*entries, *_run(news, len(entries))], news)
        if lines:
            file.append(b"".join(lines))
    return _told(path, trail, entries, head_of(last))


def _predict(path: str, news: News) -> dict[str, t.Any]:
    trail = read_trail(read_file(path) if os.path.lexists(path) else b"")
    return _told(path, trail, _wanted(trail, news), trail.head)


def _wanted(trail: Trail, news: News) -> list[dict[str, t.Any]]:
    entries = new_entries(trail.entries, news.reports, news.run)
    if news.review:
        entries.append({**news.review, "what": "review", "at": to_iso(news.now)})
    return entries


def _run(news: News, recorded: int) -> list[dict[str, t.Any]]:
    """A line for the run itself, also where nothing happened: that nothing was due is evidence only if somebody has looked."""
    if not news.reports:
        return []
    failed = sum(bool(report.get("failure")) for report in news.reports)
    return [{"what": RUN, "at": to_iso(news.now), "credentials": len(news.reports), "failed": failed, "recorded": recorded}]


def _chain(
    trail: Trail, entries: t.Iterable[t.Mapping[str, t.Any]], news: News
) -> tuple[list[bytes], t.Mapping[str, t.Any] | None]:
    """The bytes to append, and the last entry of the trail after that."""
    last, lines = trail.last, []
    wanted = [*_opening(trail, news), *entries]
    for entry in wanted:
        seq, prev = (last["seq"] + 1, last["hash"]) if last else (1, NOTHING)
        last = chained({**entry, "by": news.by, "recorded_at": to_iso(news.now)}, seq, prev)
        lines.append(_readable(canonical(last)) + b"\n")
    if lines and (trail.torn or trail.unended):
        lines.insert(0, b"\n")
    return lines, last


def _readable(raw: bytes) -> bytes:
    """Nothing is written that could not be read again. :raises NotALine: it could not."""
    read_line(raw)
    return raw


def _opening(trail: Trail, news: News) -> list[dict[str, t.Any]]:
    """What goes before the news: the first line of a new trail, and a word about what a cut-off run has left."""
    opening: list[dict[str, t.Any]] = []
    if trail.last is None:
        opening.append({"what": "begin", "at": to_iso(news.now), "format": FORMAT, "trail": uuid.uuid4().hex})
    if trail.torn:
        sha256 = hashlib.sha256(trail.torn).hexdigest()
        note = "the line before was left unfinished by a run that was cut off while writing it"
        torn = {"line": trail.lines, "bytes": len(trail.torn), "sha256": sha256, "note": note}
        opening.append({"what": TORN, "at": to_iso(news.now), **torn})
    return opening


def _told(path: str, trail: Trail, entries: t.Sequence[t.Mapping[str, t.Any]], head: str) -> dict[str, t.Any]:
    return {
        "changed": bool(entries),
        "path": path,
        "recorded": len(entries),
        "late": sum(bool(entry.get("late")) for entry in entries),
        "gaps": [f"{entry['credential']}: {entry['from']} to {entry['to']}" for entry in entries if entry["what"] == "gap"],
        "problems": [problem.told() for problem in trail.problems[:_NAMED]],
        "head": head,
    }
