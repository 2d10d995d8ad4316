# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the event filter lets through: ids of keys from the places that a rulebook names, and nothing else whatever an event holds."""

from __future__ import annotations

import json
import pathlib
import runpy
import typing as t

import pytest
import yaml

EDA = pathlib.Path(__file__).resolve().parents[3] / "extensions" / "eda"
KEY, OTHER = "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"
AT = ["payload/secret"]


@pytest.fixture(scope="module")
def reduce() -> t.Callable[..., t.Any]:
    found: t.Callable[..., t.Any] = runpy.run_path(str(EDA / "plugins" / "event_filter" / "leaked_keys.py"))["main"]
    return found


def rulebooks() -> list[pathlib.Path]:
    return sorted((EDA / "rulebooks").glob("*.yml"))


def test_an_id_passes_and_nothing_that_came_with_it(reduce: t.Callable[..., t.Any]) -> None:
    event = {
        "payload": {"secret": KEY, "rotate_only": "all", "mode": "contain_first"},
        "meta": {"endpoint": "x"},
        "leak": {"key_ids": OTHER},
    }
    assert reduce(event, at=AT) == {"leak": {"key_ids": KEY}}


def test_the_id_within_a_whole_sendgrid_key_passes_and_the_secret_does_not(reduce: t.Callable[..., t.Any]) -> None:
    identity, secret = "a" * 22, "b" * 43
    assert reduce({"payload": {"secret": f"SG.{identity}.{secret}"}}, at=AT) == {"leak": {"key_ids": identity}}


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ lookup('pipe', 'id') }}",
        f"{{{{ lookup('pipe', 'id') }}}}AKIA{'a' * 16}",
        "ci-deployer",
        "all",
        "*",
        "-e rotate_only=all",
        "../../etc/passwd",
        "AKIA",
        KEY.lower(),
        KEY + "X",
        "X" + KEY,
        f"/{KEY}",
        f"{KEY[:10]}\n{KEY[10:]}",
        "ASIAIOSFODNN7EXAMPLE",
        KEY[:-1] + "Е",  # noqa: RUF001  a Cyrillic letter
        "AKIA" + "٣" * 16,
        "",
        None,
        7,
        True,
        [KEY],
        {"secret": KEY},
        {"__proto__": {"secret": KEY}},
        "[" * 100000,
        ",".join(f"AKIA{number:016d}" for number in range(6)),
    ],
)
def test_whatever_else_is_there_is_dropped(reduce: t.Callable[..., t.Any], hostile: t.Any) -> None:
    assert reduce({"payload": {"secret": hostile}}, at=AT) == []


@pytest.mark.parametrize(
    "event", [{}, {"payload": None}, {"payload": [KEY]}, {"payload": "[" * 70000}, {"leak": {"key_ids": KEY}}, {KEY: KEY}]
)
def test_an_event_of_another_shape_is_dropped(reduce: t.Callable[..., t.Any], event: t.Any) -> None:
    assert reduce(event, at=AT) == []


def test_an_id_elsewhere_in_the_event_is_not_looked_at(reduce: t.Callable[..., t.Any]) -> None:
    """The description of a repository, the name of a sender: anybody may write an id there."""
    assert reduce({"payload": {"repository": {"description": KEY}, "sender": {"login": KEY}}}, at=AT) == []


def places_of(name: str) -> dict[str, t.Any]:
    (rules,) = yaml.safe_load((EDA / "rulebooks" / f"{name}.yml").read_text(encoding="utf-8"))
    return dict(rules["sources"][0]["filters"][0]["locksmith.rotation.leaked_keys"])


#: As the systems document them: AWS Health user guide, GuardDuty user guide (finding details), Trusted Advisor with EventBridge.
AWS_EVENTS = {
    "health": {
        "source": "aws.health",
        "detail": {"eventTypeCode": "AWS_RISK_CREDENTIALS_EXPOSED", "affectedEntities": [{"entityValue": KEY}]},
    },
    "guardduty": {
        "source": "aws.guardduty",
        "detail": {"resource": {"accessKeyDetails": {"accessKeyId": KEY, "userName": "all"}}},
    },
    "trusted advisor": {
        "source": "aws.trustedadvisor",
        "detail": {"check-item-detail": {"Access Key ID": KEY, "Location": OTHER}},
    },
}


@pytest.mark.parametrize("event", AWS_EVENTS.values(), ids=AWS_EVENTS)
def test_what_aws_sends_directly_from_a_queue_and_through_a_topic(reduce: t.Callable[..., t.Any], event: t.Any) -> None:
    wanted = {"leak": {"key_ids": KEY}}
    assert reduce({"payload": event}, **places_of("leak_aws")) == wanted
    assert reduce({"body": event, "meta": {"MessageId": "1"}}, **places_of("leak_aws_sqs")) == wanted
    assert reduce({"body": {"Type": "Notification", "Message": json.dumps(event)}}, **places_of("leak_aws_sqs")) == wanted


def test_what_the_other_senders_say(reduce: t.Callable[..., t.Any]) -> None:
    tagged = {"payload": {"incident": {"custom_tags": [{"key": "env", "value": "prod"}, {"key": "key_id", "value": KEY}]}}}
    assert reduce(tagged, **places_of("leak_gitguardian")) == {"leak": {"key_ids": KEY}}
    assert reduce({"payload": {"leaked_key": f"access_key_id:{KEY}"}}, **places_of("leak_datadog")) == {"leak": {"key_ids": KEY}}


@pytest.mark.parametrize("path", rulebooks(), ids=lambda path: path.stem)
def test_a_rule_takes_nothing_from_an_event_but_the_keys(path: pathlib.Path) -> None:
    (rules,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    (rule,) = rules["rules"]
    action = rule["action"]["run_playbook"]
    assert action["name"] == "locksmith.rotation.emergency"
    assert action["extra_vars"] == {
        "emergency_key_id": "{{ event.leak.key_ids }}",
        "reason": "leak",
        "emergency_mode": "fast_overlap",
    }
    assert rule["condition"] == "event.leak.key_ids is defined"
    assert [list(each) for each in rules["sources"][0]["filters"]] == [["locksmith.rotation.leaked_keys"]]
