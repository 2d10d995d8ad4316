# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every store must do, whatever system it is. The same tests run over each; see C(store_makers)."""

from __future__ import annotations

import concurrent.futures
import threading

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import ROTATED_AT
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.store_makers import MAKERS, StoreMaker

FIELDS = ("username", "password")
AT = "2026-11-21T03:14:00Z"
LATER = "2026-11-22T03:14:00Z"
SIZES = {"username": 6, "password": 40}
SECRET = "Hm7pXq2-first-value"
OTHER = "Zk9rWv4-other-value"


@pytest.fixture(params=MAKERS)
def maker(request: pytest.FixtureRequest) -> StoreMaker:
    return MAKERS[request.param](request)


def value(password: str = SECRET) -> SecretFields:
    return SecretFields({"username": "orders", "password": password})


def test_an_empty_place_has_neither_journal_nor_value(maker: StoreMaker) -> None:
    store = maker.make(FIELDS)
    assert store.read_journal() is None
    assert store.read_published() is None


def test_a_journal_comes_back_as_written_under_its_revision(maker: StoreMaker) -> None:
    revision = maker.make(FIELDS).write_journal("first", None)
    found = maker.make(FIELDS).read_journal()
    assert found is not None
    assert (found.text, found.revision) == ("first", revision)


@pytest.mark.parametrize("text", ["", "ä€😀\n{{ x }} !vault '\"\\\t" * 60 + "ü", "no: yaml\n---\n", "x" * 3072])
def test_any_text_of_three_kilobytes_is_kept_whole(maker: StoreMaker, text: str) -> None:
    maker.make(FIELDS).write_journal(text, None)
    found = maker.make(FIELDS).read_journal()
    assert found is not None
    assert found.text == text


def test_each_journal_write_has_another_revision_even_of_the_same_text(maker: StoreMaker) -> None:
    store = maker.make(FIELDS)
    first = store.write_journal("same", None)
    second = store.write_journal("same", first)
    assert first != second
    with pytest.raises(errors.Conflict):
        store.write_journal("third", first)


def test_a_first_journal_is_written_once(maker: StoreMaker) -> None:
    maker.make(FIELDS).write_journal("first", None)
    with pytest.raises(errors.Conflict):
        maker.make(FIELDS).write_journal("second", None)
    found = maker.make(FIELDS).read_journal()
    assert found is not None
    assert found.text == "first"


def test_a_stale_revision_conflicts_and_changes_nothing(maker: StoreMaker) -> None:
    store = maker.make(FIELDS)
    first = store.write_journal("first", None)
    store.write_journal("second", first)
    with pytest.raises(errors.Conflict):
        store.write_journal("third", first)
    found = store.read_journal()
    assert found is not None
    assert found.text == "second"


@pytest.mark.parametrize("runs", [5, 20])
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_of_many_writers_at_once_exactly_one_wins(maker: StoreMaker, runs: int, first: bool) -> None:
    expected = None if first else maker.make(FIELDS).write_journal("before", None)
    start = threading.Barrier(runs)

    def write(number: int) -> str | None:
        store = maker.make(FIELDS)
        start.wait(30)
        try:
            store.write_journal(f"run {number}", expected)
        except errors.Conflict:
            return None
        return f"run {number}"

    with concurrent.futures.ThreadPoolExecutor(runs) as pool:
        winners = [text for text in pool.map(write, range(runs)) if text]
    found = maker.make(FIELDS).read_journal()
    assert found is not None
    assert winners == [found.text]


def test_readers_see_the_value_under_its_published_names_beside_its_siblings(maker: StoreMaker) -> None:
    maker.put_sibling("host", "db1.example.com")
    maker.make(FIELDS, {"password": "PGPASSWORD"}).publish(value(), AT, None)
    assert maker.raw() == {"username": "orders", "PGPASSWORD": SECRET, "host": "db1.example.com", ROTATED_AT: AT}


def test_a_published_value_comes_back_under_the_issuers_names(maker: StoreMaker) -> None:
    renames = {"password": "PGPASSWORD"}
    revision = maker.make(FIELDS, renames).publish(value(), AT, None)
    found = maker.make(FIELDS, renames).read_published()
    assert found is not None
    assert found.fields.reveal() == value().reveal()
    assert (found.revision, found.rotated_at) == (revision, AT)


def test_siblings_alone_are_nothing_published(maker: StoreMaker) -> None:
    maker.put_sibling("host", "db1.example.com")
    assert maker.make(FIELDS).read_published() is None


def test_a_value_is_replaced_at_its_revision(maker: StoreMaker) -> None:
    store = maker.make(FIELDS)
    first = store.publish(value(), AT, None)
    maker.put_sibling("host", "db1.example.com")
    current = store.read_published()
    assert current is not None
    second = store.publish(value(OTHER), LATER, current.revision)
    assert len({first, current.revision, second}) == 3
    assert maker.raw() == {"username": "orders", "password": OTHER, "host": "db1.example.com", ROTATED_AT: LATER}


@pytest.mark.parametrize("ever", [True, False], ids=["stale", "none"])
def test_publishing_over_somebody_elses_value_conflicts(maker: StoreMaker, ever: bool) -> None:
    ours = maker.make(FIELDS).publish(value(), AT, None) if ever else None
    maker.make(FIELDS).publish(value(OTHER), LATER, ours)
    with pytest.raises(errors.Conflict):
        maker.make(FIELDS).publish(value("Qy5tUn8-third-value"), LATER, ours)
    raw = maker.raw()
    assert raw is not None
    assert raw["password"] == OTHER


def test_the_journal_and_the_value_do_not_touch_each_other(maker: StoreMaker) -> None:
    store = maker.make(FIELDS)
    journal = store.write_journal("text", None)
    published = store.publish(value(), AT, None)
    found, current = store.read_journal(), store.read_published()
    assert found is not None and current is not None
    assert (found.revision, current.revision) == (journal, published)


@pytest.mark.parametrize("published", [True, False])
def test_asking_whether_it_could_be_published_changes_nothing(maker: StoreMaker, published: bool) -> None:
    if published:
        maker.make(FIELDS).write_journal("text", None)
        maker.make(FIELDS).publish(value(), AT, None)
    before = maker.traces()
    maker.make(FIELDS).check_publishable(SIZES)
    assert maker.traces() == before


def test_a_missing_right_is_found_before_anything_is_issued(maker: StoreMaker) -> None:
    maker.make(FIELDS).write_journal("text", None)
    maker.make(FIELDS).publish(value(), AT, None)
    before = maker.raw()
    with maker.without_rights(), pytest.raises(maker.refusal) as refused:
        maker.make(FIELDS).check_publishable(SIZES)
    assert refused.value.next_step
    maker.make(FIELDS).check_publishable(SIZES)
    assert maker.raw() == before


def test_a_value_too_large_is_found_before_anything_is_issued(maker: StoreMaker) -> None:
    with pytest.raises(errors.QuotaExceeded):
        maker.make(FIELDS).check_publishable({**SIZES, "password": maker.too_large})
    assert maker.raw() is None


def test_a_reader_of_the_value_cannot_read_the_journal(maker: StoreMaker) -> None:
    maker.make(FIELDS).write_journal("text", None)
    maker.make(FIELDS).publish(value(), AT, None)
    assert maker.raw() is not None
    assert maker.journal_of_reader() == ""


def test_no_secret_shows_in_errors_and_representations(maker: StoreMaker) -> None:
    store = maker.make(FIELDS)
    store.write_journal(SECRET, None)
    store.publish(value(), AT, None)
    shown = [repr(store), str(store), store.place, repr(store.read_journal()), repr(store.read_published())]
    with pytest.raises(errors.Conflict) as journal:
        store.write_journal(OTHER, None)
    with pytest.raises(errors.Conflict) as published:
        store.publish(value(OTHER), LATER, None)
    with maker.without_rights(), pytest.raises(errors.LocksmithError) as denied:
        maker.make(FIELDS).publish(value(OTHER), LATER, maker.make(FIELDS).read_published().revision)  # type: ignore[union-attr]
    for caught in (journal, published, denied):
        shown += [str(caught.value), repr(caught.value)]
    assert not [position for position, text in enumerate(shown) if SECRET in text or OTHER in text]


def test_the_place_is_named(maker: StoreMaker) -> None:
    assert maker.make(FIELDS).place


def test_a_drop_off_is_emptied_for_good_and_can_be_filled_again(maker: StoreMaker) -> None:
    maker.grant_drop_off()
    store = maker.make(FIELDS)
    stale = store.publish(value(), AT, None)
    before = store.publish(value(OTHER), LATER, store.read_published().revision)  # type: ignore[union-attr]
    assert stale != before
    with pytest.raises(errors.Conflict):
        maker.make(FIELDS).remove(stale)
    found = store.read_published()
    assert found is not None and found.fields["password"] == OTHER, "what somebody else put there meanwhile stays"
    store.remove(found.revision)
    assert (maker.make(FIELDS).read_published(), maker.raw()) == (None, None)
    maker.make(FIELDS).publish(value(), AT, None)
    assert maker.raw() == {"username": "orders", "password": SECRET, ROTATED_AT: AT}
