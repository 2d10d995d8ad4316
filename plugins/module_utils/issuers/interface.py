# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine asks of an issuer. One class a system, in a file of its own beside this one.

An issuer talks to one system about one identity there (an IAM user, a database role, a Grafana service account).
It keeps no state and makes no decisions about time: the engine calls it, in the order of the life cycle, and
writes the journal before every call that changes something. Clients retry; an issuer does not.

To add a vendor: subclass P(Issuer), fill in the class attributes, implement the abstract methods, add a module
of a few lines that names the class, and run the conformance tests over it.
"""

from __future__ import annotations

import abc
import dataclasses
import enum
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import Check
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


class DropOff(abc.ABC):
    """A place into which a person puts a value that only a person can make. It is consumed once."""

    @property
    @abc.abstractmethod
    def place(self) -> str:
        """Where it is, for people: C(vault secret/payments/stripe.new)."""

    @abc.abstractmethod
    def read(self) -> SecretFields | None:
        """What lies there, or None."""

    @abc.abstractmethod
    def clear(self, taken: SecretFields) -> None:
        """Remove C(taken) for good, if it is still what lies there. Idempotent; leaves anything else alone."""

    def close(self) -> None:
        """Let go of connections."""
        return


@dataclasses.dataclass(frozen=True)
class Setting:
    """What an issuer may know about the credential beyond its own options. Times in seconds.

    C(fields): what its values are made of, as P(Issuer.field_names) said. C(drop_off): only for an issuer with C(SUPPLIED).
    """

    credential: str
    rotate_after: int
    grace: int
    recovery_wait: int
    clock: Clock
    fields: tuple[str, ...] = ()
    drop_off: DropOff | None = None


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One attempt to issue a version. Durable in the journal before M(Issuer.issue) is called.

    C(name) is unique to the attempt: an issuer whose keys have names gives it to the new key.
    C(known_ids) are the ids that the issuer listed just before.
    C(lifetime) is how long the new version has to live, seconds: interval, a day for a run that is late, grace, recovery wait.
    """

    name: str
    at: float
    known_ids: tuple[str, ...]
    lifetime: int


@dataclasses.dataclass(frozen=True)
class KeyInfo:
    """A key as the issuer lists it. Times in seconds since the epoch; None where the issuer does not say."""

    id: str
    name: str = ""
    created_at: float | None = None
    expires_at: float | None = None
    active: bool = True
    last_used_at: float | None = None
    last_used_by: str = ""


@dataclasses.dataclass(frozen=True)
class Issued:
    """A version of the credential: what the issuer minted, or what we propose that it accepts."""

    id: str
    fields: SecretFields
    created_at: float | None = None
    expires_at: float | None = None


class Verdict(enum.Enum):
    """What a login with a version showed."""

    ALIVE = "alive"
    DEAD = "dead"
    #: No usable answer, or an answer that proves nothing. Never taken for either of the others.
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Verification:
    """The result of one login on a new connection. C(identity) is who the server said it was, C(detail) is public."""

    verdict: Verdict
    identity: str = ""
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class LastUse:
    """The issuer's evidence that a version is or is not in use.

    C(supported=False): the issuer has no such evidence. An error while looking is raised, never returned as "unused".
    C(at=None) with C(supported=True): never used. C(by): service, region or host, as far as the issuer says.
    C(resolution): how many seconds the issuer's figure may lag or be rounded.
    """

    supported: bool
    at: float | None = None
    by: str = ""
    resolution: int = 0


@dataclasses.dataclass(frozen=True)
class Use:
    """Requests that one caller made with a key from one address, as a system's log tells them. Times in seconds since the epoch.

    C(by): the identity that the log names; C(agent): the program, in its own words; C(actions): C(service:request).
    """

    by: str
    address: str
    agent: str
    places: tuple[str, ...]
    actions: tuple[str, ...]
    first_at: float
    last_at: float
    requests: int
    refused: int


@dataclasses.dataclass(frozen=True)
class AuditTrail:
    """What a system's own log of requests tells of one key. A log that tells nothing never proves that a key is unused.

    C(since): how far back was looked, seconds since the epoch. C(searched): the places that answered; C(unanswered): those that
    did not, with the reason. C(complete): False where there was more than was asked for. C(blind_to): what the log never has.
    """

    since: float
    searched: tuple[str, ...]
    unanswered: t.Mapping[str, str]
    uses: tuple[Use, ...]
    complete: bool
    blind_to: str


@dataclasses.dataclass(frozen=True)
class Revocation:
    """What was done about the sessions that were begun with a version, for people. Empty: the issuer knows of none.

    C(bar_until): something was left behind that bars them, and may be removed then, seconds since the epoch.
    """

    detail: str = ""
    bar_until: float | None = None


class Issuer(abc.ABC):
    """One system's credential of one identity. See the module's docstring."""

    #: The value of C(credential_type) in a catalogue, and the name of this file.
    KIND: t.ClassVar[str]
    #: The module (short name) that serves this issuer.
    MODULE: t.ClassVar[str]
    #: The issuer's own options, as an Ansible argument spec.
    OPTIONS: t.ClassVar[dict[str, t.Any]]
    #: AnsibleModule keywords such as required_together, mutually_exclusive, required_if.
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = {}
    #: The fields of a value, and those of them that are public.
    FIELDS: t.ClassVar[tuple[str, ...]]
    PUBLIC_FIELDS: t.ClassVar[tuple[str, ...]] = ()
    #: True: the issuer makes the secret and shows it once. False: we make it and the issuer accepts it.
    MINTS: t.ClassVar[bool]
    #: True: a version can be switched off and on again; False: retiring deletes it outright. An issuer may set it by its options.
    CAN_DISABLE: bool = False
    #: True: a person makes the secret and supplies it (P(supplied)); P(propose) passes it on.
    SUPPLIED: t.ClassVar[bool] = False
    #: False: only a person can revoke a version. It is logged in with until it is found dead, and then forgotten.
    REVOKES: t.ClassVar[bool] = True
    #: True: the issuer shows the present value at any time (P(present)), and may have replaced it by itself. Every run then looks.
    REVEALS: t.ClassVar[bool] = False
    #: How old a version may grow where the catalogue does not say, as a duration.
    ROTATE_AFTER: t.ClassVar[str] = "90d"
    #: What needs no rotation at all and could take its place, as sentences for the doctor to show. May be set by options as well.
    INSTEAD: str = ""
    #: Consecutive successful logins before a new version counts as verified (propagation delay). May be set by options as well.
    LOGINS_NEEDED: int = 1

    @classmethod
    def preload(cls) -> None:
        """Import and make, in Ansible's parent process, what every worker would need. Sends nothing, and never fails:
        a library that is missing is reported by M(create), to those who need it."""
        return

    @classmethod
    @abc.abstractmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> Issuer:
        """Build from validated options. Opens no connection.

        :raises ConfigurationError: options that contradict each other or the setting (a grace beyond the issuer's TTL).
        :raises MissingLibrary: the client library is not installed.
        """

    @property
    @abc.abstractmethod
    def identity(self) -> str:
        """Who the credential belongs to, for people and for the journal: C(iam user ci-deployer)."""

    @property
    @abc.abstractmethod
    def capacity(self) -> int:
        """How many versions may be alive at once; 1 means no overlap, 0 means no limit."""

    @classmethod
    def field_names(cls, store: t.Mapping[str, t.Any]) -> tuple[str, ...]:
        """What a value is made of. C(store): the options of the store, for an issuer whose user chooses the fields."""
        return cls.FIELDS

    @property
    def fields(self) -> tuple[str, ...]:
        """What P(field_names) says of this credential."""
        return self.FIELDS

    @property
    def verifiable(self) -> bool:
        """Whether P(verify) can tell a value that works from one that does not. Where it cannot, nothing is called verified."""
        return True

    @property
    def lists_keys(self) -> bool:
        """Whether the issuer can list keys at all. Where it cannot, P(keys) only checks and returns nothing, the journal is the
        only memory, and M(stranded) and M(identify) must tell keys by themselves.
        """
        return True

    @abc.abstractmethod
    def keys(self) -> list[KeyInfo]:
        """The identity's keys at the issuer, ours and foreign. Also the check that the issuer answers, that the
        identity exists and that we have rights; the engine calls it before anything is created.

        :raises NotFound: no such identity. :raises Denied: no rights. :raises Unreachable: no answer.
        """

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        """Called with what P(keys) listed, before the intent for a new version is written.

        :arg recorded: the ids in the journal.
        :raises ForeignKeys: there is no room for one more because of keys that are not ours.
        :raises QuotaExceeded: there is no room for one more because of keys that are.
        """
        return

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        """Keys that the interrupted C(attempt) provably left behind. C(recorded): the ids in the journal.

        :raises ForeignKeys: a key may be ours but cannot be proved to be.
        """
        return [key for key in self.keys() if key.name == attempt.name and key.id not in recorded]

    def supplied(self) -> SecretFields | None:
        """The value that a person has supplied, where C(SUPPLIED). One that no version in the journal has is a reason to rotate."""
        return None

    def how_to_supply(self, reason: str) -> str:
        """What a person does to make and supply the next value, as a sentence, where C(SUPPLIED). C(reason): C(leak) is urgent."""
        return ""

    def present(self) -> Issued:
        """The value as the issuer has it now. Only called where C(REVEALS). Its id tells it from the value before it.

        :raises NotFound: no such identity. :raises Denied: no rights. :raises Unreachable: no answer.
        """
        raise AssertionError(f"{self.KIND} shows a value once")  # pragma: no cover

    def propose(self, attempt: Attempt, current: Issued | None) -> Issued:
        """The next value, for an issuer that does not mint. It is durable in the store before M(issue) is called.

        :raises ValueAwaited: where C(SUPPLIED), and nobody has supplied it yet. Says what the person has to do.
        :raises Rejected: where C(SUPPLIED), and what was supplied cannot succeed C(current).
        """
        raise AssertionError(f"{self.KIND} mints its own secrets")  # pragma: no cover

    def taken(self, version: Issued) -> None:
        """The version is published: remove what a person had left for us. Idempotent; called again after a kill."""
        return

    def how_to_revoke(self, version: Issued) -> str:
        """What a person does to revoke the version, as the end of a sentence, where we cannot: not C(REVOKES), or it has no id."""
        if version.id:
            return f"revoke {version.id} by hand"
        return f"find out which key of {self.identity} has the value with the fingerprint {version.fields.fingerprint()}, and delete it"

    @abc.abstractmethod
    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        """Create the new version, or have the server accept C(proposal). Idempotent for the same proposal.

        :arg known: versions that may still log in, likeliest first, for an identity that changes its own password.
        """

    @abc.abstractmethod
    def verify(self, version: Issued) -> Verification:
        """Log in with this version, on a new connection, and compare who the server says it is.

        Does not raise for a failed login: that is C(DEAD), and an unreachable server is C(UNKNOWN).
        :raises Rejected: the server accepts anything (C(trust)), so a login proves nothing, or it is somebody else.
        """

    def check_rights(self, candidate: Issued, current: Issued) -> None:
        """Called once C(candidate) has logged in, before it is published: may it do what C(current) may?

        An issuer that does not tell what a version may do says nothing. C(current) may be dead already.
        :raises Rejected: it may do less. :raises Unreachable: no answer.
        """
        return

    @abc.abstractmethod
    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """Which of the issuer's keys a stored value is; None if it is none of them."""

    def owner_of(self, key_id: str) -> str:
        """Whose a key is that no journal records, for people; empty where the issuer does not know it or does not say."""
        return self.identity if any(key.id == key_id for key in self.keys()) else ""

    def last_use(self, version: Issued) -> LastUse:
        """Evidence of use, for the retire gate."""
        return LastUse(supported=False)

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        """The id of that one of C(versions) with which the issuer itself logs in, told from its options and without a request; empty if
        there is none. What has no id yet is named otherwise, fit to be shown. Where an identity has a single value, which is replaced
        whatever it is, the identity counts.
        """
        return ""

    def _login_among(self, versions: t.Sequence[Issued], field: str, logins: t.Iterable[str | None], what: str) -> str:
        """For M(own_login), where we log in with a value as it is: the version whose C(field) is one of C(logins).

        :arg what: what a published value is called that has no id yet: C(token).
        """
        held = {login for login in logins if login}
        mine = next((version for version in versions if version.fields.get(field) in held), None)
        return (mine.id or f"the published {what} of {self.identity}") if mine else ""

    def audit(self, key_id: str, since: float, places: t.Sequence[str], most: int) -> AuditTrail | None:
        """Who used a key, from where and for what, where the system has a log of requests that we can ask; else None.

        :arg since: how far back, seconds since the epoch.
        :arg places: where to ask (regions); the issuer's own choice if there are none.
        :arg most: how many requests to read at most in each place.
        """
        return None

    def endpoints(self) -> t.Sequence[Endpoint]:
        """The servers that are asked, for the doctor's look at clocks and certificates. Sends nothing."""
        return ()

    def examine(self) -> t.Sequence[Check]:
        """What a doctor finds out besides M(keys) and M(check_room): rights above all, by the system's own means. Changes nothing, and
        does not raise because somebody may not ask: that is a check of which the answer is not known.

        :raises ExternalError: no answer.
        """
        return ()

    def least_rights(self) -> t.Sequence[LeastRights]:
        """The policies that a run needs for this very credential, as the issuer's page has them for its example. May ask who we are.

        :raises ExternalError: no answer.
        """
        return ()

    def disable(self, version: Issued) -> None:
        """Switch the version off, reversibly. Idempotent. Only called where C(CAN_DISABLE)."""
        raise AssertionError(f"{self.KIND} cannot disable")  # pragma: no cover

    def enable(self, version: Issued) -> None:
        """Undo M(disable). Idempotent."""
        raise AssertionError(f"{self.KIND} cannot enable")  # pragma: no cover

    @abc.abstractmethod
    def delete(self, version: Issued) -> None:
        """Remove the version for good. Idempotent: gone already is success."""

    def revoke_sessions(self, version: Issued, made_by: str, replaced_at: float | None) -> Revocation:
        """End what was begun with a leaked version and would outlive it: open connections, temporary credentials. Called in an
        emergency, when no new session can begin with it any more. Idempotent.

        :arg made_by: the name of the attempt that made it; empty where it was adopted.
        :arg replaced_at: when its successor was published, seconds since the epoch. None: there is none yet, and nothing is spared.
        :raises Denied: no right to. The version itself is off all the same, and the caller says so.
        """
        return Revocation()

    def lift_bar(self) -> None:
        """Remove what M(revoke_sessions) has left behind, when no session of that time can be alive any more. Idempotent."""
        return

    def close(self) -> None:
        """Let go of connections."""
        return
