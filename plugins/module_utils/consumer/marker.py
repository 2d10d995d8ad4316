# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers about a credential that it was given: fingerprints, times and a digest, never a value.

One small file an entry in the state directory. C(deployed) is the version in the file; C(running) the version that the
service was last restarted or reloaded for *and* was healthy on. A run that dies between the two leaves them unequal, and
the next run restarts. C(digest) is salted and stretched: it shows that a file was edited or restored, and gives nobody a
quick way to test guesses of a weak password.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import os
import stat

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import files
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_ROUNDS = 20000
_SCHEMA = 1
STAGED = "staged-"


@dataclasses.dataclass(frozen=True)
class Marker:
    """See the module's docstring. Times are ISO 8601 in UTC."""

    credential: str = ""
    dest: str = ""
    deployed: str = ""
    running: str = ""
    shape: str = ""
    salt: str = ""
    digest: str = ""
    deployed_at: str = ""
    running_at: str = ""

    def knows(self, part: str) -> bool:
        """Whether C(part) of a file is what was written there."""
        return bool(self.digest) and hmac.compare_digest(self.digest, _digest(part, self.salt))

    def holding(self, part: str) -> Marker:
        """This marker for a file whose part is C(part)."""
        salt = os.urandom(16).hex()
        return dataclasses.replace(self, salt=salt, digest=_digest(part, salt))


def state_directory(wanted: str | None) -> str:
    """Where markers and staged values are: for root C(/var/lib/locksmith), for others C(~/.local/state/locksmith).

    :raises Rejected: it exists and somebody else may write in it.
    """
    default = "/var/lib/locksmith" if os.geteuid() == 0 else "~/.local/state/locksmith"
    directory = os.path.normpath(os.path.expanduser(wanted or default))
    try:
        found = os.lstat(directory)
    except OSError:
        return directory
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise Rejected(
            f"{directory} is not a directory that only the user of this task may write.",
            next_step="give it to that user with mode 0700, or name another consumer_state_dir.",
        )
    return directory


def load(directory: str, identity: str) -> Marker:
    """The marker of an entry; an empty one if there is none or it is damaged, which leads to one deployment too many."""
    try:
        with open(_path(directory, identity), encoding="utf-8") as file:
            found = json.load(file)
        names = {field.name for field in dataclasses.fields(Marker)}
        if found.pop("schema") != _SCHEMA or not all(isinstance(value, str) for value in found.values()):
            return Marker()
        bytes.fromhex(found.get("salt", ""))
        return Marker(**{name: value for name, value in found.items() if name in names})
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return Marker()


def save(module: files.SelinuxModule, directory: str, identity: str, marker: Marker) -> None:
    """Write the marker, atomically."""
    text = json.dumps({"schema": _SCHEMA, **dataclasses.asdict(marker)}, indent=2, sort_keys=True) + "\n"
    files.replace(module, _path(directory, identity), text, files.Attributes(0o600))


def own(path: str, directory: str) -> bool:
    """Whether C(path) is a staged file of this state directory."""
    return os.path.dirname(path) == directory and os.path.basename(path).startswith(STAGED)


def _path(directory: str, identity: str) -> str:
    return os.path.join(directory, identity + ".json")


def _digest(part: str, salt: str) -> str:
    data = part.encode("utf-8", "surrogateescape")
    return hashlib.pbkdf2_hmac("sha256", data, bytes.fromhex(salt), _ROUNDS).hex()
