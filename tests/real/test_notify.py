# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts: each channel against a receiver that is as strict as its documentation, and who hears what of a real run."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import time
import typing as t

import pytest
import yaml

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
from ansible_collections.locksmith.rotation.tests.real.estate import LONGEST, ROTATE, Estate
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


@pytest.mark.parametrize(
    "given",
    [{"kind": ["slack"]}, {"kind": "slack", "url": {"hunter2": 1}}, {"kind": "email", "to": 7, "port": {}}, {1: 2}, 3, None],
)
def test_what_nobody_thought_of_in_one_channel_keeps_no_other_from_being_told(alerted: AlertReceivers, given: t.Any) -> None:
    result = tell(settings(), [given, alerted.channel("slack")], FINDINGS, HastyClock())
    assert [one["channel"] for one in result["untold"]] == ["channel 1"] and "hunter2" not in json.dumps(result)
    assert len(alerted.heard("slack")) == 1


def test_a_channel_that_breaks_is_named_by_the_class_of_its_error(
    alerted: AlertReceivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*dummy: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(CHANNELS["teams"], "send", broken)
    result = tell(settings(), [alerted.channel("teams"), alerted.channel("slack")], FINDINGS, HastyClock())
    assert result["untold"][0]["why"] == "unexpected RuntimeError." and "hunter2" not in json.dumps(result)
    assert len(alerted.heard("slack")) == 1


def test_characters_that_are_none_are_told_as_question_marks(moto: Moto, mail_server: MailServer) -> None:
    odd = dataclasses.replace(MESSAGE, events=(Event(FAILURE, RUN, "a\udcffb", lines=("c\ud800",), details={"id": "d\udfff"}),))
    topic = Topic(moto)
    send(topic.target(), odd)
    send(mail_server.channel(), odd)
    assert topic.told()[0]["Message"]["events"][0]["summary"] == "a?b"
    assert "a?b" in mail_server.mails[0].mail.get_content()


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


# ---- whole playbooks --------------------------------------------------------------------------------------------------


class Alerted:
    """An estate whose group variables and ansible.cfg name everybody who is to be told."""

    def __init__(self, moto: Moto, top: pathlib.Path, receivers: AlertReceivers, mail: MailServer) -> None:
        self.estate = Estate(moto, top, ["good", "held", "failing"], ["web1", "web2"])
        self.top, self.receivers, self.mail, self.topic = top, receivers, mail, Topic(moto)
        self.state = top / "state" / "alerts.json"
        self.dead = receivers.channel("webhook", name="dead", url=f"http://127.0.0.1:{free_port()}/another-secret-path")
        self.secrets = (*receivers.secrets, mail.password, moto.secret_key, "some-secret-path", "another-secret-path")

    def configure(self, role: bool = True, callback: bool = True) -> None:
        """For the role all channels, one of them dead; for the callback Slack and PagerDuty."""
        common = {"source": "production", "state_file": str(self.state)}
        if role:
            every = [*self.receivers.channels(), self.mail.channel(), self.topic.target(), self.dead]
            variables = {"rotation_notify_channels": every, **{f"notify_{name}": value for name, value in common.items()}}
            self._write("group_vars/all.yml", variables)
        if callback:
            channels = [self.receivers.channel("slack"), self.receivers.channel("pagerduty")]
            self._write("alerts.yml", {**common, "channels": channels})
            configuration = "[defaults]\ncallbacks_enabled = locksmith.rotation.notify\n"
            configuration += f"[locksmith_rotation]\nnotify_config_file = {self.top / 'alerts.yml'}\n"
            (self.top / "ansible.cfg").write_text(configuration, encoding="utf-8")

    def _write(self, name: str, content: t.Any) -> pathlib.Path:
        path = self.top / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        return path

    def playbook(self, *tasks: str, hosts: str = "web1") -> str:
        """A playbook of one's own that looks at the catalogue and then does this."""
        lines = [f"- hosts: {hosts}", "  gather_facts: false", "  tasks:", "    - locksmith.rotation.credential_catalogue:"]
        lines += ["      delegate_to: localhost", "      run_once: true", *(f"    - {task}" for task in tasks), ""]
        return str(self._write("own.yml", "\n".join(lines)))

    def signalled(self, number: int, sign: pathlib.Path, *arguments: str) -> str:
        """Begin a run, send it a signal when C(sign) appears, and wait for its end; its output."""
        process = self.estate.start(*arguments)
        try:
            give_up_at = time.monotonic() + LONGEST
            while not sign.exists() and process.poll() is None and time.monotonic() < give_up_at:
                time.sleep(0.02)
            process.send_signal(number)
            output, dummy = process.communicate(timeout=LONGEST)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        assert process.returncode != 0, output
        return output


@pytest.fixture
def alerts(moto: Moto, tmp_path: pathlib.Path, alerted: AlertReceivers, mail_server: MailServer) -> Alerted:
    return Alerted(moto, tmp_path, alerted, mail_server)


def kinds_of(message: dict[str, t.Any]) -> dict[str, str]:
    """What a message says: about, and kind."""
    return {event["about"]: event["kind"] for event in message["events"]}


def test_everybody_hears_of_a_run_and_of_what_was_wrong_until_it_is_mended(alerts: Alerted) -> None:
    """An interrupted run, one with a failing, a held and a good credential, and one in which all is well again."""
    estate, receivers = alerts.estate, alerts.receivers
    failing = estate.credentials["failing"]["credential_options"]
    right, failing["user_name"] = failing["user_name"], "nobody-of-that-name"
    estate.machines["web1"]["consumer_credentials"] = [estate.entry("web1", "good"), estate.entry("web1", "held")]
    estate.machines["web2"]["consumer_credentials"] = [estate.entry("web2", "held")]
    alerts.configure()

    begun = alerts.top / "begun"
    service = estate.machines["web1"]["consumer_credentials"][0]["service"]
    quick, service["command"] = service["command"], ["/bin/sh", "-c", f"touch {begun}; sleep 30"]
    interrupted = alerts.signalled(signal.SIGINT, begun, ROTATE, "-vvv")
    assert "production/run" in receivers.open_alerts()
    (told,) = receivers.heard("slack")
    assert "the run was interrupted by SIGINT at the task" in json.dumps(told)
    assert "production/credential failing" in receivers.open_alerts(), "what had failed by then is told too"
    receivers.forget()

    service["command"] = quick
    estate.make_due()
    estate.cut_off("web2")
    second = estate.rotate("-vvv")
    assert second.status != 0 and "alerts: dead was not told" in " ".join(second.output.split()), second.output
    (hook,) = receivers.heard("hooks")
    assert kinds_of(hook) == {"credential failing": "failure", "credential held": "hold", "run": "digest"}
    held = next(event for event in hook["events"] if event["kind"] == "hold")
    assert held["lines"] == ["web2 (unreachable)"] and "1 of 2 hosts" in held["summary"]
    digest = next(event for event in hook["events"] if event["kind"] == "digest")
    assert [line.split(":")[0] for line in digest["lines"]] == ["good", "held"]
    (card,), (mail,), (envelope,) = receivers.heard("teams"), alerts.mail.mails, alerts.topic.told()
    assert "web2" in json.dumps(card) and "web2 (unreachable)" in mail.mail.get_content()
    assert kinds_of(envelope["Message"]) == kinds_of(hook)
    slack = [json.dumps(message) for message in receivers.heard("slack")]
    assert len(slack) == 2 and "held waits" in slack[0] and "no longer failure" in slack[1], (
        "the callback closes its own: the run"
    )
    assert set(receivers.open_alerts()) == {"production/credential held"}, "what the interrupted run had told is not told again"
    assert len(receivers.heard("changes")) == 1
    receivers.forget()

    estate.make_current()
    estate.reconnect("web2")
    failing["user_name"] = right
    third = estate.rotate("-vvv")
    assert third.status == 0, third.output
    (hook,) = receivers.heard("hooks")
    assert kinds_of(hook) == {"credential failing": "resolved", "credential held": "resolved", "run": "digest"}
    assert len(receivers.heard("slack")) == 1, "nothing is told twice"
    assert alerts.state.stat().st_mode & 0o777 == 0o600
    everything = [interrupted, second.output, third.output, alerts.state.read_text(encoding="utf-8")]
    for secret in alerts.secrets:
        assert not any(secret in text for text in everything)


def test_the_callback_tells_of_hosts_out_of_reach_and_of_other_peoples_tasks(alerts: Alerted) -> None:
    estate, receivers = alerts.estate, alerts.receivers
    alerts.configure(role=False)
    estate.cut_off("web2")
    playbook = alerts.playbook(
        "{name: Show, ansible.builtin.command: {argv: [/bin/sh, -c, 'echo hunter2; exit 1']}}", hosts="web1,web2"
    )
    ended = estate.run(playbook)
    assert ended.status != 0
    assert receivers.open_alerts() == {"production/host web1": "error", "production/host web2": "error"}, ended.output
    (told,) = receivers.heard("slack")
    assert "the task 'Show' (ansible.builtin.command) failed" in json.dumps(told) and "hunter2" not in json.dumps(told)


def test_the_callback_tells_of_a_run_that_is_ended_by_the_system(alerts: Alerted) -> None:
    alerts.configure(role=False)
    begun = alerts.top / "begun"
    playbook = alerts.playbook(
        f"{{name: Take a while, ansible.builtin.command: {{argv: [/bin/sh, -c, 'touch {begun}; sleep 30']}}}}"
    )
    alerts.signalled(signal.SIGTERM, begun, playbook)
    (alert,) = alerts.receivers.heard("pagerduty")
    assert alert["dedup_key"] == "production/run"
    assert alert["payload"]["summary"] == "the run was interrupted by SIGTERM at the task 'Take a while'"


def test_a_file_that_others_may_read_is_not_used(alerts: Alerted) -> None:
    alerts.configure(role=False)
    (alerts.top / "alerts.yml").chmod(0o640)
    ended = alerts.estate.run(alerts.playbook("{name: Fail, ansible.builtin.fail: {}}"))
    assert "so it is not used" in " ".join(ended.output.split()) and alerts.receivers.state()["requests"] == {}


def test_channels_that_cannot_be_looked_up_change_nothing_about_the_run(alerts: Alerted) -> None:
    lost = "{{ lookup('ansible.builtin.file', '/nowhere/at/all') }}"
    alerts._write("group_vars/all.yml", {"rotation_notify_channels": [{"kind": "slack", "url": lost}]})
    alerts.estate.machines.clear()
    for name in ("held", "failing"):
        del alerts.estate.credentials[name]
    alerts.estate.credentials["good"]["credential_consumers"] = "external"
    ended = alerts.estate.rotate()
    assert ended.status == 0 and "rotation_notify_channels cannot be evaluated" in " ".join(ended.output.split()), ended.output
