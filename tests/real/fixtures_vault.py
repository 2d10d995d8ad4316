# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenBao for the tests of the Vault store: a server for the session, and a place in it for each test."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import http.server
import ipaddress
import json
import secrets
import threading
import typing as t
import urllib.error
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault import VaultStore
from ansible_collections.locksmith.rotation.tests.real.store_makers import StoreMaker
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao

FIELDS = ("username", "password")
WRITE = ("create", "read", "update")


@pytest.fixture(scope="session")
def openbao() -> t.Iterator[OpenBao]:
    """One in memory for the whole session."""
    with OpenBao() as server:
        yield server


class VaultMaker(StoreMaker):
    """One path under one mount, and a token with exactly the rights that docs/stores.md asks for."""

    def __init__(self, server: OpenBao, mount: str) -> None:
        self.server = server
        self.mount = mount
        self.mark = secrets.token_hex(6)
        self.path = f"{self.mark}/db"
        self.api = f"{mount}/data/" if mount == "secret" else f"{mount}/"
        self.journal = f"{self.api}locksmith/{self.path}"
        rules: dict[str, t.Sequence[str]] = {self.api + self.path: WRITE}
        if mount == "secret":
            rules[self.journal] = WRITE
        else:
            rules[f"{self.journal}/*"] = (*WRITE, "delete", "list")
            rules[f"{self.api}locksmith/.claims/{self.path}"] = (*WRITE, "delete")
        server.policy(f"writer-{self.mark}", rules)
        server.policy(f"reader-{self.mark}", {f"{self.api}{self.mark}/*": ("read",)})
        self.writer = server.token(f"writer-{self.mark}")
        self.reader = server.token(f"reader-{self.mark}")
        self._token = self.writer

    def options(self, **changed: t.Any) -> dict[str, t.Any]:
        given = {"url": self.server.url, "token": self._token, "path": self.path, "engine_mount_point": self.mount}
        return {**given, **changed}

    def make(
        self, field_names: t.Sequence[str] = FIELDS, renames: t.Mapping[str, str] | None = None, **changed: t.Any
    ) -> VaultStore:
        return VaultStore.create(self.options(**changed), field_names, renames)

    def store_option(self) -> dict[str, t.Any]:
        return {"type": "vault", **self.options()}

    def put(self, fields: t.Mapping[str, t.Any]) -> None:
        body = {"data": dict(fields)} if self.mount == "secret" else dict(fields)
        self.server.call("POST", self.api + self.path, body)

    def put_sibling(self, name: str, value: str) -> None:
        self.put({**(self.raw() or {}), name: value})

    def raw(self) -> dict[str, t.Any] | None:
        return self._read(self.path, self.reader)

    def traces(self) -> t.Any:
        everything = self._read(self.path, None), self._read(f"locksmith/{self.path}", None), self._revisions()
        return everything, self._metadata(self.path), self._metadata(f"locksmith/{self.path}")

    @contextlib.contextmanager
    def without_rights(self) -> t.Iterator[None]:
        self._token = self.reader
        yield
        self._token = self.writer

    def grant_drop_off(self) -> None:
        name = f"drop-off-{self.mark}"
        rules: dict[str, tuple[str, ...]] = {f"{self.api}locksmith/.claims/{self.path}": (*WRITE, "delete")}
        rules[self.api + self.path] = WRITE if self.mount == "secret" else (*WRITE, "delete")
        rules[f"{self.mount}/destroy/{self.path}"] = ("update",)
        self.server.policy(name, rules)
        self._token = self.writer = self.server.token(name)

    def journal_of_reader(self) -> str:
        for path in (f"locksmith/{self.path}", *(f"locksmith/{self.path}/{name}" for name in self._revisions())):
            with pytest.raises(urllib.error.HTTPError) as refused:
                self._read(path, self.reader)
            assert refused.value.code == 403
        return ""

    def _revisions(self) -> list[str]:
        """Names of the journal's revisions in version 1."""
        with contextlib.suppress(urllib.error.HTTPError):
            return list(self.server.call("LIST", self.journal)["data"]["keys"])
        return []

    def _read(self, path: str, token: str | None) -> dict[str, t.Any] | None:
        try:
            data = self.server.call("GET", self.api + path, token=token)["data"]
        except urllib.error.HTTPError as absent:
            if absent.code != 404:
                raise
            return None
        return dict(data["data"] if self.mount == "secret" else data)

    def _metadata(self, path: str) -> t.Any:
        with contextlib.suppress(urllib.error.HTTPError):
            return self.server.call("GET", f"secret/metadata/{path}")["data"]
        return None


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: t.Any


class Recorder:
    """Answers every log-in with a token and has one KV mount of version 2; answers that are scripted come first."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        #: Beginning of the path to the answers to give there: status, headers, body.
        self.script: dict[str, list[tuple[int, dict[str, str], t.Any]]] = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def answer(self, path: str) -> tuple[int, dict[str, str], t.Any]:
        for start, answers in self.script.items():
            if path.startswith("/v1/" + start) and answers:
                return answers.pop(0)
        if path.startswith("/v1/auth/"):
            return 200, {}, {"auth": {"client_token": "token-of-the-recorder"}}
        if path.startswith("/v1/sys/internal/ui/mounts/"):
            return 200, {}, {"data": {"type": "kv", "options": {"version": "2"}}}
        return 404, {}, {"errors": []}

    def at(self, start: str) -> list[Asked]:
        return [each for each in self.asked if each.path.startswith("/v1/" + start)]


def _handler(recorder: Recorder) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): content for name, content in self.headers.items()}
            recorder.asked.append(Asked(self.command, self.path, headers, json.loads(text or b"null")))
            status, extra, body = recorder.answer(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, each in {**extra, "Content-Length": str(len(content))}.items():
                self.send_header(name, each)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_LIST = _serve

        def log_message(self, *dummy: object) -> None:
            return

    return Handler


@pytest.fixture
def recorder() -> t.Iterator[Recorder]:
    with Recorder() as server:
        yield server


@pytest.fixture(scope="session")
def vault_tls(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    """A durable one behind TLS, with a certificate authority of its own that signed a client too."""
    directory = tmp_path_factory.mktemp("tls")
    make_certificates(directory)
    with OpenBao(durable=True, tls=directory) as server:
        yield server


def make_certificates(directory: Path) -> None:
    """C(ca.pem), C(cert.pem) and C(key.pem) for 127.0.0.1, C(client.pem) and C(client-key.pem)."""
    ca_key, ca = _certificate("the CA of the tests", None, None)
    for stem, common_name in (("", "127.0.0.1"), ("client", "rotation")):
        key, certificate = _certificate(common_name, ca_key, ca)
        _save(directory / ("cert.pem" if not stem else "client.pem"), certificate.public_bytes(Encoding.PEM))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _save(directory / ("key.pem" if not stem else "client-key.pem"), pem)
    _save(directory / "ca.pem", ca.public_bytes(Encoding.PEM))


def _save(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def _certificate(
    common_name: str, issuer_key: ec.EllipticCurvePrivateKey | None, issuer: x509.Certificate | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer_key or key
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if issuer is None:
        builder = builder.add_extension(_CA_USAGE, critical=True)
    else:
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = builder.add_extension(address, critical=False).add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return key, builder.sign(signer, hashes.SHA256())


_CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
