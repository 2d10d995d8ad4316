# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential's value: the one type in which secrets travel, built so that they do not show by accident.

Called by issuers (which make values), stores (which keep them) and the engine (which hands them from one to the other).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import string
import typing as t
from urllib.parse import quote

try:
    from ansible.module_utils.secrets import register_secret as _register
except ImportError:  # ansible-core before 2.22 has no masking
    _register = None

_FINGERPRINT_ROUNDS = 20000
#: Shorter values are not registered for masking: a short word masked everywhere corrupts output more than it protects.
_SHORTEST_MASKED = 8


class SecretFields(t.Mapping[str, str]):
    """An immutable mapping of field name to value, for example C({"username": …, "password": …}).

    C(repr), C(str) and tracebacks show the field names only.
    """

    def __init__(self, fields: t.Mapping[str, str]) -> None:
        self._fields = {str(name): str(value) for name, value in fields.items()}
        self._fingerprint = ""

    def __getitem__(self, name: str) -> str:
        return self._fields[name]

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return "SecretFields(" + ", ".join(sorted(self._fields)) + ")"

    def reveal(self) -> dict[str, str]:
        """A plain copy, for the last step before a value leaves for a store or a server."""
        return dict(self._fields)

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that name this value without giving it away.

        A stretched and truncated hash: the same value has the same fingerprint on every machine, and even
        a weak human-made value costs an attacker 20,000 rounds a guess and leaves many candidates.
        """
        if not self._fingerprint:
            canonical = json.dumps(self._fields, sort_keys=True, ensure_ascii=True).encode("ascii")
            self._fingerprint = hashlib.pbkdf2_hmac("sha256", canonical, b"locksmith.rotation", _FINGERPRINT_ROUNDS).hex()[:12]
        return self._fingerprint

    def register(self, public: t.Container[str] = ()) -> SecretFields:
        """Have ansible-core 2.22 and later mask these values in all output; nothing on earlier versions.

        :arg public: names of fields that are no secret (a user name, a key id).
        """
        for name, value in self._fields.items():
            if name not in public:
                register_secret(value)
        return self


def register_secret(value: str) -> None:
    """Register one value, and its base64 and URL-encoded forms, with ansible-core's masking (2.22 and later)."""
    if _register is None or len(value) < _SHORTEST_MASKED:
        return
    for form in (value, base64.b64encode(value.encode("utf-8")).decode("ascii"), quote(value, safe="")):
        _register(form)


def generate_password(length: int = 40) -> str:
    """A random password of letters and digits: safe in URLs, shells, INI files and SASLprep alike.

    :arg length: characters; 40 carry 238 bits.
    """
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for dummy in range(length))
