# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the Vault store's own: log-ins, TLS, trouble with the server, and the two KV versions. Against a real OpenBao."""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault import VaultStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault_kv1 import Kv1
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault import FIELDS, Recorder, VaultMaker
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao, free_port

AT = "2026-11-21T03:14:00Z"
VALUE = SecretFields({"username": "orders", "password": "Hm7pXq2-first-value"})
CREDENTIAL = "Ww3-what-we-log-in-with"


@pytest.fixture
def kv2(openbao: OpenBao) -> VaultMaker:
    return VaultMaker(openbao, "secret")


@pytest.fixture
def kv1(openbao: OpenBao) -> VaultMaker:
    return VaultMaker(openbao, "kv1")


def recorded(recorder: Recorder, **options: t.Any) -> VaultStore:
    given = {"url": recorder.url, "token": CREDENTIAL, "path": "orders/db", "retries": 0, **options}
    return VaultStore.create(given, FIELDS, None)


# --- logging in


def test_an_approle_logs_in(kv2: VaultMaker) -> None:
    role_id, secret_id = kv2.server.approle(kv2.mark, [f"writer-{kv2.mark}"])
    store = kv2.make(token=None, auth_method="approle", role_id=role_id, secret_id=secret_id)
    assert store.write_journal("text", None) == "1"


def test_the_secret_id_comes_from_the_environment_too(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_HASHI_VAULT_SECRET_ID", CREDENTIAL)
    recorded(recorder, auth_method="approle", role_id="r").read_journal()
    assert recorder.at("auth/")[0].body == {"role_id": "r", "secret_id": CREDENTIAL}


def test_a_user_with_a_password_logs_in(kv2: VaultMaker) -> None:
    kv2.server.userpass(kv2.mark, CREDENTIAL, [f"writer-{kv2.mark}"])
    store = kv2.make(token=None, auth_method="userpass", username=kv2.mark, password=CREDENTIAL)
    assert store.write_journal("text", None) == "1"


def test_a_token_file_serves(kv2: VaultMaker, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(kv2.writer + "\n", encoding="utf-8")
    store = kv2.make(token=None, token_path=str(tmp_path), token_file="token")
    assert store.write_journal("text", None) == "1"


def test_a_missing_token_file_is_named(kv2: VaultMaker, tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match="token file .*/absent"):
        kv2.make(token=None, token_path=str(tmp_path), token_file="absent").read_journal()


def test_a_client_certificate_logs_in(vault_tls: OpenBao) -> None:
    assert vault_tls.tls is not None
    vault_tls.enable_auth("cert")
    maker = VaultMaker(vault_tls, "secret")
    ca = (vault_tls.tls / "ca.pem").read_text(encoding="utf-8")
    vault_tls.call("POST", "auth/cert/certs/rotation", {"certificate": ca, "token_policies": [f"writer-{maker.mark}"]})
    store = maker.make(
        token=None,
        ca_cert=str(vault_tls.tls / "ca.pem"),
        auth_method="cert",
        role_id="rotation",
        cert_auth_public_key=str(vault_tls.tls / "client.pem"),
        cert_auth_private_key=str(vault_tls.tls / "client-key.pem"),
    )
    assert store.write_journal("text", None) == "1"


@pytest.mark.parametrize(
    ("options", "path", "body"),
    [
        ({"auth_method": "ldap", "username": "a b", "password": CREDENTIAL}, "ldap/login/a%20b", {"password": CREDENTIAL}),
        ({"auth_method": "userpass", "username": "a/b", "password": "x"}, "userpass/login/a%2Fb", {"password": "x"}),
        ({"auth_method": "jwt", "role_id": "r", "jwt": CREDENTIAL}, "jwt/login", {"role": "r", "jwt": CREDENTIAL}),
        ({"auth_method": "kubernetes", "role_id": "r", "jwt": CREDENTIAL}, "kubernetes/login", {"role": "r", "jwt": CREDENTIAL}),
        (
            {"auth_method": "approle", "role_id": "r", "secret_id": CREDENTIAL, "mount_point": "teams/roles"},
            "teams/roles/login",
            {"role_id": "r", "secret_id": CREDENTIAL},
        ),
    ],
)
def test_a_method_sends_what_vault_documents(recorder: Recorder, options: dict[str, str], path: str, body: t.Any) -> None:
    assert recorded(recorder, **{"token": None, **options}).read_journal() is None
    assert [(each.path, each.body) for each in recorder.at("auth/")] == [(f"/v1/auth/{path}", body)]
    assert recorder.at("secret/")[0].headers["x-vault-token"] == "token-of-the-recorder"


def test_aws_iam_sends_a_signed_question_who_it_is(recorder: Recorder) -> None:
    keys = {"access_key": "AKIAEXAMPLE", "secret_key": CREDENTIAL, "region": "eu-central-1"}
    recorded(recorder, auth_method="aws_iam", role_id="r", aws_iam_server_id="vault.example.com", **keys).read_journal()
    (login,) = recorder.at("auth/aws/login")
    headers = json.loads(base64.b64decode(login.body["iam_request_headers"]))
    assert login.body["role"] == "r"
    assert headers["X-Vault-AWS-IAM-Server-ID"] == ["vault.example.com"]
    assert "Credential=AKIAEXAMPLE/" in headers["Authorization"][0]
    assert CREDENTIAL not in json.dumps(login.body)


def test_an_agent_that_adds_the_token_gets_none(recorder: Recorder) -> None:
    recorded(recorder, auth_method="none", token=None).read_journal()
    assert all("x-vault-token" not in each.headers for each in recorder.asked)


def test_one_store_logs_in_and_looks_for_the_version_once(recorder: Recorder) -> None:
    store = recorded(recorder, auth_method="jwt", role_id="r", jwt=CREDENTIAL)
    assert [store.read_journal(), store.read_journal(), store.read_journal()] == [None] * 3
    assert [len(recorder.at(start)) for start in ("auth/", "sys/internal/", "secret/")] == [1, 1, 3]


def test_a_refused_log_in_is_denied_and_shows_no_credential(kv2: VaultMaker) -> None:
    role_id, dummy = kv2.server.approle(kv2.mark, [])
    with pytest.raises(errors.Denied, match="invalid role or secret") as refused:
        kv2.make(auth_method="approle", role_id=role_id, secret_id=CREDENTIAL).read_journal()
    assert CREDENTIAL not in str(refused.value)


def test_a_message_that_repeats_what_we_sent_is_not_shown(recorder: Recorder) -> None:
    recorder.script["auth/"] = [(400, {}, {"errors": [f"bad token {CREDENTIAL}"]})]
    with pytest.raises(errors.Denied, match="jwt log-in[.]") as refused:
        recorded(recorder, auth_method="jwt", role_id="r", jwt=CREDENTIAL).read_journal()
    assert CREDENTIAL not in str(refused.value)


def test_an_invalid_token_is_denied(kv2: VaultMaker) -> None:
    with pytest.raises(errors.Denied, match="mount") as refused:
        kv2.make(token=CREDENTIAL).read_journal()
    assert CREDENTIAL not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": None}, "store.url is missing"),
        ({"url": "vault.example.com"}, "not an address"),
        ({"url": "https://user:word@vault.example.com"}, "not an address"),
        ({"path": None}, "store.path"),
        ({"path": "../sys"}, "store.path"),
        ({"path": "locksmith/orders/db"}, "where journals are kept"),
        ({"auth_method": "approle", "role_id": None}, "needs store.role_id"),
        ({"auth_method": "userpass"}, "needs store.username, store.password"),
        ({"auth_method": "cert", "cert_auth_public_key": "/absent.pem"}, "/absent.pem cannot be read"),
    ],
)
def test_options_that_cannot_work_are_refused_before_any_request(options: dict[str, t.Any], message: str) -> None:
    given = {"url": "https://vault.example.com", "token": CREDENTIAL, "path": "orders/db"}
    with pytest.raises(errors.ConfigurationError, match=message):
        VaultStore.create({**given, **options}, FIELDS, None)


# --- namespaces and TLS


def test_a_namespace_is_asked_for_and_keeps_its_secrets_to_itself(kv2: VaultMaker) -> None:
    server, name = kv2.server, f"team-{kv2.mark}"
    server.call("POST", f"sys/namespaces/{name}", {})
    server.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "1"}}, namespace=name)
    inside = kv2.make(namespace=name, token=server.root_token)
    inside.publish(VALUE, AT, None)
    assert inside.read_published() is not None
    assert kv2.make().read_published() is None


def test_a_certificate_authority_of_our_own_is_trusted(vault_tls: OpenBao) -> None:
    maker = VaultMaker(vault_tls, "secret")
    assert maker.make(ca_cert=str(t.cast(Path, vault_tls.tls) / "ca.pem")).write_journal("text", None) == "1"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_an_unknown_certificate_is_refused_unless_checking_is_off(vault_tls: OpenBao) -> None:
    maker = VaultMaker(vault_tls, "secret")
    with pytest.raises(errors.Unreachable, match="no trusted TLS connection.*store.ca_cert"):
        maker.make().read_journal()
    assert maker.make(validate_certs=False).read_journal() is None


# --- trouble with the server


def test_a_journal_outlives_a_seal_which_is_reported(vault_tls: OpenBao) -> None:
    ca: dict[str, t.Any] = {"ca_cert": str(t.cast(Path, vault_tls.tls) / "ca.pem"), "retries": 0}
    maker = VaultMaker(vault_tls, "secret")
    maker.make(**ca).write_journal("text", None)
    vault_tls.seal()
    try:
        with pytest.raises(errors.Unreachable, match="sealed.*unseal"):
            maker.make(**ca).read_journal()
    finally:
        vault_tls.unseal()
    found = maker.make(**ca).read_journal()
    assert found is not None
    assert found.text == "text"


def test_a_refused_connection_is_unreachable() -> None:
    options = {"url": f"http://127.0.0.1:{free_port()}", "token": CREDENTIAL, "path": "orders/db", "retries": 1}
    with pytest.raises(errors.Unreachable, match="does not answer") as refused:
        VaultStore.create(options, FIELDS, None).read_journal()
    assert CREDENTIAL not in str(refused.value)


@pytest.mark.parametrize("status", [412, 429, 472, 473, 500, 502, 503])
def test_what_passes_is_waited_for(recorder: Recorder, status: int) -> None:
    recorder.script["secret/"] = [(status, {"Retry-After": "0"}, {"errors": ["not now"]})] * 2
    assert recorded(recorder, retries=2).read_journal() is None
    assert len(recorder.at("secret/")) == 3


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(412, "caught up"), (429, "rate"), (472, "primary"), (473, "active node"), (500, "500"), (503, "sealed")],
)
def test_what_does_not_pass_is_unreachable_after_bounded_retries(recorder: Recorder, status: int, meaning: str) -> None:
    recorder.script["secret/"] = [(status, {"Retry-After": "0"}, {"errors": ["not now"]})] * 9
    with pytest.raises(errors.Unreachable, match=meaning):
        recorded(recorder, retries=3).read_journal()
    assert len(recorder.at("secret/")) == 4


def test_a_redirect_to_the_active_node_is_followed(recorder: Recorder) -> None:
    with Recorder() as active:
        recorder.script[""] = [(307, {"Location": active.url + "/v1/secret/data/locksmith/orders/db"}, {})]
        recorder.script["sys/internal"] = []
        store = recorded(recorder, kv_version=2)
        active.script["secret/"] = [(200, {}, {"data": {"type": "kv", "options": {"version": "2"}}})]
        assert store.read_journal() is None
        assert len(active.asked) == 1


def test_a_write_whose_answer_is_lost_succeeds_once(recorder: Recorder) -> None:
    mismatch = {"errors": ["check-and-set parameter did not match the current version"]}
    ours = {"data": {"data": {"journal": "text"}, "metadata": {"version": 5}}}
    recorder.script["secret/"] = [(500, {"Retry-After": "0"}, {}), (400, {}, mismatch), (200, {}, ours)]
    assert recorded(recorder, retries=1).write_journal("text", "4") == "5"


def test_a_mismatch_without_doubt_is_a_conflict_even_if_the_text_is_the_same(recorder: Recorder) -> None:
    recorder.script["secret/"] = [(400, {}, {"errors": ["check-and-set parameter did not match the current version"]})]
    with pytest.raises(errors.Conflict):
        recorded(recorder).write_journal("text", "4")
    assert len(recorder.at("secret/")) == 1


def test_a_page_of_a_proxy_is_not_taken_for_an_empty_store(recorder: Recorder) -> None:
    recorder.script["secret/"] = [(200, {}, "welcome")]
    with pytest.raises(errors.ConfigurationError, match="check store.url"):
        recorded(recorder).read_journal()


# --- KV versions


@pytest.mark.parametrize(("mount", "wrong"), [("secret", 1), ("kv1", 2)])
def test_a_wrong_forced_version_is_refused_and_nothing_is_written(openbao: OpenBao, mount: str, wrong: int) -> None:
    maker = VaultMaker(openbao, mount)
    with pytest.raises(errors.ConfigurationError, match=f"kv_version is {wrong}"):
        maker.make(kv_version=wrong).write_journal("text", None)
    assert maker.make().read_journal() is None


def test_a_forced_version_serves_where_detection_is_denied(recorder: Recorder) -> None:
    recorder.script["sys/internal/"] = [(403, {}, {"errors": ["preflight capability check returned 403"]})] * 2
    assert recorded(recorder, kv_version=2).read_journal() is None
    with pytest.raises(errors.Denied, match="kv_version"):
        recorded(recorder).read_journal()


def test_another_engine_is_refused(kv2: VaultMaker) -> None:
    with pytest.raises(errors.ConfigurationError, match="not a KV engine but 'cubbyhole'"):
        kv2.make(engine_mount_point="cubbyhole").read_journal()


@pytest.mark.parametrize("how", ["delete", "destroy"])
def test_a_deleted_value_and_a_deleted_journal_can_be_written_again(kv2: VaultMaker, how: str) -> None:
    store = kv2.make()
    store.write_journal("text", None)
    store.publish(VALUE, AT, None)
    for path in (kv2.path, f"locksmith/{kv2.path}"):
        kv2.server.call("POST", f"secret/{how}/{path}", {"versions": [1]})
    assert (store.read_journal(), store.read_published()) == (None, None)
    store.check_publishable({"username": 6, "password": 40})
    assert store.write_journal("afresh", None) == "2"
    assert store.publish(VALUE, AT, None) == "2"
    assert kv2.raw() == {**VALUE.reveal(), "rotated_at": AT}


def test_a_secret_that_requires_compare_and_set_is_written_and_its_metadata_stays(kv2: VaultMaker) -> None:
    settings = {"cas_required": True, "custom_metadata": {"owner": "orders"}, "max_versions": 3}
    kv2.server.call("POST", f"secret/metadata/{kv2.path}", settings)
    kv2.make().publish(VALUE, AT, None)
    found = kv2.server.call("GET", f"secret/metadata/{kv2.path}")["data"]
    assert {name: found[name] for name in settings} == settings
    assert VALUE["password"] not in json.dumps(found)


def test_siblings_that_are_no_texts_survive(kv2: VaultMaker) -> None:
    kv2.put({"ports": [1, 2], "deep": {"a": None}})
    kv2.make().publish(VALUE, AT, None)
    raw = kv2.raw()
    assert raw is not None
    assert (raw["ports"], raw["deep"]) == ([1, 2], {"a": None})


def test_the_journal_goes_where_the_prefix_says(kv2: VaultMaker) -> None:
    kv2.make(token=kv2.server.root_token, journal_prefix="rotation/journals").write_journal("text", None)
    found = kv2.server.call("GET", f"secret/data/rotation/journals/{kv2.path}")
    assert found["data"]["data"] == {"journal": "text"}


def test_what_is_no_journal_is_not_taken_for_one(kv2: VaultMaker) -> None:
    kv2.server.call("POST", f"secret/data/locksmith/{kv2.path}", {"data": {"other": "x"}})
    with pytest.raises(errors.JournalError, match="is not a journal"):
        kv2.make().read_journal()


def test_a_missing_right_is_named_with_its_path(kv2: VaultMaker) -> None:
    kv2.server.policy(f"writer-{kv2.mark}", {f"secret/data/{kv2.path}": ("create", "read", "update")})
    with pytest.raises(errors.Denied, match=f"create, read, update on secret/data/locksmith/{kv2.path}"):
        kv2.make().check_publishable({"password": 40})


# --- the claim of KV version 1


def test_the_claim_of_a_killed_run_runs_out(kv1: VaultMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kv1, "LEASE", 1.5)
    monkeypatch.setattr(Kv1, "SETTLE", 0.3)
    claim = f"kv1/locksmith/.claims/{kv1.path}"
    kv1.server.call("POST", claim, {"owner": "a run that was killed"})
    kv1.make().write_journal("text", None)
    found = kv1.make().read_journal()
    assert found is not None
    assert found.text == "text"
    with pytest.raises(OSError, match="404"):
        kv1.server.call("GET", claim)


def test_a_claim_that_is_not_given_up_is_waited_for_and_respected(kv1: VaultMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kv1, "GIVE_UP", 0.5)
    kv1.server.call("POST", f"kv1/locksmith/.claims/{kv1.path}", {"owner": "another run"})
    with pytest.raises(errors.Unreachable, match="other runs hold the claim"):
        kv1.make().write_journal("text", None)
    assert kv1.make().read_journal() is None


# --- what a server writes down


def test_no_value_and_no_journal_is_in_the_servers_log(kv2: VaultMaker) -> None:
    kv2.make().write_journal("Jj8-journal-text", None)
    kv2.make().publish(VALUE, AT, None)
    log = kv2.server.log()
    assert log
    assert not any(secret in log for secret in ("Jj8-journal-text", VALUE["password"]))


def test_what_was_taken_from_a_drop_off_is_destroyed_with_what_lay_there_before(openbao: OpenBao) -> None:
    maker = VaultMaker(openbao, "secret")
    maker.put({"username": "orders", "password": "typed-wrong"})
    maker.put({"username": "orders", "password": "typed-right"})
    with pytest.raises(errors.Denied, match=f"secret/destroy/{maker.path}"):
        maker.make().remove("2")
    maker.grant_drop_off()
    maker.make().remove("2")
    versions = openbao.call("GET", f"secret/metadata/{maker.path}")["data"]["versions"]
    assert [versions[number]["destroyed"] for number in ("1", "2")] == [True, True]
