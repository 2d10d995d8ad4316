# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which an agent logs in, on the real one."""

from __future__ import annotations

import base64
import json
import time
import typing as t
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.tests.real.agent_once import Once
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao

_VALUES = {"password": "of the login test"}
_ASKED: dict[str, tuple[str, t.Mapping[str, str], Place]] = {"file": ("raw", {"value": "password"}, Place())}


def test_in_a_namespace(openbao: OpenBao, tmp_path: Path) -> None:
    """Role, secret id and secret are nowhere else."""
    openbao.call("POST", "sys/namespaces/agents", {})
    openbao.call("POST", "sys/mounts/kv1", {"type": "kv", "options": {"version": "1"}}, namespace="agents")
    once = Once(openbao, tmp_path, _VALUES, mount="kv1", namespace="agents")
    assert once.render(_ASKED) == {"file": _VALUES["password"]}


def test_the_secret_id_is_taken_away_where_that_is_asked_for(openbao: OpenBao, tmp_path: Path) -> None:
    once = Once(openbao, tmp_path, _VALUES)
    once.render(_ASKED)
    assert (tmp_path / "secret_id").exists()
    once.options["remove_secret_id_file_after_reading"] = True
    assert once.render(_ASKED) == {"file": _VALUES["password"]}
    assert not (tmp_path / "secret_id").exists()


def test_with_a_jwt(openbao: OpenBao, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    openbao.enable_auth("jwt")
    openbao.call("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [public]})
    role = {"role_type": "jwt", "bound_audiences": ["bao"], "user_claim": "sub", "token_policies": ["hostile"]}
    openbao.call("POST", "auth/jwt/role/web", role)
    once = Once(openbao, tmp_path, _VALUES)
    once.options.update(auth_method="jwt", role="web", jwt_file=str(tmp_path / "jwt"))
    (tmp_path / "jwt").write_text(_signed(key, {"sub": "web1", "aud": "bao", "exp": int(time.time()) + 60}))
    assert once.render(_ASKED) == {"file": _VALUES["password"]}
    assert (tmp_path / "jwt").exists()


def _signed(key: ec.EllipticCurvePrivateKey, claims: t.Mapping[str, t.Any]) -> str:
    """A JWT, after RFC 7515 with ES256."""
    text = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "ES256", "typ": "JWT"}, claims))
    numbers = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{_encoded(b''.join(number.to_bytes(32, 'big') for number in numbers))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
