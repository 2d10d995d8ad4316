# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcements: each way against a receiver that is as strict as its documentation, and who is told when."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.announce.catalogue import TARGETS, build_target
from ansible_collections.locksmith.rotation.plugins.module_utils.announce.interface import FACTS
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.announcing import announce
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Lease, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_announce import Topic
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto, free_port
from ansible_collections.locksmith.rotation.tests.servers.receivers import USER, Receivers

FACTS_TOLD = {
    "event": "credential_published",
    "credential": "orders",
    "type": "iam",
    "version": "7",
    "id": "AKIAIOSFODNN7EXAMPLE",
    "fingerprint": "3f9c1e7a5b20",
    "store": "ssm /orders",
    "published_at": "2026-11-21T03:14:00Z",
}
VARIABLES = {"CREDENTIAL" if name == "credential" else f"CREDENTIAL_{name.upper()}": told for name, told in FACTS_TOLD.items()}


def send(target: dict[str, t.Any], facts: t.Mapping[str, str] | None = None) -> None:
    """Through a target as a user writes it."""
    built = build_target(target, HastyClock())
    try:
        built.send(facts or FACTS_TOLD)
    finally:
        built.close()


def target_of(receivers: Receivers, kind: str, **changed: t.Any) -> dict[str, t.Any]:
    found = next(target for target in receivers.targets() if target["kind"] == kind)
    return {name: value for name, value in {**found, **changed}.items() if value is not None}


# ---- each way ---------------------------------------------------------------------------------------------------------


def test_jenkins_builds_the_job_with_the_facts_as_parameters(receivers: Receivers) -> None:
    send(target_of(receivers, "jenkins", parameters={"ENVIRONMENT": "production"}))
    assert receivers.told["jenkins"] == [{**VARIABLES, "ENVIRONMENT": "production"}]


def test_jenkins_builds_a_job_without_parameters(receivers: Receivers) -> None:
    url = f"{receivers.url}/jenkins/job/team/job/plain"
    with pytest.raises(errors.Rejected):
        send(target_of(receivers, "jenkins", url=url))
    send(target_of(receivers, "jenkins", url=url + "/", parameterized=False))
    assert receivers.told["jenkins"] == [{}]


def test_github_is_sent_a_repository_dispatch(receivers: Receivers) -> None:
    send(target_of(receivers, "github"))
    send(target_of(receivers, "github", event_type="rotate"))
    assert receivers.told["github"] == [
        {"event_type": "credential_published", **FACTS_TOLD},
        {"event_type": "rotate", **FACTS_TOLD},
    ]


def test_a_github_workflow_is_started_with_the_inputs_that_it_declares(receivers: Receivers) -> None:
    declared = {name: FACTS_TOLD[name] for name in ("credential", "version", "fingerprint")}
    target = target_of(receivers, "github", workflow="deploy.yml", ref="release")
    with pytest.raises(errors.Rejected, match="Unexpected inputs"):
        send(target)
    send(target, declared)
    assert receivers.told["github"] == [{"ref": "release", **declared}]


@pytest.mark.parametrize("project", ["payments/deploy", "42"])
def test_gitlab_runs_a_pipeline_with_the_facts_as_variables(receivers: Receivers, project: str) -> None:
    send(target_of(receivers, "gitlab", project=project))
    send(target_of(receivers, "gitlab", project=project, ref="release"))
    assert receivers.told["gitlab"] == [{"ref": "main", **VARIABLES}, {"ref": "release", **VARIABLES}]


def test_a_webhook_is_sent_signed_facts(receivers: Receivers) -> None:
    send(target_of(receivers, "webhook"))
    with pytest.raises(errors.Denied):
        send(target_of(receivers, "webhook", hmac_secret="another secret than the receiver's"))
    assert receivers.told["hooks"] == [FACTS_TOLD]


def test_sns_publishes_the_facts_with_attributes_to_filter_by(moto: Moto) -> None:
    topic = Topic(moto)
    send(topic.target())
    (envelope,) = topic.told()
    assert envelope["Message"] == FACTS_TOLD
    assert envelope["Subject"] == "orders: version 7 is published"
    assert {name: said["Value"] for name, said in envelope["MessageAttributes"].items()} == {
        name: FACTS_TOLD[name] for name in ("event", "credential", "type")
    }


def test_a_fifo_topic_drops_a_repetition(moto: Moto) -> None:
    topic = Topic(moto, ".fifo")
    for facts in (FACTS_TOLD, FACTS_TOLD, {**FACTS_TOLD, "version": "8", "fingerprint": "000000000000"}):
        send(topic.target(), facts)
    assert [envelope["Message"]["version"] for envelope in topic.told()] == ["7", "8"]


def test_the_region_of_a_topic_is_that_of_its_arn(moto: Moto) -> None:
    topic = Topic(moto)
    send({name: value for name, value in topic.target().items() if name != "region"})
    assert len(topic.told()) == 1


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"kind": "jenkins", "api_token": "not-the-users-token"}, errors.Denied),
        ({"kind": "github", "token": "github_pat_of_somebody_else"}, errors.Denied),
        ({"kind": "gitlab", "token": "glptt-of-another-project"}, errors.NotFound),
        ({"kind": "webhook", "hmac_secret": "another secret than the receiver's"}, errors.Denied),
    ],
)
def test_a_refusal_names_the_place_and_no_secret(receivers: Receivers, changed: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        send(target_of(receivers, **changed))
    shown = str(caught.value) + repr(caught.value)
    for secret in (*receivers.secrets, *changed.values(), "some-secret-path"):
        assert secret in ("jenkins", "github", "gitlab", "webhook") or secret not in shown
    assert receivers.told == {name: [] for name in receivers.told}


@pytest.mark.parametrize("kind", ["jenkins", "github", "gitlab", "webhook"])
def test_a_receiver_that_comes_back_in_time_is_told(receivers: Receivers, kind: str) -> None:
    name = {"webhook": "hooks"}.get(kind, kind)
    receivers.down.add(name)
    with pytest.raises(errors.Unreachable):
        send(target_of(receivers, kind))
    assert receivers.attempts == 3, "a dead receiver is asked three times and no more"
    receivers.down.clear()
    send(target_of(receivers, kind))
    assert len(receivers.told[name]) == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"kind": "jenkins", "url": "https://ci.example.com"}, "lacks user, api_token"),
        ({"kind": "gitlab", "project": "a/b", "token": "t", "topic_arn": "arn"}, "topic_arn does not belong"),
        ({"kind": "github", "repository": "orders", "token": "t"}, "owner/name"),
        ({"kind": "sns", "topic_arn": "credentials"}, "not the ARN"),
        ({"kind": "webhook", "url": "https://user:word@example.com/", "hmac_secret": "s"}, "user name"),
        ({"kind": "github", "repository": "a/b", "token": "t", "fields": ["secret"]}, "fields"),
    ],
)
def test_a_target_that_cannot_be_meant_is_refused_with_its_place_in_the_list(
    tmp_path: pathlib.Path, target: dict[str, t.Any], said: str
) -> None:
    published = Published(tmp_path)
    with pytest.raises(errors.ConfigurationError, match=said) as caught:
        published.announce([{"kind": "webhook", "url": "https://example.com/", "hmac_secret": "s"}, target])
    assert "target 2" in str(caught.value)


def test_options_of_different_kinds_agree(receivers: Receivers) -> None:
    merged: dict[str, t.Any] = {}
    for target in TARGETS.values():
        for name, option in target.OPTIONS.items():
            assert merged.setdefault(name, option) == option, name
            assert "default" not in option and "required" not in option, name


# ---- who is told when -------------------------------------------------------------------------------------------------


class Published:
    """A credential whose first version is published, in an encrypted file."""

    def __init__(self, top: pathlib.Path) -> None:
        self.file = FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.store = self.file.make(IamIssuer.FIELDS)
        self.journal = Journal("orders", "iam", "iam user orders")
        self.journal.adopt(self._version(1), 1763694840.0)
        self.revision = self.store.write_journal(self.journal.dump(), None)

    def _version(self, number: int) -> Issued:
        fields = {"access_key_id": f"AKIAIOSFODNN7EXAMPL{number}", "secret_access_key": f"very-secret-value-{number}"}
        return Issued(fields["access_key_id"], SecretFields(fields), 1763694800.0 + number)

    def rotate(self) -> None:
        """Publish the second version."""
        journal = self.read()
        journal.intend(Attempt("attempt", 1763694900.0, (), 0), None, "manual")
        journal.issued(self._version(2), 1763694901.0)
        journal.promote(1763694902.0)
        self.write(journal)

    def read(self) -> Journal:
        found = self.store.read_journal()
        assert found is not None
        self.revision = found.revision
        return load_journal(found.text, "orders", "iam")

    def write(self, journal: Journal) -> None:
        self.revision = self.store.write_journal(journal.dump(), self.revision)

    def announce(self, targets: list[dict[str, t.Any]], check_mode: bool = False) -> dict[str, t.Any]:
        return announce("orders", IamIssuer, self.file.store_option(), targets, HastyClock(), check_mode)


@pytest.fixture
def published(tmp_path: pathlib.Path) -> Published:
    return Published(tmp_path)


def test_everybody_is_told_once_of_each_version(published: Published, receivers: Receivers) -> None:
    first = published.announce(receivers.targets())
    assert (first["changed"], len(first["announced"]), first["warnings"]) == (True, 4, [])
    again = published.announce(receivers.targets())
    assert (again["changed"], again["announced"], receivers.attempts) == (False, [], 4)
    published.rotate()
    assert len(published.announce(receivers.targets())["announced"]) == 4
    assert [facts["version"] for facts in receivers.told["hooks"]] == ["1", "2"]
    assert receivers.told["gitlab"][1]["CREDENTIAL_ID"] == "AKIAIOSFODNN7EXAMPL2"


def test_facts_are_public_and_whole(published: Published, receivers: Receivers) -> None:
    result = published.announce(receivers.targets())
    (facts,) = receivers.told["hooks"]
    assert list(facts) == list(FACTS) and all(facts.values())
    text = json.dumps([receivers.told, result])
    for secret in ("very-secret-value-1", *receivers.secrets):
        assert secret not in text


def test_who_could_not_be_told_is_told_by_the_next_run(published: Published, receivers: Receivers) -> None:
    receivers.down.add("gitlab")
    first = published.announce(receivers.targets())
    assert (len(first["announced"]), len(first["unannounced"]), len(first["warnings"])) == (3, 1, 1)
    assert first["unannounced"][0]["target"] == f"gitlab {receivers.url}/gitlab/payments/deploy"
    assert "status 503" in first["warnings"][0] and "next run" in first["warnings"][0]
    receivers.down.clear()
    assert published.announce(receivers.targets())["announced"] == [f"gitlab {receivers.url}/gitlab/payments/deploy"]
    assert [len(told) for told in receivers.told.values()] == [1, 1, 1, 1]


def test_a_version_that_comes_back_is_announced_again(published: Published, receivers: Receivers) -> None:
    published.announce(receivers.targets())
    published.rotate()
    published.announce(receivers.targets())
    journal = published.read()
    previous = journal.previous
    assert previous is not None
    journal.restore(previous, 1763695000.0, "manual")
    published.write(journal)
    assert published.announce(receivers.targets())["announced"] == [], "not before it is published"
    journal = published.read()
    journal.promote(1763695001.0)
    published.write(journal)
    published.announce(receivers.targets())
    assert [facts["version"] for facts in receivers.told["hooks"]] == ["1", "2", "1"]


def test_a_check_tells_nobody_and_says_whom_it_would(published: Published, receivers: Receivers) -> None:
    before = published.file.journal.read_bytes()
    result = published.announce(receivers.targets(), check_mode=True)
    assert (result["changed"], len(result["announced"]), receivers.attempts) == (True, 4, 0)
    assert published.file.journal.read_bytes() == before


def test_only_the_fields_that_are_asked_for_are_told(published: Published, receivers: Receivers) -> None:
    workflow = target_of(receivers, "github", workflow="deploy.yml", fields=["credential", "version", "fingerprint"])
    assert published.announce([workflow])["unannounced"] == []
    assert set(receivers.told["github"][0]) == {"ref", "credential", "version", "fingerprint"}


def test_a_target_that_is_no_longer_listed_is_forgotten(published: Published, receivers: Receivers) -> None:
    published.announce(receivers.targets())
    published.rotate()
    published.announce(receivers.targets()[:1])
    assert len(published.read().announced) == 1


def test_the_lease_of_a_run_that_is_at_work_stays(published: Published, receivers: Receivers) -> None:
    journal = published.read()
    journal.lease = Lease("another-run", "host", "boot", 1, "1", 1763694999.0)
    published.write(journal)
    published.announce(receivers.targets())
    assert published.read().lease == journal.lease


def test_a_credential_of_which_nothing_is_published_is_not_announced(tmp_path: pathlib.Path, receivers: Receivers) -> None:
    file = FileMaker(tmp_path)
    file.password_file.chmod(0o600)
    result = announce("orders", IamIssuer, file.store_option(), receivers.targets(), HastyClock(), False)
    assert (result["changed"], result["announced"], receivers.attempts) == (False, [], 0)


def test_two_targets_of_the_same_name_are_told_apart_first(published: Published, receivers: Receivers) -> None:
    hook = target_of(receivers, "webhook")
    with pytest.raises(errors.ConfigurationError, match="are called"):
        published.announce([hook, hook])
    assert len(published.announce([hook, {**hook, "name": "another one"}])["announced"]) == 2


# ---- whole playbooks --------------------------------------------------------------------------------------------------


def test_a_dead_receiver_is_reported_and_told_later_and_the_rotation_goes_on(
    moto: Moto, receivers: Receivers, tmp_path: pathlib.Path
) -> None:
    estate = Estate(moto, tmp_path, ["deployer"], ["web1"])
    topic = Topic(moto)
    dead = {
        "kind": "jenkins",
        "url": f"http://127.0.0.1:{free_port()}/job/deploy",
        "user": USER,
        "api_token": receivers.jenkins_token,
    }
    receivers.down.add("github")
    estate.credentials["deployer"]["credential_announce"] = [*receivers.targets()[1:], dead, topic.target()]

    checked = estate.rotate("--check")
    assert checked.status == 0 and receivers.attempts == 0, checked.output
    first = estate.rotate("-vvv")
    assert first.status == 0, first.output
    said = " ".join(first.output.split())
    assert (
        f"deployer: NOT ANNOUNCED to jenkins {dead['url']}." in said
        and "deployer: NOT ANNOUNCED to github example/orders." in said
    )
    assert "[WARNING]: deployer: not announced to jenkins" in said
    assert [len(receivers.told[name]) for name in ("gitlab", "hooks")] == [1, 1]
    (envelope,) = topic.told()
    assert envelope["Message"]["id"] == receivers.told["hooks"][0]["id"]
    assert (tmp_path / "web1" / "deployer.running").exists(), "the consumer was rolled out"

    receivers.down.clear()
    dead.update(url=f"{receivers.url}/jenkins/job/team/job/deploy")
    second = estate.rotate()
    assert second.status == 0 and "NOT ANNOUNCED" not in second.output, second.output
    assert [len(told) for told in receivers.told.values()] == [1, 1, 1, 1]
    assert estate.rotate().changed() == 0
    assert topic.told() == []
    for secret in (*receivers.secrets, moto.secret_key):
        assert not any(secret in ended.output for ended in (checked, first, second))


def test_a_target_that_cannot_be_meant_warns_and_changes_nothing_about_the_rotation(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = Estate(moto, tmp_path, ["deployer"], ["web1"])
    estate.credentials["deployer"]["credential_announce"] = [{"kind": "webhook", "url": "https://hooks.example.com/x"}]
    ended = estate.rotate()
    assert ended.status == 0, ended.output
    said = " ".join(ended.output.split())
    assert (
        "NOT ANNOUNCED to all." in said and "target 1 of credential_announce: a target of kind webhook lacks hmac_secret" in said
    )
    assert (tmp_path / "web1" / "deployer.running").exists()


def test_a_target_whose_secret_cannot_be_looked_up_does_not_stop_the_rotation(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = Estate(moto, tmp_path, ["deployer"], ["web1"])
    secret = "{{ lookup('ansible.builtin.file', '/nowhere/at/all') }}"
    estate.credentials["deployer"]["credential_announce"] = [
        {"kind": "webhook", "url": "https://hooks.example.com/x", "hmac_secret": secret}
    ]
    ended = estate.rotate()
    assert ended.status == 0, ended.output
    assert "NOT ANNOUNCED to all. credential_announce or credential_store cannot be evaluated" in " ".join(ended.output.split())
    assert (tmp_path / "web1" / "deployer.running").exists()
