# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four controls that auditors ask about rotation with: what each wants, what this evidence answers of it and what it does not. Pure.

The controls are told in our own words; their text is their publishers'. Called by the evidence pack.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_answer import (
    Answer,
    Check,
    Found,
    Verdict,
    counted,
    some,
    summed,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_checklist import reviewed, verified_before_delete

#: CIS Amazon Web Services Foundations Benchmark, recommendation 1.14 in editions 1.4 to 4, 2.12 in edition 7. Days.
_CIS_LIMIT = 90.0
_FOR_CAUSE = ("leak", "offboarding")


@dataclasses.dataclass(frozen=True)
class Control:
    """C(wants): in our words; C(shown_by): which parts of the pack bear on it; C(not_shown): what an auditor has to ask elsewhere."""

    name: str
    wants: str
    shown_by: str
    not_shown: str
    answer: t.Callable[[Found], Answer]


def access_keys(found: Found) -> Answer:
    """No access key of an IAM user older than 90 days."""
    keys = [age for age in found.ages if age.listed.kind == "iam"]
    if not keys:
        return Answer(Verdict.NOT_APPLICABLE, ("the catalogue has no access keys of IAM users",))
    old = [f"{age.listed.name} ({age.greatest():g} days)" for age in keys if (age.greatest() or 0.0) > _CIS_LIMIT]
    unknown = [age.listed.name for age in keys if age.days is None]
    long = [age.listed.name for age in keys if age.listed.limit_days is None or age.listed.limit_days > _CIS_LIMIT]
    return summed(
        [
            (
                len(unknown) < len(keys) and not old,
                f"{len(old)} of {len(keys)} access keys were older than 90 days in the period"
                + (f": {some(old)}" if old else ""),
            ),
            (not long, f"{len(long)} have a limit of more than 90 days" + (f": {some(long)}" if long else "")),
            (not unknown, f"the age of {len(unknown)} is not known" + (f": {some(unknown)}" if unknown else "")),
        ]
    )


def kept_to_intervals(found: Found) -> Check:
    """Was everything within the interval of its own?"""
    over = [age.listed.name for age in found.ages if age.verdict() in ("overdue", "unknown")]
    late = [rotation.new["credential"] for rotation in found.account.rotations() if rotation.in_time is False]
    told = f"{len(found.ages) - len(over)} of {len(found.ages)} credentials were within their interval, or exempt, at the end of the period"
    return bool(found.ages) and not over and not late, told + (f"; not {some(over)}" if over else "") + (
        f"; replaced late: {some(late)}" if late else ""
    )


def replaced_for_cause(found: Found) -> Check:
    """Rotations after a leak or somebody's leaving. How many there were speaks neither for nor against."""
    causes = [rotation for rotation in found.account.rotations() if rotation.new.get("reason") in _FOR_CAUSE]
    return None, f"{counted(len(causes), 'rotation')} in the period for a leak or for somebody's leaving"


def ended(found: Found) -> Check:
    """Were replaced versions taken out of service, with proof?"""
    answer = verified_before_delete(found)
    return answer.verdict is Verdict.YES, "; ".join(answer.because)


def system_accounts(found: Found) -> Answer:
    """Changed periodically, and on suspicion."""
    return summed([kept_to_intervals(found), replaced_for_cause(found)] if found.ages else [])


def authenticators(found: Found) -> Answer:
    """Refreshed, revoked, protected."""
    return summed([kept_to_intervals(found), replaced_for_cause(found), ended(found)] if found.ages else [])


def logical_access(found: Found) -> Answer:
    """Credentials are managed from their making to their end, and there is a record."""
    answer = reviewed(found)
    record = (answer.verdict is Verdict.YES, "the record: " + "; ".join(answer.because))
    return summed([kept_to_intervals(found), ended(found), record] if found.ages else [])


CONTROLS: tuple[Control, ...] = (
    Control(
        "CIS AWS Foundations 1.14 (2.12 in edition 7)",
        "Access keys of IAM users are replaced at least every 90 days.",
        "ages.csv and rotations.csv, kind iam: the age of each key at the end of the period and when it was replaced.",
        "Keys that are not in the catalogue. IAM's credential report lists all of an account; playbooks/audit.yml names those that nobody "
        "manages.",
        access_keys,
    ),
    Control(
        "PCI DSS 4.0 8.6.3",
        "Passwords of applications and systems are changed as often as the entity's own risk analysis says, at once when they may be known "
        "to others, and are as complex as that interval asks for.",
        "ages.csv (intervals and ages), rotations.csv (reason leak), exceptions.csv.",
        "The risk analysis (12.3.1) from which the intervals come, and the complexity of values, which no evidence may show. "
        "Accounts that are not in the catalogue.",
        system_accounts,
    ),
    Control(
        "NIST SP 800-53 IA-5",
        "Authenticators are managed: given out, strong enough, refreshed after a set time or event, revoked when lost, kept from others, "
        "and changed when members of a group leave.",
        "ages.csv and rotations.csv for refreshing (f) and for changes when members leave (i, reason offboarding), retirements.csv for "
        "revoking (d).",
        "Who is given an authenticator at first (a, b), its strength (c), default values (e), what people are taught (h), and rights in "
        "the stores (g).",
        authenticators,
    ),
    Control(
        "SOC 2 CC6.1",
        "Access to protected information is restricted by measures that include managing credentials for infrastructure and software.",
        "All tables; the trail as the record that the control operated throughout the period, and exceptions.csv for its exceptions.",
        "Everything else of the criterion: architecture, networks, encryption, who may read the stores. The auditor's own tests.",
        logical_access,
    ),
)
