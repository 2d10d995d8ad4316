# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every C(*_rotate) module shares."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the credential. It is in every message, in the names of new keys at issuers that name them, and in the journal.
      - In the playbooks of this collection it is the inventory name of a host of the group C(credentials).
    type: str
    required: true
  state:
    description:
      - V(rotated) creates, adopts, resumes or rotates the credential if that is due. Nothing is written when it is not.
      - V(retired) takes the previous version out of service as far as proof (O(consumers)), O(grace), the issuer's
        evidence of use and O(recovery_wait) allow now, and says what it waits for.
      - V(rolled_back) publishes the previous version again while it still works, or gives an unfinished rotation up.
        After that the credential is only rotated with O(force=true).
    type: str
    choices: [rotated, retired, rolled_back]
    default: rotated
  rotate_after:
    description:
      - The age at which a version is due for replacement, such as V(90d), V(2w) or V(12h).
      - The default depends on the kind of credential, V(90d) for keys of cloud users and V(30d) for databases.
    type: str
  grace:
    description:
      - How long the previous version stays usable after the last consumer has proved the new one.
    type: str
    default: 24h
  recovery_wait:
    description:
      - How long a disabled version can still be enabled again before it is deleted, at issuers that can disable.
    type: str
    default: 7d
  force:
    description:
      - Rotate now, whatever age, window, blackout, hold, exemption, roll-back or quarantine say.
      - Runs that begin at the same time with O(force=true) make one rotation.
    type: bool
    default: false
  reason:
    description:
      - Why; recorded in the journal.
    type: str
    choices: [scheduled, manual, leak, offboarding]
    default: scheduled
  consumers:
    description:
      - Every host of the whole inventory that uses the credential, each with the proof that it gave in this run, for O(state=retired).
      - An empty list says that no host uses it. Leaving the option out says that nobody looked, and nothing is retired.
      - A host that did not report belongs here without a fingerprint; it is waited for by name.
    type: list
    elements: dict
    suboptions:
      host:
        description: The host's inventory name.
        type: str
        required: true
      fingerprint:
        description: The fingerprint of the value in the host's file.
        type: str
        default: ''
      running:
        description: The fingerprint of the value that its service was last started or reloaded for.
        type: str
        default: ''
      healthy:
        description: Whether the service passed its probe after that.
        type: bool
        default: false
      detail:
        description: Why there is no proof, such as V(unreachable).
        type: str
        default: ''
  forget_consumers:
    description:
      - Hosts that used the credential once and are gone for good, so that retirement does not wait for them.
    type: list
    elements: str
    default: []
  forget_after:
    description:
      - How long after a publication a host counts that once used the credential and that this run was not told of.
      - It may be in another slice of the inventory. Whoever removes hosts often sets it low.
    type: str
    default: 7d
  window:
    description:
      - Hours in which a scheduled rotation may begin. Without it, always.
    type: dict
    suboptions:
      days:
        description: Days on which the window opens, such as V(mon) or V(sat). All days if not given.
        type: list
        elements: str
      start:
        description: When it opens, C(HH:MM) in UTC.
        type: str
        required: true
      end:
        description: When it closes, C(HH:MM) in UTC; before O(window.start) means on the next day.
        type: str
        required: true
  blackouts:
    description:
      - Times in which no scheduled rotation begins, such as a change freeze. What has begun is finished, and what has been replaced is
        retired.
    type: list
    elements: dict
    default: []
    suboptions:
      from:
        description:
          - The day or moment when it begins, such as V(2026-12-20) or V(2026-12-20T18:00:00Z), in UTC if it names no offset.
          - V(12-20) is that day of every year; O(blackouts[].until) is then written so too.
        type: str
        required: true
      until:
        description: The day or moment when it is over. A day counts from 00:00 UTC, so V(01-05) ends with January 4th.
        type: str
        required: true
      reason:
        description: Why, for whoever reads the status.
        type: str
        required: true
  hold:
    description:
      - Why this call begins no scheduled rotation, such as what a change calendar answered. Empty if it may.
      - The playbooks set it for what O(locksmith.rotation.credential_choose#module:max_per_run) postpones and while a canary is not well.
    type: str
    default: ''
  retire_hold:
    description:
      - Why this call takes nothing out of service that is still in service, such as V(an approval). Empty if it may.
      - Proofs are taken and grace begins all the same, and what is disabled already is deleted when O(recovery_wait) is over.
    type: str
    default: ''
  exempt:
    description:
      - An exception with an end and a reason. Until then the credential is not rotated on schedule.
    type: dict
    suboptions:
      until:
        description: The day or moment when it ends, such as V(2027-01-31).
        type: str
        required: true
      reason:
        description: Why, for whoever reads the status.
        type: str
        required: true
      owner:
        description: Who answers for it. The audit trail and the evidence pack name them.
        type: str
  leak:
    description:
      - The credential is in wrong hands. Only for O(state=rotated), which then replaces what leaked now, whatever age, window, exemption,
        roll-back or quarantine say. The emergency playbook gives it.
      - It is recorded with the versions that it is about, and every later run goes on by it until they are gone. They end without O(grace)
        and whatever the issuer's evidence of use says, still by the proof of every host, and without O(recovery_wait) if so wished.
      - Rolling back to a version takes its leak back.
    type: dict
    suboptions:
      version_ids:
        description:
          - The versions that leaked. What the journal does not record is never touched.
          - By default whatever still works; or, while an earlier emergency is not over, what that one is about.
        type: list
        elements: str
        default: []
      contain:
        description:
          - V(none) keeps the version that leaked working until every host has the new one.
          - V(disable) switches it off at the issuer before anything else. What uses it stands still until it has the new one.
          - V(disable_or_delete) is the same, and deletes it for good where the issuer cannot disable it.
          - Where the issuer has one value at a time, the new one is the containment.
        type: str
        choices: [none, disable, disable_or_delete]
        default: none
      without_consumers:
        description: Hosts whose proof is not waited for. They are named in the journal and in the result.
        type: list
        elements: str
        default: []
      deadline:
        description: How long proofs are waited for, such as V(30m), from now on. After that no host is waited for. Without it, for ever.
        type: str
      delete_at_once:
        description: Delete it as soon as it is off, without O(recovery_wait).
        type: bool
        default: false
      end_sessions:
        description:
          - End what was begun with it too, where the issuer can (PostgreSQL's connections, temporary credentials of an IAM user).
          - A missing right is told in C(notes) of the result and tried again when the version is deleted.
        type: bool
        default: true
  verify_timeout:
    description:
      - How long to keep trying to log in with the new version before giving it up (propagation delay).
    type: str
    default: 60s
  lease:
    description:
      - How long another run keeps away from a credential that this run works on, after this run's last sign of life.
    type: str
    default: 60s
  own_login:
    description:
      - What to do when the credential turns out to be the one with which this run itself logs in at the issuer.
      - V(refuse) does not rotate it and says so.
      - V(last) rotates it. The playbooks do that after all the others. The old version is not retired by a run that still logs in with it;
        so give the login by a lookup of the published value, or hand the new value over before the next run.
      - Which options are the login depends on the kind. An issuer that cannot tell rotates it as any other.
    type: str
    choices: [refuse, last]
    default: refuse
  max_failures:
    description:
      - Failures in a row after which the credential is quarantined, that is, left alone until O(force=true).
    type: int
    default: 3
"""
