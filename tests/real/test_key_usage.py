# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who used a key: CloudTrail's event history, the issuers' own records, and what is never claimed."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t

import botocore.config
import botocore.exceptions
import botocore.session
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.aws import forget_clients
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.usage import find_usage, usage_options
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import iam_trail
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana import GrafanaIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import unique
from ansible_collections.locksmith.rotation.tests.real.fixtures_iam import USER, Iam
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import MAKERS
from ansible_collections.locksmith.rotation.tests.servers.aws_model import Model
from ansible_collections.locksmith.rotation.tests.servers.aws_standin import REGION
from ansible_collections.locksmith.rotation.tests.servers.cloudtrail_standin import CloudTrailStandin
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer

KEY = "AKIAIOSFODNN7EXAMPLE"
ELSEWHERE = "us-east-1"
MODEL = Model("cloudtrail")


@pytest.fixture
def trail() -> t.Iterator[CloudTrailStandin]:
    iam_trail._asked.clear()
    with CloudTrailStandin() as server:
        yield server
        assert [line for exchange in server.exchanges for line in MODEL.complaints(exchange)] == []
        forget_clients()


def search(server: CloudTrailStandin, *regions: str, most: int = 1000, since: float = 86400) -> t.Any:
    clock = SystemClock()
    return iam_trail.search(KEY, server.login("LookupEvents"), regions or (REGION,), clock.now() - since, most, clock)


class TestTheLog:
    def test_requests_are_added_up_by_caller_address_and_program(self, trail: CloudTrailStandin) -> None:
        for age in (300, 200, 100):
            trail.record(KEY, age=age)
        trail.record(KEY, age=50, eventName="RunInstances", errorCode="AccessDenied")
        trail.record(KEY, age=20, sourceIPAddress="198.51.100.9", userAgent="Boto3/1.34", eventSource="iam.amazonaws.com")
        trail.record("AKIASOMEBODYELSE0000", age=10)
        found = search(trail)
        assert [use.address for use in found.uses] == ["198.51.100.9", "203.0.113.7"], "the latest first"
        first = found.uses[1]
        assert (first.by, first.agent) == ("arn:aws:iam::123456789012:user/ci", "aws-cli/2.17.0")
        assert (first.requests, first.refused, first.places) == (4, 1, (REGION,))
        assert first.actions == ("ec2:DescribeInstances", "ec2:RunInstances")
        assert found.uses[0].actions == ("iam:DescribeInstances",)
        assert first.last_at - first.first_at == pytest.approx(250, abs=2)
        assert (found.complete, found.searched, found.unanswered) == (True, (REGION,), {})

    def test_pages_and_regions_never_faster_than_two_a_second(self, trail: CloudTrailStandin) -> None:
        for index in range(120):
            trail.record(KEY, age=index)
        trail.record(KEY, region=ELSEWHERE, sourceIPAddress="198.51.100.9")
        began = time.monotonic()
        found = search(trail, REGION, ELSEWHERE, REGION)
        assert sorted(use.requests for use in found.uses) == [1, 120]
        assert [exchange.request.region for exchange in trail.exchanges if exchange.reply.status == 200] == [REGION] * 3 + [
            ELSEWHERE
        ]
        assert time.monotonic() - began >= 2 * 0.5
        assert trail.throttled == 0

    def test_another_user_of_the_account_who_takes_the_rate_is_waited_for(self, trail: CloudTrailStandin) -> None:
        trail.record(KEY)
        trail.fail("LookupEvents", "throttled", "throttled")
        assert len(search(trail).uses) == 1

    def test_a_region_that_does_not_answer_is_named_and_hides_nothing(self, trail: CloudTrailStandin) -> None:
        trail.disabled.add("ap-east-1")
        trail.record(KEY)
        found = search(trail, "ap-east-1", REGION)
        assert (len(found.uses), found.searched, list(found.unanswered)) == (1, (REGION,), ["ap-east-1"])
        assert "UnrecognizedClientException" in found.unanswered["ap-east-1"]

    def test_a_missing_right_is_named(self, trail: CloudTrailStandin) -> None:
        clock = SystemClock()
        found = iam_trail.search(KEY, trail.login("Nothing"), (REGION,), clock.now() - 60, 10, clock)
        assert "cloudtrail:LookupEvents" in found.unanswered[REGION]

    def test_more_than_was_asked_for_is_said(self, trail: CloudTrailStandin) -> None:
        for index in range(60):
            trail.record(KEY, age=index)
        assert search(trail, most=60).complete is True
        found = search(trail, most=10)
        assert (found.complete, found.uses[0].requests) == (False, 10)

    def test_only_what_was_asked_for_and_only_ninety_days(self, trail: CloudTrailStandin) -> None:
        trail.record(KEY, age=7200)
        assert search(trail, since=3600).uses == ()
        with pytest.raises(errors.ConfigurationError, match="90 days"):
            search(trail, since=91 * 86400)
        assert len(search(trail, since=90 * 86400).uses) == 1

    def test_what_a_caller_says_of_itself_stays_on_its_line(self, trail: CloudTrailStandin) -> None:
        trail.record(KEY, userAgent="evil\n\x1b[31mok: everything is fine" + "x" * 500)
        trail.record(KEY, age=1, userIdentity={"type": "Root"}, sourceIPAddress="cloudformation.amazonaws.com")
        found = search(trail)
        assert (found.uses[0].by, found.uses[0].address) == ("ci", "cloudformation.amazonaws.com")
        assert found.uses[1].agent.startswith("evil [31mok")
        assert len(found.uses[1].agent) <= 120

    def test_an_event_without_its_text_is_counted_all_the_same(self, trail: CloudTrailStandin) -> None:
        trail.record(KEY)
        for broken in ("not json", "[]", ""):
            trail.record(KEY)
            trail._events[REGION][-1]["CloudTrailEvent"] = broken
        assert sorted((use.by, use.requests) for use in search(trail).uses) == [
            ("arn:aws:iam::123456789012:user/ci", 1),
            ("ci", 3),
        ]


class TestTheStandIn:
    def test_its_refusals_are_the_models(self, trail: CloudTrailStandin) -> None:
        login = trail.login()
        made: t.Any = botocore.session.Session().create_client(
            "cloudtrail",
            region_name=REGION,
            endpoint_url=trail.url,
            aws_access_key_id=login["access_key"],
            aws_secret_access_key=login["secret_key"],
            config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
        trail.rate = 100
        for index in range(3):
            trail.record(KEY, age=index)
        most = MODEL.limit("LookupEvents", "MaxResults", "max")
        one = {"AttributeKey": "AccessKeyId", "AttributeValue": KEY}
        page = made.lookup_events(MaxResults=1, LookupAttributes=[one])
        cases: dict[str, dict[str, t.Any]] = {
            "InvalidMaxResultsException": {"MaxResults": most + 1},
            "InvalidTimeRangeException": {"StartTime": 20, "EndTime": 10},
            "InvalidLookupAttributesException": {"LookupAttributes": [one, one]},
            "InvalidNextTokenException": {"NextToken": page["NextToken"], "LookupAttributes": [{**one, "AttributeValue": "x"}]},
        }
        for code, parameters in cases.items():
            with pytest.raises(botocore.exceptions.ClientError) as caught:
                made.lookup_events(**parameters)
            assert caught.value.response["Error"]["Code"] == code
        assert len(made.lookup_events(MaxResults=most)["Events"]) == 3
        assert trail._events.keys() == {REGION}
        trail.rate = 0
        with pytest.raises(botocore.exceptions.ClientError, match="Rate exceeded"):
            made.lookup_events()
        made.close()


def usage(issuer: type[Issuer], options: t.Mapping[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    """As the action plugin calls it: validated, with defaults filled in."""
    given = {name: value for name, value in {**options, "name": "ci", **more}.items() if value is not None}
    checked = ArgumentSpecValidator({**issuer.OPTIONS, **usage_options()}, **issuer.CONSTRAINTS).validate(given)
    assert not checked.error_messages, checked.error_messages
    return find_usage(issuer, checked.validated_parameters)


@pytest.fixture
def apart(iam: Iam, trail: CloudTrailStandin, monkeypatch: pytest.MonkeyPatch) -> Iam:
    """IAM and STS at the one server, CloudTrail at the other, as AWS has them at addresses of their own."""
    monkeypatch.setattr(aws, "_prepared", {})  # clients that an earlier test had made before there were these addresses
    for service, url in (("IAM", iam.front.url), ("STS", iam.front.url), ("CLOUDTRAIL", trail.url)):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
    trail.keys[iam.options["access_key"]] = iam.options["secret_key"]
    return iam


class TestAccessKeys:
    def options(self, iam: Iam) -> dict[str, t.Any]:
        return {**iam.options, "endpoint_url": None, "user_name": USER}

    def test_every_key_of_the_user_with_who_used_it(self, apart: Iam, trail: CloudTrailStandin) -> None:
        made = [apart.root().create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"] for dummy in range(2)]
        trail.record(made[1], age=60, region=ELSEWHERE)
        told = usage(IamIssuer, self.options(apart))
        rows = {row["id"]: row for row in told["usage"]}
        assert sorted(rows) == sorted(made)
        assert (rows[made[1]]["use"], rows[made[1]]["trail"]["uses"][0]["address"]) == ("used", "203.0.113.7")
        assert rows[made[0]]["use"] == "no_use_seen"
        assert rows[made[0]]["trail"]["searched"] == [REGION, ELSEWHERE]
        assert "does not mean that nobody uses it" in rows[made[0]]["why"]
        assert told["usage"][0]["id"] == made[1], "the one that was used last first"
        assert "unused" not in json.dumps(told)

    def test_what_did_not_answer_makes_no_use_seen_into_not_told(self, apart: Iam, trail: CloudTrailStandin) -> None:
        key = apart.root().create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
        trail.disabled.add(ELSEWHERE)
        told = usage(IamIssuer, self.options(apart))["usage"][0]
        assert (told["id"], told["use"]) == (key, "not_told")
        assert ELSEWHERE in told["unanswered"][0]

    def test_a_deleted_key_is_still_remembered(self, apart: Iam, trail: CloudTrailStandin) -> None:
        key = apart.root().create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
        apart.root().delete_access_key(UserName=USER, AccessKeyId=key)
        trail.record(key, age=60)
        told = usage(IamIssuer, self.options(apart), keys=[key])["usage"][0]
        assert (told["listed"], told["use"]) == (False, "used")

    def test_nobody_is_asked_who_is_not_wanted(self, apart: Iam, trail: CloudTrailStandin) -> None:
        apart.root().create_access_key(UserName=USER)
        told = usage(IamIssuer, self.options(apart), audit=False)["usage"][0]
        assert (told["trail"], trail.exchanges) == (None, [])

    def test_an_identity_without_keys_is_an_error_and_no_empty_list(self, apart: Iam) -> None:
        with pytest.raises(errors.NotFound, match="ci: iam user ci-deployer has no key"):
            usage(IamIssuer, self.options(apart))

    def test_a_user_that_is_not_there_is_an_error(self, apart: Iam) -> None:
        with pytest.raises(errors.NotFound):
            usage(IamIssuer, {**self.options(apart), "user_name": "nobody"})


class TestGrafanaTokens:
    def test_when_each_was_last_used_and_which_are_ours_to_know(self, grafana_12: GrafanaServer) -> None:
        name = unique("usage")
        account = grafana_12.create_account(name)
        old, new = (grafana_12.create_token(account, unique("token"))[0] for dummy in range(2))
        moment = time.time() - 5000
        grafana_12.set_token(old, last_used=moment)
        options = {"url": grafana_12.url, "url_username": grafana_12.admin_user, "url_password": grafana_12.admin_password}
        told = usage(GrafanaIssuer, {**options, "service_account": name})
        assert [(row["id"], row["use"]) for row in told["usage"]] == [
            (f"{account}/{old}", "used"),
            (f"{account}/{new}", "no_use_seen"),
        ]
        assert told["usage"][0]["trail"] is None
        assert told["usage"][0]["resolution"] == 300


@pytest.mark.parametrize("case", sorted(MAKERS))
def test_it_works_for_every_issuer(case: str) -> None:
    """By the options that a user writes, and a key that others made where the issuer lists keys."""
    with MAKERS[case]() as maker:
        issuer = maker.make()
        if issuer.MINTS and not issuer.REVEALS:
            key = maker.foreign_key(issuer)
        else:
            listed = issuer.keys()
            key = listed[0].id if listed else "some-key"
        told = usage(issuer_class(issuer.KIND), maker.module_options(issuer), keys=[key], audit=False)
        assert [row["id"] for row in told["usage"]] == [key]
        assert told["usage"][0]["use"] in ("used", "no_use_seen", "not_told")
        if not issuer.lists_keys:
            assert told["usage"][0]["use"] == "not_told"
        shown = json.dumps(told)
        for secret in maker.secrets():
            assert (secret in shown) is False
        issuer.close()


def test_as_a_task_of_a_play(apart: Iam, trail: CloudTrailStandin, tmp_path: pathlib.Path) -> None:
    """Through the action plugin, in check mode, on a host that nobody connects to; a wrong option is named."""
    key = apart.root().create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    trail.record(key, age=60)
    options = {name: value for name, value in apart.options.items() if name != "endpoint_url"}
    asked = {"name": "ci", "type": "iam", "options": {**options, "user_name": USER}, "regions": [REGION]}
    wrong = {**asked, "options": {**options, "username_of_user": USER}}
    show = {"ansible.builtin.debug": {"msg": "{{ told.usage[0].use }} from {{ told.usage[0].trail.uses[0].address }}"}}
    tasks = [
        {"locksmith.rotation.key_usage_info": asked, "register": "told"},
        show,
        {"locksmith.rotation.key_usage_info": wrong, "ignore_errors": True},
    ]
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
    )
    ended = subprocess.run(
        [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "web1,", "--check", "--diff", "-vv", "play.yml"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = " ".join(ended.stdout.split())
    assert ended.returncode == 0, ended.stdout
    assert "used from 203.0.113.7" in said
    assert "username_of_user, which iam_key_rotate does not know" in said
    assert (apart.options["secret_key"] in ended.stdout + ended.stderr) is False
