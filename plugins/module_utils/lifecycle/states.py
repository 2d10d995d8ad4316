# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine of a credential: its states, what may happen in each, and where that leads.

The journal derives its state from what it records and refuses any event that is not in P(TRANSITIONS).
C(docs/lifecycle.md) is drawn from this table, and a test holds the two together.
"""

from __future__ import annotations

import enum


class State(enum.Enum):
    """Where a credential stands. One journal is in exactly one of these."""

    ABSENT = "absent"
    INTENDED = "intended"
    CANDIDATE = "candidate"
    STEADY = "steady"
    CONTAINED = "contained"
    ROLLING_OUT = "rolling_out"
    GRACE = "grace"
    DISABLING = "disabling"
    DISABLED = "disabled"
    DELETING = "deleting"
    QUARANTINED = "quarantined"


class Event(enum.Enum):
    """What can happen to a credential."""

    ADOPT = "adopt"
    LEAK = "leak"
    CONTAIN = "contain"
    INTEND = "intend"
    ISSUED = "issued"
    PROMOTE = "promote"
    DISCARD = "discard"
    PROVE = "prove"
    UNPROVE = "unprove"
    DISABLE = "disable"
    DISABLED = "disabled"
    DELETE = "delete"
    DELETED = "deleted"
    RESTORE = "restore"
    QUARANTINE = "quarantine"
    RELEASE = "release"


MEANING: dict[State, str] = {
    State.ABSENT: "no journal: nothing has been adopted or issued yet",
    State.INTENDED: "an attempt is announced; the issuer may or may not hold a key of its name",
    State.CANDIDATE: "the new value is durable in the journal, not yet verified and published",
    State.STEADY: "one version, published",
    State.CONTAINED: "the published version has leaked and is switched off, or about to be; a new one comes first of all",
    State.ROLLING_OUT: "a new version is published, the previous one still works, hosts are being moved",
    State.GRACE: "every host has proved the new version; the previous one still works until grace is over",
    State.DISABLING: "the previous version is being switched off",
    State.DISABLED: "the previous version is off and can still be switched on again",
    State.DELETING: "the previous version is being deleted",
    State.QUARANTINED: "failed too often in a row; waits for a person",
}

# Where a rest of older versions is left, the same event leads back to the state that they are in.
_RESTING = frozenset({State.STEADY, State.ROLLING_OUT, State.GRACE, State.DISABLED})
_LEFT_BEHIND = _RESTING | {State.ABSENT, State.CONTAINED, State.DISABLING, State.DELETING}
_UNFINISHED = frozenset({State.INTENDED, State.CANDIDATE})


def _table() -> dict[tuple[State, Event], frozenset[State]]:
    one = frozenset
    table: dict[tuple[State, Event], frozenset[State]] = {
        (State.ABSENT, Event.ADOPT): one({State.STEADY}),
        (State.ABSENT, Event.INTEND): _UNFINISHED,
        (State.INTENDED, Event.INTEND): _UNFINISHED,
        (State.INTENDED, Event.ISSUED): one({State.CANDIDATE}),
        (State.CANDIDATE, Event.ISSUED): one({State.CANDIDATE}),
        (State.CANDIDATE, Event.PROMOTE): one({State.STEADY, State.ROLLING_OUT, State.DISABLING, State.DISABLED, State.DELETING}),
        (State.INTENDED, Event.DISCARD): _LEFT_BEHIND,
        (State.CANDIDATE, Event.DISCARD): _LEFT_BEHIND,
        (State.ROLLING_OUT, Event.PROVE): one({State.GRACE}),
        (State.GRACE, Event.UNPROVE): one({State.ROLLING_OUT}),
        (State.GRACE, Event.DISABLE): one({State.DISABLING}),
        (State.DISABLING, Event.DISABLED): one({State.DISABLING, State.DISABLED, State.ROLLING_OUT, State.GRACE}),
        (State.GRACE, Event.DELETE): one({State.DELETING}),
        (State.DISABLED, Event.DELETE): one({State.DELETING}),
        (State.DELETING, Event.DELETED): _RESTING | {State.DELETING, State.DISABLING},
        (State.QUARANTINED, Event.RELEASE): _LEFT_BEHIND | _UNFINISHED,
    }
    for state in _RESTING | {State.CONTAINED}:
        table[(state, Event.INTEND)] = _UNFINISHED
    table.update(_of_a_leak())
    for state in (State.ROLLING_OUT, State.GRACE, State.DISABLING, State.DISABLED, State.DELETING, State.CONTAINED):
        table[(state, Event.RESTORE)] = one({State.CANDIDATE})
    for state in set(State) - {State.QUARANTINED}:
        table[(state, Event.QUARANTINE)] = one({State.QUARANTINED})
    return table


def _of_a_leak() -> dict[tuple[State, Event], frozenset[State]]:
    """What an emergency adds. Leaked versions come before others on their way out, so that saying so may change what is next."""
    table: dict[tuple[State, Event], frozenset[State]] = {}
    for state in _LEFT_BEHIND - {State.ABSENT}:
        table[(state, Event.LEAK)] = frozenset({state})
        table[(state, Event.CONTAIN)] = frozenset({State.CONTAINED, State.DISABLING, State.DELETING})
    table[(State.DISABLED, Event.LEAK)] = frozenset({State.DISABLED, State.ROLLING_OUT, State.GRACE})
    table[(State.STEADY, Event.CONTAIN)] = frozenset({State.CONTAINED})
    # The switching off goes on where an attempt is under way already, and leaves it there.
    for state in (State.CONTAINED, *_UNFINISHED):
        for event in (Event.LEAK, Event.CONTAIN, Event.DISABLED, Event.DELETE, Event.DELETED):
            table[(state, event)] = frozenset({state})
    return table


#: (state, event) to the states it may lead to. What is not here cannot happen.
TRANSITIONS = _table()
