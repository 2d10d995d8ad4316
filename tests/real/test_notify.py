# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts: each channel against a receiver that is as strict as its documentation, and who hears what of a real run."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.notifying import Findings, Settings, tell
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.catalogue import CHANNELS, build_channel
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import (
    DIGEST,
    FAILURE,
    HOLD,
    RESOLVED,
    RUN,
    Event,
    Message,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import CALM, HURRIED
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.fixtures_announce import Topic
from ansible_collections.locksmith.rotation.tests.servers.alerts import AlertReceivers
from ansible_collections.locksmith.rotation.tests.servers.mail import USER, MailServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto, free_port

AT = "2026-11-21T12:00:00Z"
FAILED = Event(
    FAILURE, "credential orders", "orders failed: <refused> & *odd*", next_step="look at it.", details={"store": "ssm /orders"}
)
HELD = Event(HOLD, "credential ci", "ci waits (1 of 2 hosts)", lines=("web2 (unreachable)",))
SOLVED = Event(RESOLVED, "credential db", "credential db: no longer failure")
DONE = Event(DIGEST, RUN, "1 of 4 credentials changed", lines=("app: rotated, version 7 (AKIAIOSFODNN7EXAMPLE) is published",))
MESSAGE = Message((FAILED, HELD, SOLVED, DONE), "production", "4f2a1c", AT)
#: More than any receiver takes in one message: six hundred failures with long texts, in characters of several bytes.
HUGE = Message(
    tuple(
        Event(FAILURE, f"credential c{n}", f"c{n} fiel aus: " + "ü<&" * 330, lines=("host (ü)" * 40,) * 120) for n in range(600)
    ),
    "production",
    "4f2a1c",
    AT,
)
KINDS = ("slack", "pagerduty", "teams", "webhook")


def send(channel: dict[str, t.Any], message: Message = MESSAGE, clock: HastyClock | None = None) -> None:
    """Through a channel as a user writes it."""
    options = {name: value for name, value in channel.items() if value is not None}
    built = build_channel(options, clock or HastyClock(), CALM)
    try:
        built.send(message)
    finally:
        built.close()


# ---- each channel -----------------------------------------------------------------------------------------------------


def test_slack_gets_one_message_with_a_section_for_each_event(alerted: AlertReceivers) -> None:
    send(alerted.channel("slack"))
    (body,) = alerted.heard("slack")
    header, *sections, run = body["blocks"]
    assert header["text"]["text"] == "production: 1 failed, 1 waiting, 1 resolved, 1 of 4 credentials changed"
    assert [block["type"] for block in sections] == ["section"] * 4
    assert sections[0]["text"]["text"].endswith("FAILURE: orders failed: &lt;refused&gt; &amp; *odd*\nNext: look at it.")
    assert "- waits for web2 (unreachable)" in sections[1]["text"]["text"]
    assert "4f2a1c" in run["elements"][0]["text"] and body["text"] == header["text"]["text"]


def test_pagerduty_gets_an_alert_for_each_problem_and_a_change_event(alerted: AlertReceivers) -> None:
    send(alerted.channel("pagerduty"))
    assert alerted.open_alerts() == {"production/credential orders": "critical", "production/credential ci": "warning"}
    failed, held, solved = alerted.heard("pagerduty")
    assert failed["payload"]["class"] == "failure" and failed["payload"]["component"] == "credential orders"
    assert failed["payload"]["custom_details"] == {"next": "look at it.", "run": "4f2a1c", "store": "ssm /orders"}
    assert held["payload"]["custom_details"]["lines"] == ["web2 (unreachable)"]
    assert solved == {"event_action": "resolve", "dedup_key": "production/credential db"}
    (change,) = alerted.heard("changes")
    assert change["payload"]["summary"] == "Rotation: 1 of 4 credentials changed"


def test_pagerduty_closes_the_alert_that_it_opened(alerted: AlertReceivers) -> None:
    send(alerted.channel("pagerduty"))
    again = dataclasses.replace(MESSAGE, events=(dataclasses.replace(HELD, kind=RESOLVED, severity=""),))
    send(alerted.channel("pagerduty"), again)
    assert list(alerted.open_alerts()) == ["production/credential orders"]


def test_a_ruleset_of_pagerduty_gets_no_change_events(alerted: AlertReceivers) -> None:
    built = build_channel({"kind": "pagerduty", "routing_key": "R" + "0" * 31}, HastyClock(), CALM)
    assert not built.wants(DIGEST) and built.wants(FAILURE)


def test_teams_gets_a_card_whose_text_is_no_markdown(alerted: AlertReceivers) -> None:
    send(alerted.channel("teams"))
    (body,) = alerted.heard("teams")
    texts = [block["text"] for block in body["attachments"][0]["content"]["body"]]
    assert texts[0] == "production: 1 failed, 1 waiting, 1 resolved, 1 of 4 credentials changed"
    assert r"orders failed: \<refused\> & \*odd\*" in texts[1] and len(texts) == 6


def test_a_webhook_gets_every_event_with_its_key(alerted: AlertReceivers) -> None:
    send(alerted.channel("webhook"))
    (body,) = alerted.heard("hooks")
    assert {name: body[name] for name in ("event", "source", "run", "at")} == {
        "event": "rotation_alerts",
        "source": "production",
        "run": "4f2a1c",
        "at": AT,
    }
    assert [(event["kind"], event["credential"], event["key"]) for event in body["events"]] == [
        ("failure", "orders", "production/credential orders"),
        ("hold", "ci", "production/credential ci"),
        ("resolved", "db", "production/credential db"),
        ("digest", "", "production/run"),
    ]
    assert body["events"][1]["lines"] == ["web2 (unreachable)"]


def test_sns_gets_text_for_people_and_json_for_machines(moto: Moto) -> None:
    topic = Topic(moto)
    send(topic.target())
    (envelope,) = topic.told()
    assert [event["kind"] for event in envelope["Message"]["events"]] == ["failure", "hold", "resolved", "digest"]
    assert envelope["Subject"] == "production: 1 failed, 1 waiting, 1 resolved, 1 of 4 credentials changed"
    said = {name: one["Value"] for name, one in envelope["MessageAttributes"].items()}
    assert said == {"event": "rotation_alerts", "source": "production", "kind": "failure", "severity": "critical"}


def test_a_mail_comes_encrypted_and_logged_in(mail_server: MailServer) -> None:
    send(mail_server.channel())
    (mail,) = mail_server.mails
    assert (mail.encrypted, mail.login, mail.sender) == (True, USER, "rotation@example.com")
    assert mail.to == ["platform@example.com", "oncall@example.com"]
    assert mail.mail["Subject"] == "production: 1 failed, 1 waiting, 1 resolved, 1 of 4 credentials changed"
    text = mail.mail.get_content()
    assert "FAILURE: orders failed: <refused> & *odd*" in text and "- waits for web2 (unreachable)" in text


def test_a_mail_by_tls_from_the_first_byte(tmp_path: pathlib.Path) -> None:
    with MailServer(tmp_path, implicit=True) as server:
        send(server.channel(security="tls"))
        assert [mail.encrypted for mail in server.mails] == [True]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_too_much_is_cut_to_what_the_receiver_takes(alerted: AlertReceivers, kind: str) -> None:
    few = dataclasses.replace(HUGE, events=HUGE.events[:20]) if kind == "pagerduty" else HUGE
    send(alerted.channel(kind), few)
    heard = alerted.heard({"webhook": "hooks"}.get(kind, kind))
    assert len(heard) == (20 if kind == "pagerduty" else 1)
    if kind in ("slack", "teams"):
        assert "more: see the run" in json.dumps(heard, ensure_ascii=False)


def test_what_is_too_much_for_sns_and_mail(moto: Moto, mail_server: MailServer) -> None:
    topic = Topic(moto)
    send(topic.target(), HUGE)
    (envelope,) = topic.told()
    assert envelope["Message"]["left_out"] > 0 and envelope["Message"]["events"]
    send(mail_server.channel(), HUGE)
    assert len(mail_server.mails) == 1


# ---- failures of a channel --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_is_respected_and_the_message_sent_again(alerted: AlertReceivers, kind: str) -> None:
    alerted.fault("429", times=1, headers={"Retry-After": "7"})
    clock = HastyClock()
    send(alerted.channel(kind), dataclasses.replace(MESSAGE, events=(FAILED,)), clock)
    assert clock.pauses == [7.0]
    assert len(alerted.heard({"webhook": "hooks"}.get(kind, kind))) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trouble", ["500", "503", "reset"])
def test_trouble_that_lasts_ends_after_three_attempts(alerted: AlertReceivers, kind: str, trouble: str) -> None:
    alerted.fault(trouble, times=9)
    with pytest.raises(errors.Unreachable):
        send(alerted.channel(kind))
    assert sum(alerted.state()["requests"].values()) == 3
    alerted.calm()
    alerted.fault(trouble, times=2)
    send(alerted.channel(kind), dataclasses.replace(MESSAGE, events=(FAILED,)))


def test_a_limit_that_asks_for_too_much_time_is_left_to_the_next_run(alerted: AlertReceivers) -> None:
    alerted.fault("429", times=9, headers={"Retry-After": "300"})
    clock = HastyClock()
    with pytest.raises(errors.Unreachable, match="limits requests"):
        send(alerted.channel("slack"), clock=clock)
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"kind": "slack", "url": "/services/T0/B0/not-the-secret"}, errors.NotFound, "no_service"),
        ({"kind": "pagerduty", "routing_key": "0" * 32}, errors.Rejected, "Invalid routing key"),
        ({"kind": "teams", "url": "/workflows/of-somebody-else?sig=not-the-signature"}, errors.NotFound, "404"),
        ({"kind": "webhook", "hmac_secret": "another secret than the receiver's"}, errors.Denied, "401"),
    ],
)
def test_a_refusal_says_why_and_no_secret(
    alerted: AlertReceivers, changed: dict[str, str], error: type[Exception], said: str
) -> None:
    wrong = {**alerted.channel(changed["kind"]), **changed}
    if changed.get("url"):
        wrong["url"] = alerted.url + changed["url"]
    with pytest.raises(error, match=said) as caught:
        send(wrong)
    shown = str(caught.value) + repr(caught.value)
    for secret in (*alerted.secrets, "not-the-secret", "not-the-signature", "of-somebody-else", "some-secret-path", "0" * 32):
        assert secret not in shown


def test_an_archived_channel_of_slack_is_said(alerted: AlertReceivers) -> None:
    alerted.settings(slack_archived=True)
    with pytest.raises(errors.Rejected, match="channel_is_archived"):
        send(alerted.channel("slack"))


@pytest.mark.parametrize(
    ("changed", "refused", "error"),
    [
        ({"password": "not-the-password"}, [], errors.Denied),
        ({}, [("DATA", "554 5.7.1 rejected")], errors.Rejected),
        ({}, [("RCPT", "550 5.1.1 unknown"), ("RCPT", "550 5.1.1 unknown")], errors.Rejected),
        ({"security": "tls"}, [], errors.Unreachable),
        ({"ca_path": None}, [], errors.Unreachable),
    ],
)
def test_a_mail_that_is_refused(
    mail_server: MailServer, changed: dict[str, t.Any], refused: list[tuple[str, str]], error: type[Exception]
) -> None:
    mail_server.refuse = refused
    with pytest.raises(error) as caught:
        send(mail_server.channel(**changed))
    for secret in (mail_server.password, "not-the-password"):
        assert secret not in str(caught.value)
    assert not mail_server.mails


def test_a_mail_server_that_has_trouble_is_asked_again(mail_server: MailServer) -> None:
    mail_server.refuse = [("MAIL", "451 4.3.0 later"), ("MAIL", "451 4.3.0 later")]
    send(mail_server.channel())
    assert len(mail_server.mails) == 1


# ---- who is told when -------------------------------------------------------------------------------------------------

FINDINGS = Findings((FAILED,), DONE, frozenset({"credential orders", "credential app"}), ("credential app",), "4f2a1c")
WELL = Findings((), None, frozenset({"credential orders", "credential app"}), ("credential app", "credential orders"), "4f2a1d")


def settings(**more: t.Any) -> Settings:
    return Settings.of({"source": "production", **more})


def test_a_dead_channel_is_warned_about_and_told_by_the_next_run(alerted: AlertReceivers, tmp_path: pathlib.Path) -> None:
    state = str(tmp_path / "deep" / "alerts.json")
    dead = alerted.channel("webhook", name="dead", url=f"http://127.0.0.1:{free_port()}/x")
    live = alerted.channel("slack")
    first = tell(settings(state_file=state), [dead, live], FINDINGS, HastyClock(), patience=HURRIED)
    assert [one["channel"] for one in first["told"]] == [f"slack {alerted.url}"]
    assert [one["channel"] for one in first["untold"]] == ["dead"] and len(first["warnings"]) == 1
    assert pathlib.Path(state).stat().st_mode & 0o777 == 0o600
    again = tell(settings(state_file=state), [alerted.channel("webhook", name="dead"), live], FINDINGS, HastyClock())
    assert [one["channel"] for one in again["told"]] == ["dead", f"slack {alerted.url}"]
    (hook,) = alerted.heard("hooks")
    assert [event["kind"] for event in hook["events"]] == ["failure", "digest"]
    assert len(alerted.heard("slack")) == 2, "a digest is told each time that something was done"
    last = tell(settings(state_file=state), [alerted.channel("webhook", name="dead"), live], WELL, HastyClock())
    assert (last["changed"], len(last["told"])) == (True, 2)
    assert tell(settings(state_file=state), [live], WELL, HastyClock())["told"] == []


def test_a_state_file_that_is_broken_begins_anew(alerted: AlertReceivers, tmp_path: pathlib.Path) -> None:
    state = tmp_path / "alerts.json"
    state.write_text("{", encoding="utf-8")
    result = tell(settings(state_file=str(state)), [alerted.channel("slack")], FINDINGS, HastyClock())
    assert len(result["told"]) == 1 and "begins anew" in result["warnings"][0]
    assert json.loads(state.read_text(encoding="utf-8"))["problems"]


def test_a_state_file_that_cannot_be_written_keeps_nobody_from_being_told(
    alerted: AlertReceivers, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "file").touch()
    result = tell(
        settings(state_file=str(tmp_path / "file" / "x" / "a.json")), [alerted.channel("slack")], FINDINGS, HastyClock()
    )
    assert len(alerted.heard("slack")) == 1 and "cannot be read" in " ".join(result["warnings"])


def test_what_took_one_event_and_then_no_more_is_told_the_rest_by_the_next_run(
    alerted: AlertReceivers, tmp_path: pathlib.Path
) -> None:
    state = settings(state_file=str(tmp_path / "alerts.json"))
    both = dataclasses.replace(FINDINGS, problems=(FAILED, HELD), judged=FINDINGS.judged | {"credential ci"}, digest=None)
    alerted.fault("slow", times=1)
    alerted.fault("400", times=1)
    first = tell(state, [alerted.channel("pagerduty")], both, HastyClock())
    assert first["told"][0]["events"] == 1 and len(first["untold"]) == 1
    second = tell(state, [alerted.channel("pagerduty")], both, HastyClock())
    assert second["told"][0]["events"] == 1 and second["untold"] == []
    assert [event["payload"]["class"] for event in alerted.heard("pagerduty")] == ["failure", "hold"]


def test_a_check_tells_nobody_and_writes_nothing(alerted: AlertReceivers, tmp_path: pathlib.Path) -> None:
    state = tmp_path / "alerts.json"
    result = tell(settings(state_file=str(state)), alerted.channels(), FINDINGS, HastyClock(), check_mode=True)
    assert len(result["told"]) == 4 and not state.exists()
    assert alerted.state()["requests"] == {}


def test_quiet_hours_without_a_memory_tell_everything_and_say_so(alerted: AlertReceivers) -> None:
    quiet = {"start": "00:00", "end": "23:59"}
    result = tell(settings(quiet=quiet), [alerted.channel("slack")], FINDINGS, HastyClock())
    assert len(result["told"]) == 1 and "state_file" in result["warnings"][0]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"kind": "pigeon"}, "kind"),
        ("slack", "no mapping"),
        ({"kind": "slack"}, "lacks url"),
        ({"kind": "slack", "url": "hooks.slack.example/services/hunter2"}, "malformed"),
        ({"kind": "slack", "url": "http://[hunter2/"}, "malformed"),
        ({"kind": "pagerduty", "routing_key": "hunter2"}, "32 characters"),
        ({"kind": "teams", "url": "https://user:hunter2@example.com/"}, "user name"),
        ({"kind": "email", "host": "mx", "sender": "a@example.com", "to": ["hunter"]}, "no e-mail address"),
        ({"kind": "email", "host": "mx", "sender": "a@b.c", "to": ["a@b.c"], "password": "hunter2"}, "only one of"),
        (
            {
                "kind": "email",
                "host": "mx",
                "sender": "a@b.c",
                "to": ["a@b.c"],
                "username": "u",
                "password": "hunter2",
                "security": "none",
            },
            "unencrypted",
        ),
        ({"kind": "sns", "topic_arn": "rotation"}, "not the ARN"),
        (
            {"kind": "webhook", "url": "https://example.com/hunter2", "hmac_secret": "s", "routing_key": "hunter2"},
            "does not belong",
        ),
        ({"kind": "slack", "url": "https://hooks.example.com/hunter2", "events": ["everything"]}, "events"),
    ],
)
def test_a_channel_that_cannot_be_meant_is_said_and_the_others_are_told(
    alerted: AlertReceivers, channel: t.Any, said: str
) -> None:
    result = tell(settings(), [channel, alerted.channel("slack")], FINDINGS, HastyClock())
    assert [one["channel"] for one in result["untold"]] == ["channel 1"]
    assert said in result["untold"][0]["why"] and "hunter2" not in json.dumps(result)
    assert len(alerted.heard("slack")) == 1


def test_options_of_different_kinds_agree() -> None:
    merged: dict[str, t.Any] = {}
    for channel in CHANNELS.values():
        for name, option in channel.OPTIONS.items():
            assert merged.setdefault(name, option) == option, name
            assert "default" not in option and "required" not in option, name
