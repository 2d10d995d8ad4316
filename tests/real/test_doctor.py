# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor playbook as a user runs it, on an estate where all is well and on one where everything is in the way of a rotation."""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import threading
import time
import typing as t
import urllib.error
import urllib.parse

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.endpoint import glance_at
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.examine import examine_credential
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import argument_spec
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana import GrafanaIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql import PostgresqlIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import judge_clock
from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import unique
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import make_role
from ansible_collections.locksmith.rotation.tests.servers.aws_front import AwsFront
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto, free_port
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

DOCTOR = "locksmith.rotation.doctor"
READS = ("Get", "List", "Simulate", "Describe")
#: The answer of IAM's simulator for one action, as botocore's model (iam 2010-05-08) has it.
_MEMBER = (
    "<member><EvalActionName>{}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>{}</EvalDecision></member>"
)
_SIMULATED = (
    '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>'
    "<IsTruncated>false</IsTruncated><EvaluationResults>{}</EvaluationResults></SimulatePrincipalPolicyResult>"
    "</SimulatePrincipalPolicyResponse>"
)


class Simulator(AwsFront):
    """Moto, with IAM's simulator, which it lacks. C(denied): user to the actions that nobody may do to it."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.denied: dict[str, set[str]] = {}

    def answer(self, body: bytes, headers: t.Mapping[str, str]) -> tuple[int, bytes] | None:
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if form.get("Action") != "SimulatePrincipalPolicy":
            return super().answer(body, headers)
        self.requests.append("SimulatePrincipalPolicy")
        user = form["ResourceArns.member.1"].rpartition("/")[2]
        asked = [value for name, value in form.items() if name.startswith("ActionNames.member")]
        decided = [(action, "implicitDeny" if action in self.denied.get(user, ()) else "allowed") for action in asked]
        return 200, _SIMULATED.format("".join(_MEMBER.format(*each) for each in decided)).encode()


@pytest.fixture
def front(moto: Moto) -> t.Iterator[Simulator]:
    server = Simulator(moto.port)
    with server:
        yield server


@pytest.fixture
def estate(moto: Moto, front: Simulator, tmp_path: pathlib.Path) -> Estate:
    """Credentials whose issuer is behind the front, signed by an identity that is not the account's root."""
    made = Estate(moto, tmp_path, ["deployer", "uploader", "reader"], ["web1", "web2"])
    signer = moto.user(f"{made.mark}-rotator", ["*"])
    for credential in made.credentials.values():
        credential["credential_options"].update(signer, endpoint_url=front.url)
    return made


def examine(estate: Estate, front: Simulator, *arguments: str) -> tuple[Ended, dict[str, list[dict[str, str]]]]:
    """The playbook, and what is in the way by credential. Nothing is changed by it."""
    path = estate.top / "doctor.json"
    ended = estate.run(DOCTOR, "-e", f"doctor_json={path}", *arguments)
    assert ended.changed() == 0, ended.output
    assert [asked for asked in front.requests if not asked.startswith(READS)] == []
    assert all(estate.key_ids(user) == [] for user in estate.users)
    assert [file for name in ("web1", "web2") for file in (estate.top / name).rglob("*")] == []
    told = json.loads(path.read_text(encoding="utf-8"))["credentials"]
    return ended, {one["credential"]: [check for check in one["checks"] if check["severity"]] for one in told}


def test_where_all_is_well_it_says_so_and_prints_the_policies_for_this_catalogue(estate: Estate, front: Simulator) -> None:
    ended, bad = examine(estate, front, "-e", "doctor_fail_on=info")
    assert ended.status == 0 and bad == {"deployer": [], "uploader": [], "reader": []}, ended.output
    row = next(line.split() for line in ended.output.splitlines() if line.startswith("deployer "))
    assert row == ["deployer", "iam", *(["ok"] * 8), "-", "2/2"], "everything but a certificate, which nobody has here"
    printed = " ".join(ended.output.split())
    assert "Nothing is in the way of a rotation." in printed
    assert "could it be none at all? An access key is the last resort" in printed
    for user in estate.users.values():
        assert f'"arn:aws:iam::123456789012:user/{user}"' in printed
    assert f"parameter/{estate.mark}/deployer" in printed and printed.count('"iam:CreateAccessKey"') == 1, "merged into one"


def test_everything_that_is_in_the_way_is_named_with_what_to_do(
    estate: Estate, front: Simulator, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.denied = {estate.users["deployer"]: {"iam:DeleteAccessKey"}}
    nowhere = f"http://127.0.0.1:{free_port()}"
    estate.credentials["uploader"]["credential_store"]["endpoint_url"] = nowhere
    estate.credentials["reader"]["credential_store"] = {"type": "vault", "url": nowhere, "token": "none", "path": "x"}
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "hvac.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "lacking"), os.environ.get("PYTHONPATH", "")]))
    estate.machines["web1"]["consumer_credentials"][0]["service"]["command"] = ["/no/such/program"]
    estate.cut_off("web2")

    ended, bad = examine(estate, front)
    assert ended.status != 0
    found = {(name, check["area"]): check for name, checks in bad.items() for check in checks}
    assert set(found) == {
        ("deployer", "rights"),
        ("deployer", "hosts"),
        ("uploader", "store"),
        ("uploader", "clock"),
        ("uploader", "hosts"),
        ("reader", "libraries"),
        ("reader", "hosts"),
    }
    assert "may not iam:DeleteAccessKey" in found["deployer", "rights"]["detail"]
    assert "did not answer" in found["uploader", "store"]["detail"]
    assert found["uploader", "clock"]["severity"] == "warning", "a proxy may lead there"
    assert "hvac" in found["reader", "libraries"]["detail"]
    hosts = [check["detail"] for check in bad["deployer"] if check["area"] == "hosts"]
    assert hosts == ["web1: there is no program /no/such/program that this task's user may run.", "web2: it is unreachable."]
    said = " ".join(ended.output.split())
    assert "-m pip install -r" in said and "galaxy: {collections: [{name: locksmith.rotation}]}" in said
    assert estate.moto.secret_key not in ended.output


def areas(issuer: type[Issuer], options: t.Mapping[str, t.Any], store: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], str]:
    """What is in the way by area, as the action plugin asks; and the policies."""
    checked = ArgumentSpecValidator(argument_spec(issuer), **issuer.CONSTRAINTS).validate(
        {"name": "thing", "store": dict(store), **options}
    )
    assert not checked.error_messages, checked.error_messages
    told = examine_credential(issuer, checked.validated_parameters)
    rights = "\n".join(right["text"] for right in told["rights"])
    return {check["area"]: check["detail"] for check in told["checks"] if check["severity"]}, rights


class TestRightsAtRealServers:
    """By the systems' own means, before anything is made there."""

    @pytest.fixture
    def store(self, openbao: OpenBao) -> t.Iterator[dict[str, t.Any]]:
        """In order. Nothing is ever written to it."""
        yield {"type": "vault", "url": openbao.url, "token": openbao.root_token, "path": "doctor/x"}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            openbao.call("GET", "secret/metadata/doctor/x")

    def test_a_vault_token_that_may_only_read(self, openbao: OpenBao, store: dict[str, t.Any], grafana_12: GrafanaServer) -> None:
        openbao.policy("doctor-reader", {"secret/data/*": ("read",)})
        account = unique("doctor")
        grafana_12.create_account(account)
        login = {"url_username": grafana_12.admin_user, "url_password": grafana_12.admin_password}
        options = {"url": grafana_12.url, "service_account": account, **login}
        bad, rights = areas(GrafanaIssuer, options, {**store, "token": openbao.token("doctor-reader")})
        assert list(bad) == ["writable"] and "create, update on secret/data/" in bad["writable"]
        assert 'path "secret/data/locksmith/doctor/x"' in rights and '"serviceaccounts:write"' in rights
        assert areas(GrafanaIssuer, options, store)[0] == {}

    def test_a_grafana_login_that_may_only_look(self, store: dict[str, t.Any], grafana_12: GrafanaServer) -> None:
        account, rotator = unique("doctor"), unique("rotator")
        grafana_12.create_account(account)
        number = grafana_12.create_account(rotator, "None")
        grafana_12.grant(number, {"serviceaccounts:read": ["serviceaccounts:*"]})
        token = grafana_12.create_token(number, rotator)[1]
        options = {"url": grafana_12.url, "grafana_api_key": token, "service_account": account}
        bad = areas(GrafanaIssuer, options, store)[0]
        assert list(bad) == ["rights"] and "lacks the permission serviceaccounts:write" in bad["rights"]

    def test_a_postgresql_role_that_may_not_alter_others(self, store: dict[str, t.Any], postgres: Postgres) -> None:
        role, dummy = make_role(postgres)
        rotator, password = make_role(postgres)
        options = {
            **{"login_host": postgres.host, "login_port": postgres.port, "role": role},
            **{"login_user": rotator, "login_password": password},
        }
        bad, rights = areas(PostgresqlIssuer, options, store)
        assert list(bad) == ["rights"] and f'may not alter role "{role}"' in bad["rights"]
        admin = {"login_user": postgres.admin_user, "login_password": postgres.admin_password}
        bad, rights = areas(PostgresqlIssuer, {**options, **admin}, store)
        assert bad == {} and ("WITH ADMIN TRUE" in rights) == (postgres.version >= 16)


class _Late(http.server.BaseHTTPRequestHandler):
    """Ten minutes behind."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(time.time() - 600)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_clock_that_is_off_is_told_by_the_date_of_the_servers_answer() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Late) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        seen = glance_at(Endpoint(f"http://127.0.0.1:{server.server_address[1]}"), SystemClock())
        server.shutdown()
    assert seen.ahead == pytest.approx(600, abs=3)
    told = judge_clock(seen.ahead or 0.0, "the server")
    assert told.severity == "critical" and "ahead of" in told.detail


def test_the_end_of_a_certificate_is_read_where_it_is_trusted(vault_tls: OpenBao) -> None:
    endpoint = Endpoint(vault_tls.url, str(vault_tls.tls / "ca.pem") if vault_tls.tls else None)
    seen = glance_at(endpoint, SystemClock())
    assert seen.expires_at is not None and seen.expires_at > time.time() and seen.problem == ""
    assert "certificate" in glance_at(Endpoint(vault_tls.url), SystemClock()).problem
