# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that the collection raises. The lowest layer: everything may import this, it imports nothing.

Every message says what happened and to what; C(next_step) says what a person does about it. Neither may ever
hold a secret: whoever raises an error builds it from names, ids and status codes, never from a request or answer body.
"""

from __future__ import annotations

import contextlib
import typing as t


class LocksmithError(Exception):
    """Base of all our errors.

    :arg message: what happened, to which thing, in one sentence.
    :arg next_step: what to do next, in one sentence; without it, what usually helps against this kind of error.
    :arg stranded: what was left behind and where, one public line each (ids and places, never values).
    """

    #: What usually helps.
    USUAL_STEP: t.ClassVar[str] = "run again; the journal says where it stands."

    def __init__(self, message: str, *, next_step: str = "", stranded: t.Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step or self.USUAL_STEP
        self.stranded = list(stranded)
        #: The events that the journal has, once the failure is written down in it; for the result of the call. Public.
        self.history: list[dict[str, t.Any]] = []

    def __str__(self) -> str:
        parts = [self.message]
        if self.stranded:
            parts.append("Left behind: " + "; ".join(self.stranded) + ".")
        if self.next_step:
            parts.append("Next: " + self.next_step)
        return " ".join(parts)


class ConfigurationError(LocksmithError):
    """The input is wrong. Raised before any request is sent."""

    USUAL_STEP = "correct the options; nothing was sent."


class MissingLibrary(LocksmithError):
    """A Python package that the chosen issuer or store needs is not installed where this runs."""

    USUAL_STEP = "install it for the Python that runs this."


class ExternalError(LocksmithError):
    """Base of what an issuer or a store answered, or did not answer."""


class Unreachable(ExternalError):
    """No usable answer after bounded retries: refused, reset, timed out, 429 or 5xx to the end.

    Says nothing about whether the request took effect.
    """

    USUAL_STEP = "run again when it answers; the next run finds out what took effect."


class Denied(ExternalError):
    """The issuer or the store refused: credentials or rights are missing. Nothing took effect."""

    USUAL_STEP = "check the login and its rights."


class NotFound(ExternalError):
    """The named thing does not exist there."""

    USUAL_STEP = "check the names, and that it exists."


class QuotaExceeded(ExternalError):
    """The issuer has no room for one more key, or the store none for this value."""

    USUAL_STEP = "make room there, then run again."


class Rejected(ExternalError):
    """Any other refusal: the request is invalid for this server. Nothing took effect."""

    USUAL_STEP = "mend what it complains about, then run again."


class ForeignKeys(ExternalError):
    """Keys at the issuer that the journal does not record as ours are in the way. They are never touched."""

    USUAL_STEP = "find out whose they are and whether somebody uses them, then run again."


class Conflict(ExternalError):
    """A compare-and-set in the store failed: somebody else wrote in between."""


class ValueAwaited(LocksmithError):
    """Only a person can make the next value, and has not supplied it yet. Nothing is wrong, and nothing was done."""


class LeaseLost(LocksmithError):
    """This run no longer holds the credential; another run may. Nothing further may be done to it."""


class JournalError(LocksmithError):
    """The journal is damaged, belongs to another credential, or was written by a newer version of the collection."""

    USUAL_STEP = "look at the journal in its store; nothing was changed."


class VerificationFailed(LocksmithError):
    """The new version did not authenticate as the expected identity within the time allowed."""


class Quarantined(LocksmithError):
    """The credential failed too often in a row and waits for a person."""


@contextlib.contextmanager
def naming(credential: str) -> t.Iterator[None]:
    """Whatever fails in here says first which credential it is about."""
    try:
        yield
    except LocksmithError as error:
        if not error.message.startswith(credential):
            error.message = f"{credential}: {error.message}"
        raise
