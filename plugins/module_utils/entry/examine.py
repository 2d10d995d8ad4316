# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Would a rotation of one credential work? Asked of its libraries, issuer and store before anything is changed. Changes nothing.

Called by the action plugin C(credential_examine). Like the audit it goes on where somebody does not answer, and says so.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.endpoint import glance_at
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import build_policy, build_setting, build_store
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer, KeyInfo
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.own_login import check_may_rotate
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, SystemClock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    LocksmithError,
    MissingLibrary,
    QuotaExceeded,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import (
    CLOCK,
    CRITICAL,
    INFO,
    ISSUER,
    LIBRARIES,
    OPTIONS,
    RIGHTS,
    ROOM,
    STORE,
    TLS,
    WARNING,
    WRITABLE,
    Check,
    judge_clock,
)

#: Bytes of a field whose value is not known yet, as the engine counts it.
_FIELD_SIZE = 256
#: Seconds. A certificate that ends sooner is a warning.
_ENDS_SOON = 14 * 86400
Found = t.TypeVar("Found")


def examine_credential(issuer_class: type[Issuer], params: t.Mapping[str, t.Any], clock: Clock | None = None) -> dict[str, t.Any]:
    """All checks of one credential. Wrong options and missing libraries are checks too: it never raises our errors."""
    examination = Examination(params, clock or SystemClock())
    examination.look(issuer_class)
    bad = [check for check in examination.checks if check.severity]
    return {
        "changed": False,
        "msg": f"{params['name']}: " + (" ".join(check.detail for check in bad) or "a rotation would find all that it needs"),
        "credential": params["name"],
        "type": issuer_class.KIND,
        "checks": [check.public() for check in examination.checks],
        "rights": [{"where": one.where, "language": one.language, "text": one.text} for one in examination.rights],
        "instead": examination.instead,
        "page": f"docs/issuers/{issuer_class.KIND}.md",
    }


class Examination:
    """One look at one credential. C(checks): in the order in which they were made."""

    def __init__(self, params: t.Mapping[str, t.Any], clock: Clock) -> None:
        self._params, self._clock = params, clock
        self.checks: list[Check] = []
        self.rights: list[LeastRights] = []
        self.instead = ""

    def look(self, issuer_class: type[Issuer]) -> None:
        policy = self._try(OPTIONS, lambda: build_policy(self._params, issuer_class), "the policy is understood")
        if policy is None:
            return
        setting = self._try(OPTIONS, lambda: build_setting(self._params, policy, self._clock, issuer_class))
        issuer = None
        if setting is not None:
            issuer = self._try(
                LIBRARIES, lambda: issuer_class.create(self._params, setting), "what the issuer needs is installed"
            )
        store = self._try(
            LIBRARIES, lambda: build_store(self._params["store"], issuer_class), "what the store needs is installed"
        )
        try:
            journal = self._look_at_store(store, issuer_class) if store else None
            if issuer:
                self.instead = issuer.INSTEAD
                self._look_at_issuer(issuer, policy, journal, store)
        finally:
            for opened in (issuer, store):
                if opened is not None:
                    opened.close()

    def _try(self, area: str, ask: t.Callable[[], Found], well: str = "") -> Found | None:
        """The answer; where there is none, a check that says why. C(well): what to note where there is one."""
        try:
            answer = ask()
        except LocksmithError as error:
            self.checks.append(_failed(area, error))
            return None
        if well:
            self.checks.append(Check(area, "", well))
        return answer

    def _look_at_store(self, store: Store, issuer_class: type[Issuer]) -> Journal | None:
        found = self._try(STORE, store.read_journal, f"{store.place} answers")
        journal = None
        if found is not None:
            text = found.text
            journal = self._try(
                STORE, lambda: load_journal(text, self._params["name"], issuer_class.KIND, issuer_class.PUBLIC_FIELDS)
            )
        answered = self.checks[-1].severity == ""
        if answered:
            sizes = dict.fromkeys(issuer_class.field_names(self._params["store"]), _FIELD_SIZE)
            self._try(WRITABLE, lambda: store.check_publishable(sizes), f"{store.place} could be written to")
            self._note_rights(store)
        self._glance(store)
        return journal

    def _look_at_issuer(self, issuer: Issuer, policy: Policy, journal: Journal | None, store: Store | None) -> None:
        keys = self._try(ISSUER, issuer.keys)
        if keys is not None:
            self.checks.append(Check(ISSUER, "", f"{issuer.identity} is there and may be rotated as far as it tells"))
            self._look_for_room(issuer, keys, journal)
            self.checks += self._try(RIGHTS, issuer.examine) or ()
            self._note_rights(issuer)
        self._look_at_own_login(issuer, policy, journal, store)
        self._glance(issuer)

    def _look_for_room(self, issuer: Issuer, keys: t.Sequence[KeyInfo], journal: Journal | None) -> None:
        recorded = journal.ids() if journal else set()
        try:
            issuer.check_room(keys, recorded)
        except QuotaExceeded as error:  # by our own keys: the next rotation waits until the previous one is retired
            self.checks.append(Check(ROOM, WARNING if journal is None else INFO, error.message, error.next_step))
        except LocksmithError as error:
            self.checks.append(_failed(ROOM, error))
        else:
            self.checks.append(Check(ROOM, "", "there is room for one more version"))

    def _look_at_own_login(self, issuer: Issuer, policy: Policy, journal: Journal | None, store: Store | None) -> None:
        """Whether a run would refuse because it would replace its own login."""
        published = None
        if store is not None and not (journal and journal.current):
            try:
                published = store.read_published()
            except LocksmithError:
                return  # told of already
        self._try(RIGHTS, lambda: check_may_rotate(issuer, policy.own_login, journal, published, self._params["name"]))

    def _note_rights(self, of: Issuer | Store) -> None:
        """The policies. Where they cannot be made because somebody does not answer, that has been told of already."""
        try:
            self.rights += of.least_rights()
        except LocksmithError:
            return

    def _glance(self, at: Issuer | Store) -> None:
        try:
            endpoints = at.endpoints()
        except LocksmithError:
            return
        for endpoint in endpoints:
            seen = glance_at(endpoint, self._clock)
            if seen.ahead is not None:
                self.checks.append(judge_clock(seen.ahead, endpoint.url))
            if seen.expires_at is not None:
                self.checks.append(judge_certificate(seen.expires_at - self._clock.now(), seen.expires_at, endpoint.url))
            if seen.problem:
                area = TLS if "certificate" in seen.problem else CLOCK
                self.checks.append(Check(area, WARNING, f"{seen.problem}.", "nothing, if a proxy leads there; else look at it."))


def judge_certificate(left: float, expires_at: float, where: str) -> Check:
    """How long a certificate is valid still. C(left): seconds."""
    until = f"the certificate of {where} is valid until {to_iso(expires_at)}"
    if left >= _ENDS_SOON:
        return Check(TLS, "", until)
    step = "have it renewed, or no run reaches that server any more."
    if left < 0:
        return Check(TLS, CRITICAL, f"{until}, which was {format_duration(-left)} ago.", step)
    return Check(TLS, WARNING, f"{until}, {format_duration(left)} from now.", step)


def _failed(area: str, error: LocksmithError) -> Check:
    """What kept a question from being answered. Every one of these would keep a rotation from working."""
    if isinstance(error, MissingLibrary):
        return Check(LIBRARIES, CRITICAL, error.message, error.next_step)
    if isinstance(error, ConfigurationError):
        return Check(OPTIONS, CRITICAL, error.message, error.next_step)
    if isinstance(error, Denied) and area == ISSUER:
        return Check(RIGHTS, CRITICAL, error.message, error.next_step)
    return Check(area, CRITICAL, error.message, error.next_step)
