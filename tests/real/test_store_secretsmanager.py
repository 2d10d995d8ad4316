# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets Manager store, against moto."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.secretsmanager import SecretsManagerStore
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import Aws, race

ROTATED_AT = "2026-11-21T03:14:00Z"
LATER = "2026-11-22T03:14:00Z"
OLD = SecretFields({"access_key_id": "AKIAOLD", "secret_access_key": "old-secret-value"})
NEW = SecretFields({"access_key_id": "AKIANEW", "secret_access_key": "new-secret-value"})
SIZES = {"access_key_id": 20, "secret_access_key": 40}


def name(in_aws: Aws) -> str:
    return f"app/{in_aws.mark}"


def stages(in_aws: Aws) -> dict[str, str]:
    """Stage to version id."""
    described = in_aws.client("secretsmanager").describe_secret(SecretId=name(in_aws))
    return {stage: version for version, labels in described["VersionIdsToStages"].items() for stage in labels}


def held(in_aws: Aws, stage: str = "AWSCURRENT") -> t.Any:
    got = in_aws.client("secretsmanager").get_secret_value(SecretId=name(in_aws), VersionStage=stage)
    return json.loads(got["SecretString"])


def make(in_aws: Aws, value: str) -> None:
    in_aws.client("secretsmanager").create_secret(Name=name(in_aws), SecretString=value)


def test_a_journal_that_never_was_is_none(in_aws: Aws) -> None:
    assert in_aws.secretsmanager().read_journal() is None


def test_the_journal_is_a_secret_of_its_own_read_and_written_with_one_request(in_aws: Aws) -> None:
    store = in_aws.secretsmanager()
    first = store.write_journal("line 1\nline 2", None)
    with in_aws.counting("secretsmanager") as requests:
        second = store.write_journal('{"step": 2}\n\n', first)
        read = in_aws.secretsmanager().read_journal()
    assert read is not None and (read.text, read.revision) == ('{"step": 2}\n\n', second)
    assert requests == {"PutSecretValue": 1, "GetSecretValue": 1}
    assert in_aws.client("secretsmanager").describe_secret(SecretId=f"locksmith/{name(in_aws)}")["Name"]
    assert in_aws.secretsmanager().read_published() is None


@pytest.mark.parametrize("expected", [None, "1", "2", "4"])
def test_a_stale_journal_write_conflicts_and_changes_nothing(in_aws: Aws, expected: str | None) -> None:
    store, revision = in_aws.secretsmanager(), None
    for number in range(6):
        revision = store.write_journal(f"text {number}", revision)
    with pytest.raises(errors.Conflict):
        in_aws.secretsmanager().write_journal("stale", expected)
    read = store.read_journal()
    assert read is not None and (read.text, read.revision) == ("text 5", "6")


def test_a_journal_that_is_gone_conflicts(in_aws: Aws) -> None:
    with pytest.raises(errors.Conflict):
        in_aws.secretsmanager().write_journal("text", "3")


@pytest.mark.parametrize("expected", [None, "1"])
def test_of_racing_journal_writers_exactly_one_wins(in_aws: Aws, expected: str | None) -> None:
    if expected:
        in_aws.secretsmanager().write_journal("start", None)
    outcomes = race(lambda number: in_aws.secretsmanager().write_journal(f"writer {number}", expected), 4)
    won = [number for number, outcome in outcomes.items() if isinstance(outcome, str)]
    assert len(won) == 1
    assert all(isinstance(outcome, errors.Conflict) for number, outcome in outcomes.items() if number not in won)
    read = in_aws.secretsmanager().read_journal()
    assert read is not None and read.text == f"writer {won[0]}"


def test_equal_texts_of_two_writers_are_still_two_writers(in_aws: Aws) -> None:
    in_aws.secretsmanager().write_journal("the same", None)
    with pytest.raises(errors.Conflict):
        in_aws.secretsmanager().write_journal("the same", None)


@pytest.mark.parametrize(("operation", "expected"), [("CreateSecret", None), ("PutSecretValue", "1")])
def test_a_journal_write_whose_answer_is_lost_succeeds(in_aws: Aws, operation: str, expected: str | None) -> None:
    store = in_aws.secretsmanager()
    if expected:
        store.write_journal("start", None)
    with in_aws.losing_answer("secretsmanager", operation):
        revision = store.write_journal("text", expected)
    read = store.read_journal()
    assert read is not None and (read.text, read.revision) == ("text", revision)


def test_a_journal_secret_prepared_without_a_value_is_used(in_aws: Aws) -> None:
    in_aws.client("secretsmanager").create_secret(Name=f"locksmith/{name(in_aws)}")
    store = in_aws.secretsmanager()
    assert store.read_journal() is None
    store.write_journal("text", None)
    read = store.read_journal()
    assert read is not None and read.text == "text"


def test_a_journal_that_is_none_is_named(in_aws: Aws) -> None:
    in_aws.client("secretsmanager").create_secret(Name=f"elsewhere/{name(in_aws)}", SecretString="bare-secret")
    with pytest.raises(errors.JournalError, match=f"elsewhere/{name(in_aws)}") as raised:
        in_aws.secretsmanager(journal_prefix="elsewhere/").read_journal()
    assert "bare-secret" not in str(raised.value) and raised.value.__cause__ is None


def test_a_journal_too_long_is_refused(in_aws: Aws) -> None:
    with pytest.raises(errors.QuotaExceeded, match="65536"):
        in_aws.secretsmanager().write_journal("x" * 65536, None)
    assert in_aws.secretsmanager().read_journal() is None


def test_nothing_published_is_none(in_aws: Aws) -> None:
    assert in_aws.secretsmanager().read_published() is None
    in_aws.client("secretsmanager").create_secret(Name=name(in_aws))
    assert in_aws.secretsmanager().read_published() is None


@pytest.mark.parametrize("prepared", [False, True])
def test_the_first_publication_creates_the_value(in_aws: Aws, prepared: bool) -> None:
    if prepared:
        in_aws.client("secretsmanager").create_secret(Name=name(in_aws))
    store = in_aws.secretsmanager(kms_key_id="alias/rotation")
    revision = store.publish(OLD, ROTATED_AT, None)
    assert held(in_aws) == {**OLD, "rotated_at": ROTATED_AT}
    read = store.read_published()
    assert read is not None
    assert (read.fields.reveal(), read.revision, read.rotated_at) == (OLD.reveal(), revision, ROTATED_AT)


def test_a_publication_moves_the_labels_and_leaves_nothing_pending(in_aws: Aws) -> None:
    store = in_aws.secretsmanager()
    first = store.publish(OLD, ROTATED_AT, None)
    second = store.publish(NEW, LATER, first)
    assert stages(in_aws) == {"AWSCURRENT": second, "AWSPREVIOUS": first}
    assert held(in_aws)["access_key_id"] == "AKIANEW" and held(in_aws, "AWSPREVIOUS")["access_key_id"] == "AKIAOLD"


def test_going_back_to_the_value_before_is_a_publication_too(in_aws: Aws) -> None:
    store = in_aws.secretsmanager()
    first = store.publish(OLD, ROTATED_AT, None)
    second = store.publish(NEW, LATER, first)
    third = store.publish(OLD, ROTATED_AT, second)
    assert len({first, second, third}) == 3
    assert held(in_aws) == {**OLD, "rotated_at": ROTATED_AT}
    assert stages(in_aws) == {"AWSCURRENT": third, "AWSPREVIOUS": second}


def test_published_names_and_siblings_are_the_readers(in_aws: Aws) -> None:
    make(in_aws, json.dumps({"host": "db1", "port": 5432, "key": "AKIAOLD"}))
    store = in_aws.secretsmanager(renames={"access_key_id": "key", "secret_access_key": "secret"})
    read = store.read_published()
    assert read is not None and read.fields.reveal() == {"access_key_id": "AKIAOLD"}
    store.publish(NEW, ROTATED_AT, read.revision)
    wanted = {"host": "db1", "port": 5432, "key": "AKIANEW", "secret": "new-secret-value", "rotated_at": ROTATED_AT}
    assert held(in_aws) == wanted


def test_a_secret_with_none_of_our_fields_is_as_good_as_none_and_keeps_its_own(in_aws: Aws) -> None:
    make(in_aws, '{"host": "db1"}')
    store = in_aws.secretsmanager()
    assert store.read_published() is None
    store.publish(NEW, ROTATED_AT, None)
    assert held(in_aws) == {"host": "db1", **NEW, "rotated_at": ROTATED_AT}


def test_publishing_over_somebody_elses_publication_conflicts(in_aws: Aws) -> None:
    first = in_aws.secretsmanager().publish(OLD, ROTATED_AT, None)
    with pytest.raises(errors.Conflict):
        in_aws.secretsmanager().publish(NEW, LATER, None)
    second = in_aws.secretsmanager().publish(NEW, LATER, first)
    with pytest.raises(errors.Conflict):
        in_aws.secretsmanager().publish(OLD, LATER, first)
    assert stages(in_aws) == {"AWSCURRENT": second, "AWSPREVIOUS": first}


def test_a_publication_between_our_read_and_our_write_wins(in_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    store = in_aws.secretsmanager()
    revision = store.publish(OLD, ROTATED_AT, None)
    put = SecretsManagerStore._put

    def interrupted(self: SecretsManagerStore, *given: t.Any) -> None:
        in_aws.client("secretsmanager").put_secret_value(SecretId=name(in_aws), SecretString='{"access_key_id": "THEIRS"}')
        put(self, *given)

    monkeypatch.setattr(SecretsManagerStore, "_put", interrupted)
    with pytest.raises(errors.Conflict):
        store.publish(NEW, LATER, revision)
    assert held(in_aws) == {"access_key_id": "THEIRS"}
    assert "AWSPENDING" not in stages(in_aws)


def test_of_racing_publishers_exactly_one_wins(in_aws: Aws) -> None:
    revision = in_aws.secretsmanager().publish(OLD, ROTATED_AT, None)
    values = [SecretFields({"access_key_id": f"AKIA{number}", "secret_access_key": "x"}) for number in range(4)]
    outcomes = race(lambda number: in_aws.secretsmanager().publish(values[number], LATER, revision), 4)
    won = [number for number, outcome in outcomes.items() if isinstance(outcome, str)]
    assert len(won) == 1
    assert all(isinstance(outcome, errors.Conflict) for number, outcome in outcomes.items() if number not in won)
    assert held(in_aws)["access_key_id"] == f"AKIA{won[0]}"


@pytest.mark.parametrize("operation", ["PutSecretValue", "UpdateSecretVersionStage"])
def test_a_publication_whose_answer_is_lost_is_no_conflict(in_aws: Aws, operation: str) -> None:
    store = in_aws.secretsmanager()
    first = store.publish(OLD, ROTATED_AT, None)
    with in_aws.losing_answer("secretsmanager", operation):
        second = store.publish(NEW, LATER, first)
    assert stages(in_aws) == {"AWSCURRENT": second, "AWSPREVIOUS": first}


def test_the_first_publication_whose_answer_is_lost_is_no_conflict(in_aws: Aws) -> None:
    with in_aws.losing_answer("secretsmanager", "CreateSecret"):
        revision = in_aws.secretsmanager().publish(OLD, ROTATED_AT, None)
    assert stages(in_aws) == {"AWSCURRENT": revision}


def test_a_publication_killed_before_it_became_current_is_finished_by_repeating_it(
    in_aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = in_aws.secretsmanager()
    first = store.publish(OLD, ROTATED_AT, None)
    monkeypatch.setattr(SecretsManagerStore, "_make_current", killed)
    with pytest.raises(KeyboardInterrupt):
        store.publish(NEW, LATER, first)
    monkeypatch.undo()
    pending = stages(in_aws)["AWSPENDING"]
    assert held(in_aws)["access_key_id"] == "AKIAOLD"
    assert in_aws.secretsmanager().publish(NEW, LATER, first) == pending
    assert stages(in_aws) == {"AWSCURRENT": pending, "AWSPREVIOUS": first}
    assert in_aws.secretsmanager().publish(NEW, LATER, first) == pending


def test_a_version_left_pending_by_somebody_is_no_obstacle(in_aws: Aws) -> None:
    first = in_aws.secretsmanager().publish(OLD, ROTATED_AT, None)
    left = {"SecretId": name(in_aws), "SecretString": "{}", "VersionStages": ["AWSPENDING"]}
    in_aws.client("secretsmanager").put_secret_value(**left)
    second = in_aws.secretsmanager().publish(NEW, LATER, first)
    assert stages(in_aws) == {"AWSCURRENT": second, "AWSPREVIOUS": first}


def test_what_can_be_published_is_found_without_changing_anything(in_aws: Aws) -> None:
    store = in_aws.secretsmanager()
    store.check_publishable(SIZES)
    assert store.read_published() is None and store.read_journal() is None
    store.publish(NEW, LATER, store.publish(OLD, ROTATED_AT, None))
    before = (stages(in_aws), held(in_aws))
    store.check_publishable(SIZES)
    assert (stages(in_aws), held(in_aws)) == before


@pytest.mark.parametrize("missing", ["PutSecretValue", "UpdateSecretVersionStage", "DescribeSecret", "GetSecretValue"])
def test_a_missing_right_is_named(in_aws: Aws, missing: str) -> None:
    rights = {"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage", "DescribeSecret"}
    in_aws.secretsmanager().publish(OLD, ROTATED_AT, None)
    poor = in_aws.moto.user(f"poor-{in_aws.mark}", [f"secretsmanager:{right}" for right in sorted(rights - {missing})])
    rich = in_aws.moto.user(f"rich-{in_aws.mark}", [f"secretsmanager:{right}" for right in sorted(rights)])
    with in_aws.moto.enforcing():
        in_aws.secretsmanager(**rich).check_publishable(SIZES)
        with pytest.raises(errors.Denied, match=f"secretsmanager:{missing}"):
            in_aws.secretsmanager(**poor).check_publishable(SIZES)


def test_a_value_too_large_is_refused_before_anything_is_issued(in_aws: Aws) -> None:
    make(in_aws, json.dumps({"certificate": "x" * 65000}))
    with pytest.raises(errors.QuotaExceeded, match="65536"):
        in_aws.secretsmanager().check_publishable({"access_key_id": 20, "secret_access_key": 600})
    with pytest.raises(errors.QuotaExceeded, match="65536"):
        in_aws.secretsmanager().publish(SecretFields({"secret_access_key": "x" * 600}), ROTATED_AT, None)


@pytest.mark.parametrize("value", ["bare-secret", '["bare-secret"]'])
def test_a_value_that_is_no_json_object_is_refused_and_not_shown(in_aws: Aws, value: str) -> None:
    make(in_aws, value)
    for action in (lambda store: store.check_publishable(SIZES), lambda store: store.publish(NEW, ROTATED_AT, None)):
        with pytest.raises(errors.Rejected, match="JSON object") as raised:
            action(in_aws.secretsmanager())
        assert "bare-secret" not in str(raised.value) and raised.value.__cause__ is None


def test_a_binary_secret_is_refused(in_aws: Aws) -> None:
    in_aws.client("secretsmanager").create_secret(Name=name(in_aws), SecretBinary=b"bare-secret")
    with pytest.raises(errors.Rejected, match="binary"):
        in_aws.secretsmanager().read_published()


def test_a_secret_scheduled_for_deletion_is_refused_with_a_way_out(in_aws: Aws) -> None:
    make(in_aws, "{}")
    in_aws.client("secretsmanager").delete_secret(SecretId=name(in_aws), RecoveryWindowInDays=7)
    with pytest.raises(errors.Rejected, match="restore-secret"):
        in_aws.secretsmanager().check_publishable(SIZES)


def test_a_secret_that_aws_rotates_is_left_to_it(in_aws: Aws) -> None:
    in_aws.secretsmanager().publish(OLD, ROTATED_AT, None)
    in_aws.client("secretsmanager").rotate_secret(SecretId=name(in_aws), RotationRules={"AutomaticallyAfterDays": 30})
    with pytest.raises(errors.Rejected, match="cancel-rotate-secret"):
        in_aws.secretsmanager().check_publishable(SIZES)


def test_an_arn_and_a_name_mean_the_same_secret_and_journal(in_aws: Aws) -> None:
    make(in_aws, "{}")
    arn = in_aws.client("secretsmanager").describe_secret(SecretId=name(in_aws))["ARN"]
    in_aws.secretsmanager(name=arn).write_journal("text", None)
    in_aws.secretsmanager(name=arn).publish(NEW, ROTATED_AT, None)
    assert held(in_aws)["access_key_id"] == "AKIANEW"
    with pytest.raises(errors.Conflict):
        in_aws.secretsmanager().write_journal("text", None)


def test_a_missing_name_is_found_before_any_request(in_aws: Aws) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"store\.name"):
        in_aws.secretsmanager(name=None)


def test_a_role_of_another_account_is_assumed(in_aws: Aws) -> None:
    role: dict[str, t.Any] = {"assume_role_arn": "arn:aws:iam::210987654321:role/rotator", "external_id": "agreed"}
    in_aws.secretsmanager(**role).publish(NEW, ROTATED_AT, None)
    assert in_aws.secretsmanager().read_published() is None
    read = in_aws.secretsmanager(**role).read_published()
    assert read is not None and read.fields.reveal() == NEW.reveal()


def test_no_secret_is_in_a_server_log(in_aws: Aws) -> None:
    store = in_aws.secretsmanager()
    store.publish(NEW, ROTATED_AT, None)
    store.write_journal("a-journalled-secret", None)
    log = in_aws.moto.log()
    assert "POST" in log and "new-secret-value" not in log and "a-journalled-secret" not in log


def killed(*dummy: t.Any) -> None:
    raise KeyboardInterrupt
