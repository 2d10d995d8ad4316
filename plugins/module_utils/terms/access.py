# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an issuer or a store is asked, and the least that the asking identity has to be allowed. Told by issuers and stores."""

from __future__ import annotations

import dataclasses
import json
import typing as t

#: What takes a policy of AWS, for people.
AWS_RIGHTS = "AWS IAM, for the identity that rotates"


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A server that is asked: C(https://host:port), C(http://…), or C(postgresql://host:port). C(ca_path): the CA that it is trusted by."""

    url: str
    ca_path: str | None = None
    validate_certs: bool = True

    @classmethod
    def of(cls, origin: str, options: t.Mapping[str, t.Any]) -> Endpoint:
        """Of an HTTP API, with a module's options of the usual names."""
        return cls(origin, options.get("ca_path"), options.get("validate_certs") is not False)


@dataclasses.dataclass(frozen=True)
class LeastRights:
    """A policy to paste. C(where): what takes it, for people. C(language): C(json), C(hcl), C(sql) or C(text).

    The pages of the documentation show what this gives for their examples, and tests hold the two together.
    """

    where: str
    language: str
    text: str


def iam_policy(*statements: tuple[str, t.Sequence[str], str | t.Sequence[str]]) -> str:
    """An AWS policy document of (C(Sid), actions, resources)."""
    written = [
        {"Sid": sid, "Effect": "Allow", "Action": list(actions) if len(actions) > 1 else actions[0], "Resource": resource}
        for sid, actions, resource in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": written}, indent=2)


def vault_rights(host: str, rights: t.Mapping[str, t.Sequence[str]]) -> LeastRights:
    """A policy of Vault or OpenBao, of API paths and capabilities."""
    widest = max((len(path) for path in rights), default=0)
    lines = []
    for path, capabilities in rights.items():
        named = ", ".join(f'"{capability}"' for capability in capabilities)
        lines.append(f'path "{path}"{" " * (widest - len(path))} {{ capabilities = [{named}] }}')
    return LeastRights(f"Vault at {host}, for the login that rotates", "hcl", "\n".join(lines))


def key_arn(key_id: str) -> str:
    """KMS takes ids and aliases in requests, and nothing but ARNs in policies."""
    return key_id if key_id.startswith("arn:") else f"the ARN of {key_id}"
