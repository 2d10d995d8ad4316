# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSM store, against moto."""

from __future__ import annotations

import json
import secrets
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm import SsmStore
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import FIELDS, Aws, race

ROTATED_AT = "2026-11-21T03:14:00Z"
LATER = "2026-11-22T03:14:00Z"
OLD = SecretFields({"access_key_id": "AKIAOLD", "secret_access_key": "old-secret-value"})
NEW = SecretFields({"access_key_id": "AKIANEW", "secret_access_key": "new-secret-value"})
SIZES = {"access_key_id": 20, "secret_access_key": 40}


def revisions(in_aws: Aws) -> list[str]:
    pages = in_aws.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=f"/locksmith/app/{in_aws.mark}/journal")
    return [each["Name"] for page in pages for each in page["Parameters"]]


def names(in_aws: Aws) -> dict[str, str]:
    return {"access_key_id": f"/app/{in_aws.mark}/id", "secret_access_key": f"/app/{in_aws.mark}/secret"}


def held(in_aws: Aws, name: str = "") -> str:
    found = in_aws.client("ssm").get_parameter(Name=name or f"/app/{in_aws.mark}", WithDecryption=True)
    return str(found["Parameter"]["Value"])


def test_a_journal_that_never_was_is_none(in_aws: Aws) -> None:
    assert in_aws.ssm().read_journal() is None


def test_the_journal_is_read_with_one_request_by_whoever_comes_later(in_aws: Aws) -> None:
    store = in_aws.ssm()
    first = store.write_journal('{"step": 1}', None)
    second = store.write_journal('{"step": 2}', first)
    with in_aws.counting("ssm") as requests:
        read = in_aws.ssm().read_journal()
    assert read is not None and (read.text, read.revision) == ('{"step": 2}', second)
    assert requests == {"GetParametersByPath": 1}


def test_the_journal_is_encrypted_and_beside_nothing_that_readers_of_the_value_may_list(in_aws: Aws) -> None:
    in_aws.ssm().write_journal("a secret", None)
    name = f"/locksmith/app/{in_aws.mark}/journal/00000001"
    parameter = in_aws.client("ssm").get_parameter(Name=name)["Parameter"]
    assert parameter["Type"] == "SecureString" and parameter["Value"].startswith("kms:")


def test_a_key_and_a_prefix_of_our_own_are_used(in_aws: Aws) -> None:
    in_aws.ssm(journal_prefix="rotation/", key_id="alias/rotation").write_journal("text", None)
    parameter = in_aws.client("ssm").get_parameter(Name=f"/rotation/app/{in_aws.mark}/journal/00000001")["Parameter"]
    assert parameter["Value"].startswith("kms:alias/rotation:")


@pytest.mark.parametrize("expected", [None, "1", "3"])
def test_a_stale_journal_write_conflicts_and_changes_nothing(in_aws: Aws, expected: str | None) -> None:
    store = in_aws.ssm()
    store.write_journal("two", store.write_journal("one", None))
    if expected == "3":
        store.write_journal("four", store.write_journal("three", "2"))
    before = store.read_journal()
    with pytest.raises(errors.Conflict):
        in_aws.ssm().write_journal("stale", expected)
    assert store.read_journal() == before


def test_of_racing_journal_writers_exactly_one_wins(in_aws: Aws) -> None:
    revision = in_aws.ssm().write_journal("start", None)
    outcomes = race(lambda number: in_aws.ssm().write_journal(f"writer {number}", revision), 4)
    won = [number for number, outcome in outcomes.items() if outcome == "2"]
    assert len(won) == 1
    assert all(isinstance(outcome, errors.Conflict) for number, outcome in outcomes.items() if number not in won)
    read = in_aws.ssm().read_journal()
    assert read is not None and read.text == f"writer {won[0]}"


def test_equal_texts_of_two_writers_are_still_two_writers(in_aws: Aws) -> None:
    in_aws.ssm().write_journal("the same", None)
    with pytest.raises(errors.Conflict):
        in_aws.ssm().write_journal("the same", None)


def test_few_revisions_stay_and_the_newest_is_among_them(in_aws: Aws) -> None:
    store, revision = in_aws.ssm(), None
    for number in range(1, 24):
        revision = store.write_journal(f"text {number}", revision)
        read = store.read_journal()
        assert read is not None and (read.text, read.revision) == (f"text {number}", str(number))
        assert 1 <= len(revisions(in_aws)) <= 6


@pytest.mark.parametrize("expected", [None, "1"])
def test_a_run_that_slept_until_its_revision_was_deleted_conflicts(in_aws: Aws, expected: str | None) -> None:
    sleeper = in_aws.ssm()
    revision: str | None = None
    for number in range(12):
        revision = in_aws.ssm().write_journal(f"text {number}", revision)
    with pytest.raises(errors.Conflict):
        sleeper.write_journal("stale", expected)
    read = in_aws.ssm().read_journal()
    assert read is not None and (read.text, read.revision) == ("text 11", revision)
    assert not any(name.endswith(("/00000001", "/00000002")) for name in revisions(in_aws))


def test_a_journal_write_whose_answer_is_lost_succeeds_once(in_aws: Aws) -> None:
    store = in_aws.ssm()
    with in_aws.losing_answer("ssm", "PutParameter"):
        assert store.write_journal("text", None) == "1"
    assert len(revisions(in_aws)) == 1


@pytest.mark.parametrize("text", ["{{ssm:x}}", json.dumps({"k": "v" * 5000}), "ünïcode {{", ""])
def test_texts_that_ssm_would_refuse_come_back_whole(in_aws: Aws, text: str) -> None:
    store = in_aws.ssm()
    store.write_journal(text, None)
    read = store.read_journal()
    assert read is not None and read.text == text
    assert "{{" not in held(in_aws, f"/locksmith/app/{in_aws.mark}/journal/00000001")


def test_a_journal_too_long_for_the_tier_is_refused_and_fits_the_advanced_one(in_aws: Aws) -> None:
    text = secrets.token_hex(4500)
    with pytest.raises(errors.QuotaExceeded, match="Advanced"):
        in_aws.ssm().write_journal(text, None)
    assert revisions(in_aws) == []
    in_aws.ssm(tier="Advanced").write_journal(text, None)
    read = in_aws.ssm().read_journal()
    assert read is not None and read.text == text
    with pytest.raises(errors.QuotaExceeded):
        in_aws.ssm(tier="Advanced").write_journal(secrets.token_hex(9000), "1")


def test_a_journal_that_somebody_edited_is_named(in_aws: Aws) -> None:
    in_aws.client("ssm").put_parameter(Name=f"/locksmith/app/{in_aws.mark}/journal/00000007", Value="zx !!", Type="SecureString")
    with pytest.raises(errors.JournalError, match=f"/locksmith/app/{in_aws.mark}/journal"):
        in_aws.ssm().read_journal()


def test_nothing_published_is_none(in_aws: Aws) -> None:
    assert in_aws.ssm().read_published() is None
    assert in_aws.ssm(names=names(in_aws), name=None).read_published() is None


def test_the_first_publication_creates_a_secure_string(in_aws: Aws) -> None:
    store = in_aws.ssm()
    revision = store.publish(OLD, ROTATED_AT, None)
    assert json.loads(held(in_aws)) == {**OLD, "rotated_at": ROTATED_AT}
    read = store.read_published()
    assert read is not None
    assert (read.fields.reveal(), read.revision, read.rotated_at) == (OLD.reveal(), revision, ROTATED_AT)
    assert in_aws.client("ssm").get_parameter(Name=f"/app/{in_aws.mark}")["Parameter"]["Type"] == "SecureString"


def test_published_names_and_siblings_are_the_readers(in_aws: Aws) -> None:
    put(in_aws, {"region": "eu-central-1", "nested": {"a": [1, None]}, "key": "AKIAOLD"})
    store = in_aws.ssm(renames={"access_key_id": "key", "secret_access_key": "secret"})
    read = store.read_published()
    assert read is not None and read.fields.reveal() == {"access_key_id": "AKIAOLD"}
    store.publish(NEW, ROTATED_AT, read.revision)
    wanted = {"region": "eu-central-1", "nested": {"a": [1, None]}, "key": "AKIANEW", "secret": "new-secret-value"}
    assert json.loads(held(in_aws)) == {**wanted, "rotated_at": ROTATED_AT}


def test_a_parameter_with_none_of_our_fields_is_as_good_as_none_and_keeps_its_own(in_aws: Aws) -> None:
    put(in_aws, {"region": "eu-central-1"})
    store = in_aws.ssm()
    assert store.read_published() is None
    store.publish(NEW, ROTATED_AT, None)
    assert json.loads(held(in_aws)) == {"region": "eu-central-1", **NEW, "rotated_at": ROTATED_AT}


@pytest.mark.parametrize("several", [False, True])
def test_publishing_over_somebody_elses_publication_conflicts(in_aws: Aws, several: bool) -> None:
    options: dict[str, t.Any] = {"names": names(in_aws)} if several else {}
    first = in_aws.ssm(**options).publish(OLD, ROTATED_AT, None)
    with pytest.raises(errors.Conflict):
        in_aws.ssm(**options).publish(NEW, LATER, None)
    in_aws.ssm(**options).publish(NEW, LATER, first)
    with pytest.raises(errors.Conflict):
        in_aws.ssm(**options).publish(OLD, LATER, first)
    read = in_aws.ssm(**options).read_published()
    assert read is not None and read.fields.reveal() == NEW.reveal()


def test_a_write_between_our_read_and_our_write_is_noticed(in_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    store = in_aws.ssm()
    revision = store.publish(OLD, ROTATED_AT, None)
    read = SsmStore._read

    def interrupted(self: SsmStore) -> t.Any:
        found = read(self)
        put(in_aws, {**OLD, "sibling": "added"})
        return found

    monkeypatch.setattr(SsmStore, "_read", interrupted)
    with pytest.raises(errors.Conflict, match="while it was being published") as raised:
        store.publish(NEW, LATER, revision)
    assert "version 2" in str(raised.value) and "new-secret-value" not in str(raised.value)


@pytest.mark.parametrize("first", [True, False])
def test_a_publication_whose_answer_is_lost_is_no_conflict(in_aws: Aws, first: bool) -> None:
    store = in_aws.ssm()
    revision = None if first else store.publish(OLD, ROTATED_AT, None)
    with in_aws.losing_answer("ssm", "PutParameter"):
        after = store.publish(NEW, LATER, revision)
    read = store.read_published()
    assert read is not None and (read.fields.reveal(), read.revision) == (NEW.reveal(), after)


def test_publishing_costs_one_read_and_one_write(in_aws: Aws) -> None:
    store = in_aws.ssm()
    revision = store.publish(OLD, ROTATED_AT, None)
    with in_aws.counting("ssm") as requests:
        store.publish(NEW, LATER, revision)
    assert requests == {"GetParameter": 1, "PutParameter": 1}


def test_a_password_like_a_reference_survives(in_aws: Aws) -> None:
    store = in_aws.ssm(fields=["password"])
    store.publish(SecretFields({"password": "{{{x}}"}), ROTATED_AT, None)
    assert "{{" not in held(in_aws)
    assert json.loads(held(in_aws))["password"] == "{{{x}}"


def test_each_field_in_a_parameter_of_its_own(in_aws: Aws) -> None:
    where = {**names(in_aws), "rotated_at": f"/app/{in_aws.mark}/at"}
    store = in_aws.ssm(names=where)
    revision = store.publish(OLD, ROTATED_AT, None)
    assert [held(in_aws, where[field]) for field in FIELDS] == ["AKIAOLD", "old-secret-value"]
    assert held(in_aws, where["rotated_at"]) == ROTATED_AT
    with in_aws.counting("ssm", name=None, names=where) as requests:
        read = store.read_published()
    assert requests == {"GetParameters": 1}
    assert read is not None
    assert (read.fields.reveal(), read.revision, read.rotated_at) == (OLD.reveal(), revision, ROTATED_AT)


def test_fields_that_stay_the_same_are_not_written(in_aws: Aws) -> None:
    where = {"username": f"/app/{in_aws.mark}/user", "password": f"/app/{in_aws.mark}/password"}
    store = in_aws.ssm(fields=["username", "password"], names=where)
    revision = store.publish(SecretFields({"username": "app", "password": "one"}), ROTATED_AT, None)
    with in_aws.counting("ssm", name=None, names=where) as requests:
        store.publish(SecretFields({"username": "app", "password": "two"}), LATER, revision)
    assert requests == {"GetParameters": 1, "PutParameter": 1}
    assert held(in_aws, where["password"]) == "two"


def test_the_journal_is_at_the_same_place_however_the_names_are_written(in_aws: Aws) -> None:
    where = names(in_aws)
    in_aws.ssm(names=where).write_journal("text", None)
    turned = in_aws.ssm(fields=FIELDS[::-1], names=dict(reversed(where.items())))
    assert turned.read_journal() is not None


def test_a_pair_half_written_is_put_back(in_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    where = names(in_aws)
    store = in_aws.ssm(names=where)
    revision = store.publish(OLD, ROTATED_AT, None)
    write = SsmStore._write

    def failing(self: SsmStore, key: str, value: str, before: t.Any) -> t.Any:
        if key == "secret_access_key":
            raise errors.Unreachable("AWS could not.")
        return write(self, key, value, before)

    monkeypatch.setattr(SsmStore, "_write", failing)
    with pytest.raises(errors.Unreachable) as raised:
        store.publish(NEW, LATER, revision)
    assert raised.value.stranded == []
    assert [held(in_aws, where[field]) for field in FIELDS] == ["AKIAOLD", "old-secret-value"]


def test_a_pair_that_cannot_be_put_back_is_named(in_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    where = names(in_aws)
    store = in_aws.ssm(names=where)
    revision = store.publish(OLD, ROTATED_AT, None)
    write = SsmStore._write
    written: list[str] = []

    def failing(self: SsmStore, key: str, value: str, before: t.Any) -> t.Any:
        if written:
            raise errors.Unreachable("AWS could not.")
        written.append(key)
        return write(self, key, value, before)

    monkeypatch.setattr(SsmStore, "_write", failing)
    with pytest.raises(errors.Unreachable) as raised:
        store.publish(NEW, LATER, revision)
    assert len(raised.value.stranded) == 1 and where["access_key_id"] in raised.value.stranded[0]
    monkeypatch.undo()
    now = store.read_published()
    assert now is not None
    store.publish(NEW, LATER, now.revision)
    assert [held(in_aws, where[field]) for field in FIELDS] == ["AKIANEW", "new-secret-value"]


def test_what_can_be_published_is_found_without_changing_anything(in_aws: Aws) -> None:
    for store in (in_aws.ssm(), in_aws.ssm(names=names(in_aws))):
        store.check_publishable(SIZES)
        assert store.read_published() is None and store.read_journal() is None
    in_aws.ssm().publish(OLD, ROTATED_AT, None)
    before = in_aws.client("ssm").get_parameter(Name=f"/app/{in_aws.mark}")["Parameter"]["Version"]
    in_aws.ssm().check_publishable(SIZES)
    assert in_aws.client("ssm").get_parameter(Name=f"/app/{in_aws.mark}")["Parameter"]["Version"] == before


def test_a_value_too_large_is_refused_before_anything_is_issued(in_aws: Aws) -> None:
    put(in_aws, {"certificate": "x" * 3000})
    with pytest.raises(errors.QuotaExceeded, match="4096"):
        in_aws.ssm().check_publishable({"access_key_id": 20, "secret_access_key": 1100})
    in_aws.ssm(tier="Advanced").check_publishable({"access_key_id": 20, "secret_access_key": 1100})
    with pytest.raises(errors.QuotaExceeded, match="8192"):
        in_aws.ssm(tier="Advanced").check_publishable({"access_key_id": 20, "secret_access_key": 8000})


@pytest.mark.parametrize("missing", ["ssm:PutParameter", "ssm:DeleteParameters", "ssm:GetParameter"])
def test_a_missing_right_is_named(in_aws: Aws, missing: str) -> None:
    rights = {"ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameters", "ssm:GetParametersByPath"}
    in_aws.ssm().publish(OLD, ROTATED_AT, None)
    poor = in_aws.moto.user(f"poor-{in_aws.mark}", sorted(rights - {missing}))
    rich = in_aws.moto.user(f"rich-{in_aws.mark}", sorted(rights))
    with in_aws.moto.enforcing():
        in_aws.ssm(**rich).check_publishable(SIZES)
        with pytest.raises(errors.Denied, match=missing):
            in_aws.ssm(**poor).check_publishable(SIZES)


def test_a_plain_text_parameter_is_refused_with_a_way_out(in_aws: Aws) -> None:
    in_aws.client("ssm").put_parameter(Name=f"/app/{in_aws.mark}", Value="{}", Type="String")
    for attempt in (lambda store: store.check_publishable(SIZES), lambda store: store.publish(NEW, ROTATED_AT, None)):
        with pytest.raises(errors.Rejected, match="SecureString"):
            attempt(in_aws.ssm())
    assert held(in_aws) == "{}"


@pytest.mark.parametrize("value", ["bare-secret", '["a"]', '"bare-secret"'])
def test_a_value_that_is_no_json_object_is_refused_and_not_shown(in_aws: Aws, value: str) -> None:
    in_aws.client("ssm").put_parameter(Name=f"/app/{in_aws.mark}", Value=value, Type="SecureString")
    with pytest.raises(errors.Rejected, match="store.names") as raised:
        in_aws.ssm().publish(NEW, ROTATED_AT, None)
    assert "bare-secret" not in str(raised.value) and raised.value.__cause__ is None
    assert held(in_aws) == value


@pytest.mark.parametrize(
    ("options", "renames", "message"),
    [
        ({"name": None}, None, "exactly one"),
        ({"names": {"access_key_id": "/a", "secret_access_key": "/b"}, "name": "/c"}, None, "exactly one"),
        ({"names": {"access_key_id": "/a"}}, None, "one for each"),
        ({"names": {"access_key_id": "/a", "secret_access_key": "/b", "region": "/c"}}, None, "one for each"),
        ({"names": {"access_key_id": "/a", "secret_access_key": None}}, None, "one for each"),
        ({"names": {"access_key_id": "/a", "secret_access_key": "/a"}}, None, "twice"),
        ({"names": {"access_key_id": "/a", "secret_access_key": "/b"}}, {"access_key_id": "id"}, "store.fields"),
        ({"name": "arn:aws:ssm:eu-central-1:123456789012:parameter/x"}, None, "not the name"),
        ({"name": "/app/key:3"}, None, "not the name"),
        ({"name": "app/key"}, None, "not the name"),
        ({"name": "/app/key/"}, None, "not the name"),
        ({"name": "/awsome/key"}, None, "not the name"),
        ({"name": "SSM-key"}, None, "not the name"),
        ({"name": "/" + "/".join("abcdefghijklmnop")}, None, "not the name"),
        ({"journal_prefix": "a b"}, None, "not the name"),
        ({"journal_prefix": "/"}, None, "not the name"),
        ({"profile": "somebody"}, None, "profile"),
        ({"secret_key": None}, None, "only one of"),
        ({"external_id": "x"}, None, "assume_role_arn"),
    ],
)
def test_contradictions_are_found_before_any_request(
    in_aws: Aws, options: dict[str, t.Any], renames: dict[str, str] | None, message: str
) -> None:
    with pytest.raises(errors.ConfigurationError, match=message):
        in_aws.ssm(renames=renames, **options)


def test_a_role_of_another_account_is_assumed(in_aws: Aws) -> None:
    role: dict[str, t.Any] = {"assume_role_arn": "arn:aws:iam::210987654321:role/rotator", "external_id": "agreed"}
    in_aws.ssm(**role).publish(NEW, ROTATED_AT, None)
    assert in_aws.ssm().read_published() is None
    read = in_aws.ssm(**role).read_published()
    assert read is not None and read.fields.reveal() == NEW.reveal()


def test_no_answer_is_unreachable_and_shows_nothing(in_aws: Aws) -> None:
    store = in_aws.ssm(endpoint_url="http://127.0.0.1:9")
    with pytest.raises(errors.Unreachable) as raised:
        store.read_published()
    assert in_aws.moto.secret_key not in str(raised.value)


def test_no_secret_is_in_a_server_log(in_aws: Aws) -> None:
    store = in_aws.ssm()
    store.publish(NEW, ROTATED_AT, None)
    store.write_journal("a-journalled-secret", None)
    log = in_aws.moto.log()
    assert "POST" in log and "new-secret-value" not in log and "a-journalled-secret" not in log


def put(in_aws: Aws, document: t.Mapping[str, t.Any]) -> None:
    request = {"Name": f"/app/{in_aws.mark}", "Value": json.dumps(dict(document)), "Type": "SecureString", "Overwrite": True}
    in_aws.client("ssm").put_parameter(**request)
