# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a secret id has to live and how often it has to log in, held against what Vault grants. Called by the issuer."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration, parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected

_DAY = 86400


@dataclasses.dataclass(frozen=True)
class Limits:
    """What is asked for (C(ttl) in seconds, None: as the role says) and what is needed (seconds, logins a day or None)."""

    ttl: int | None
    num_uses: int | None
    uses_per_day: int | None
    rotate_after: int
    grace: int

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any], setting: Setting) -> Limits:
        """:raises ConfigurationError: a number below zero, or a lifetime that is too short whatever the role says."""
        ttl = options.get("ttl")
        seconds = None if ttl in (None, "") else parse_duration(str(ttl), "ttl")
        found = cls(seconds, options.get("num_uses"), options.get("uses_per_day"), setting.rotate_after, setting.grace)
        if (found.num_uses or 0) < 0 or (found.uses_per_day is not None and found.uses_per_day < 1):
            raise ConfigurationError("num_uses or uses_per_day is too small.", next_step="num_uses 0 is no limit.")
        problem = found.too_short(seconds or 0)
        if problem:
            raise ConfigurationError(
                f"{setting.credential}: ttl makes secret ids expire {problem}",
                next_step="make ttl larger, or rotate_after or grace smaller.",
            )
        return found

    @property
    def needed(self) -> int:
        """Seconds for which a secret id may be in use: until it is due, and as a previous one until grace is over."""
        return self.rotate_after + self.grace

    def asked(self) -> dict[str, t.Any]:
        """What to ask Vault for. What is not asked for is as the role says."""
        asked: dict[str, t.Any] = {} if self.ttl is None else {"ttl": f"{self.ttl}s"}
        return {**asked, **({} if self.num_uses is None else {"num_uses": self.num_uses})}

    def too_short(self, lifetime: int) -> str:
        """In words why C(lifetime) (seconds, 0: for ever) is too short, or an empty string."""
        if not lifetime or lifetime >= self.needed:
            return ""
        return (
            f"after {lifetime} s ({format_duration(lifetime)}), and one is needed for rotate_after {self.rotate_after} "
            f"+ grace {self.grace} = {self.needed} s ({format_duration(self.needed)})."
        )

    def check(self, role: t.Mapping[str, t.Any], identity: str) -> None:
        """Hold the role's own settings against what is needed.

        :raises Rejected: a secret id would expire, or could be used up, while somebody still needs it.
        """
        problem = self.too_short(int(role.get("secret_id_ttl") or 0)) if not self.ttl else ""
        if problem:
            raise Rejected(
                f"{identity}: its secret_id_ttl makes secret ids expire {problem}",
                next_step="raise secret_id_ttl of the role (0 is for ever), or make rotate_after or grace smaller.",
            )
        uses = int(role.get("secret_id_num_uses") or 0) if self.num_uses is None else self.num_uses
        if uses:
            self._check_uses(uses, identity)

    def _check_uses(self, uses: int, identity: str) -> None:
        span = format_duration(self.needed)
        if self.uses_per_day is None:
            raise Rejected(
                f"{identity}: a secret id has {uses} uses for rotate_after + grace = {span}, which is one login every "
                f"{format_duration(self.needed / uses)} for all consumers together. Nobody has said whether that is enough.",
                next_step="say with uses_per_day how often all consumers together log in; or set num_uses to 0 where the role "
                "allows it.",
            )
        wanted = math.ceil(self.uses_per_day * self.needed / _DAY)
        if wanted > uses:
            raise Rejected(
                f"{identity}: a secret id has {uses} uses, and {self.uses_per_day} a day for rotate_after + grace = {span} are "
                f"{wanted}. It would be used up after {format_duration(uses * _DAY / self.uses_per_day)}.",
                next_step=f"raise secret_id_num_uses of the role to {wanted} or more, or make rotate_after or grace smaller.",
            )
