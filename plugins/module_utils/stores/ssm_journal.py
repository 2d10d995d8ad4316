# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal in SSM Parameter Store: one parameter a revision, so that creating it is the compare-and-set.

SSM overwrites unconditionally, but creates exclusively: PutParameter without C(Overwrite) answers ParameterAlreadyExists.
Revision 8 therefore is the parameter C(…/journal/00000008); of two runs that both saw 7, one creates it. Old
revisions are deleted, so a run that was suspended for long could create a number that has been used and deleted:
every write is read back, and only a revision that is the newest counts. Called by the SSM store only.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import typing as t
import zlib

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Journalled
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.revisions import superfluous
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors

#: Bytes of a value, by tier: PutParameter's API reference.
STANDARD_LIMIT = 4096
ADVANCED_LIMIT = 8192
#: Requests in all. AWS allows an account only a few PutParameter calls a second, so a busy run is throttled often.
WRITE_ATTEMPTS = 8
#: A longer text is compressed. Bytes.
_COMPRESS_ABOVE = 4000
#: Parameters that one answer lists, and that one request deletes.
_PAGE = 10


class SsmJournal:
    """A credential's journal under one path. C(options): values of the store's options."""

    def __init__(self, options: t.Mapping[str, t.Any], path: str) -> None:
        self._options = options
        self.path = path
        self._is_new = True

    def read(self) -> Journalled | None:
        """The newest revision; one GetParametersByPath."""
        revisions = self._revisions()
        self._is_new = not revisions
        if not revisions:
            return None
        newest = max(revisions)
        return Journalled(self._decode(revisions[newest]), str(newest))

    def write(self, text: str, expected: str | None) -> str:
        """Create the revision after C(expected), and read back that it is the newest; see P(Store.write_journal)."""
        revision = int(expected or 0) + 1
        value = _encode(text)
        created = self._create(revision, value)
        revisions = self._revisions()
        newest = max(revisions, default=0)
        # AWS may have been asked twice, after a lost answer: then the revision existed already, and holds our very value.
        # A list that does not show yet what was just created is late, and no sign of anybody else.
        ours = revisions.get(revision) == value if newest == revision else created and newest < revision
        if not ours:
            if created:
                self._delete([revision])
            raise errors.Conflict(
                f"the journal {self.path} in SSM is no longer at revision {expected or 'none'}.",
                next_step="another run works on this credential; the next run reads what it did.",
            )
        old = superfluous(sorted(revisions))
        if old:
            self._delete(old[:_PAGE])
        return str(revision)

    def check_deletable(self) -> None:
        """Whether old revisions could be deleted: asks to delete revision 0, which there never is. A journal that has been
        read is not asked about again: without the right it grows, and every run reads a page more.

        :raises Denied: no right to.
        """
        if not self._is_new:
            return
        with aws.aws_errors("ssm", f"delete old revisions of the journal {self.path}"):
            self._client().delete_parameters(Names=[self._name(0)])

    def _client(self, attempts: int = aws.MAX_ATTEMPTS) -> t.Any:
        return aws.client("ssm", self._options, attempts)

    def _name(self, revision: int) -> str:
        return f"{self.path}/{revision:08d}"

    def _create(self, revision: int, value: str) -> bool:
        """Whether the revision was created; False if there is one."""
        request = {
            "Name": self._name(revision),
            "Value": value,
            "Type": "SecureString",
            "Overwrite": False,
            "Tier": self._tier(value),
            "Description": "A revision of a locksmith.rotation journal. Do not edit.",
        }
        if self._options.get("key_id"):
            request["KeyId"] = self._options["key_id"]
        try:
            with aws.aws_errors("ssm", f"create the parameter {request['Name']}", {"ParameterAlreadyExists": errors.Conflict}):
                self._client(WRITE_ATTEMPTS).put_parameter(**request)
        except errors.Conflict:
            return False
        return True

    def _tier(self, value: str) -> str:
        size = len(value.encode("utf-8"))
        if size <= STANDARD_LIMIT:
            return "Standard"
        if self._options.get("tier") in ("Advanced", "Intelligent-Tiering") and size <= ADVANCED_LIMIT:
            return "Advanced"
        raise errors.QuotaExceeded(
            f"the journal {self.path} is {size} bytes long even compressed, and an SSM parameter of the tier chosen holds less.",
            next_step="set the store's tier to Advanced (8192 bytes), shorten the credential's fields, or use another store.",
        )

    def _revisions(self) -> dict[int, str]:
        """Revision to undecoded value."""
        found: dict[int, str] = {}
        request: dict[str, t.Any] = {"Path": self.path, "WithDecryption": True, "Recursive": False, "MaxResults": _PAGE}
        while True:
            with aws.aws_errors("ssm", f"read the journal {self.path}"):
                answer = self._client().get_parameters_by_path(**request)
            for parameter in answer["Parameters"]:
                last = parameter["Name"].rpartition("/")[2]
                if last.isdecimal():
                    found[int(last)] = parameter["Value"]
            if not answer.get("NextToken"):
                return found
            request["NextToken"] = answer["NextToken"]

    def _delete(self, revisions: t.Sequence[int]) -> None:
        """Best effort: what is left is deleted after a later write."""
        with contextlib.suppress(errors.ExternalError), aws.aws_errors("ssm", "delete old revisions of a journal"):
            self._client().delete_parameters(Names=[self._name(revision) for revision in revisions])

    def _decode(self, value: str) -> str:
        head, dummy, body = value.partition(" ")
        try:
            return zlib.decompress(base64.b64decode(body, validate=True)).decode("utf-8") if head.startswith("z") else body
        except (ValueError, zlib.error):
            raise errors.JournalError(
                f"the newest revision of the journal {self.path} in SSM cannot be decoded.",
                next_step="somebody edited it: delete that one parameter to go back to the revision before.",
            ) from None


def _encode(text: str) -> str:
    """The text with a head that makes every write different, so that ours can be told from an equal one of somebody else's.

    Compressed where that is needed: a long one, and one with C({{), which SSM takes for a reference and refuses.
    """
    nonce = secrets.token_hex(8)
    if len(text.encode("utf-8")) <= _COMPRESS_ABOVE and "{{" not in text:
        return f"p{nonce} {text}"
    return f"z{nonce} {base64.b64encode(zlib.compress(text.encode('utf-8'), 9)).decode('ascii')}"
