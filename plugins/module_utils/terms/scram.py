# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCRAM-SHA-256 verifiers (RFC 5803), which PostgreSQL and PgBouncer keep instead of passwords.

PgBouncer can log in at the server with a verifier only if the server has the same one, salt and all. So the salt of a password
that we made is derived from the password and the role: whoever holds the password computes the same verifier, on any machine,
and nobody has to carry one from the server to PgBouncer. Called by the PostgreSQL client and by the userlist format.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata

#: As libpq and the server do it unless told otherwise.
ITERATIONS = 4096
_SALT_BYTES = 16
_VERIFIER = re.compile(
    r"SCRAM-SHA-256\$(?P<iterations>\d{1,7}):(?P<salt>[A-Za-z0-9+/=]+)\$(?P<stored>[A-Za-z0-9+/]{43}=):(?P<server>[A-Za-z0-9+/]{43}=)"
)
#: What P(generate_password) makes, at the shortest length that is allowed for roles.
_RANDOM = re.compile(r"[A-Za-z0-9]{20,}")


def derived_verifier(role: str, password: str) -> str | None:
    """The verifier of a random password; None for any that people may have made.

    The salt costs whoever guesses as much as the verifier itself. It is no more predictable than the password, which for
    a password made by people would be too little: somebody could compute verifiers of likely passwords in advance.
    """
    if not _RANDOM.fullmatch(password):
        return None
    label = b"locksmith.rotation verifier of " + role.encode("utf-8")
    salt = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), label, ITERATIONS)[:_SALT_BYTES]
    return _verifier(password.encode("ascii"), salt, ITERATIONS)


def is_verifier(text: str) -> bool:
    """Whether C(text) is a verifier. PostgreSQL takes anything that is not quite one for a password in the clear."""
    return _VERIFIER.fullmatch(text) is not None


def is_verifier_of(text: str, password: str) -> bool:
    """Whether C(text) is a verifier of C(password), whoever made it and with whatever salt."""
    found = _VERIFIER.fullmatch(text)
    if found is None:
        return False
    try:
        salt = base64.b64decode(found["salt"], validate=True)
    except ValueError:
        return False
    # Of SASLprep the step that changes anything in passwords of people.
    prepared = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogateescape")
    return hmac.compare_digest(_verifier(prepared, salt, int(found["iterations"])).encode(), text.encode())


def _verifier(password: bytes, salt: bytes, iterations: int) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, max(1, iterations))
    stored = hashlib.sha256(hmac.new(salted, b"Client Key", hashlib.sha256).digest()).digest()
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    parts = [base64.b64encode(part).decode("ascii") for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{parts[0]}${parts[1]}:{parts[2]}"
