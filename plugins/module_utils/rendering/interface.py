# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file format can do. One class a format, in the files beside this one; all of them pure: text in, text out.

Called on the consumer host by the code that writes and inspects files. A *whole* format owns its file. A *shared* one
owns a section or a line of a file that others own too, and leaves every other byte alone.
"""

from __future__ import annotations

import abc
import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Place:
    """Which part of the file is ours, and the comment at the top of a file that is ours altogether."""

    title: str = ""
    section: str = ""
    host: str = "*"
    port: str = "*"
    database: str = "*"


class Format(abc.ABC):
    """See the module's docstring. Values are text; what cannot be written in the format is refused, never bent."""

    #: True where other people's lines live in the same file.
    SHARED: t.ClassVar[bool] = False
    #: The fields written where the entry names none: name in the file to the credential's field. None: all, as they are called.
    DEFAULT_FIELDS: t.ClassVar[t.Mapping[str, str] | None] = None

    @abc.abstractmethod
    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        """The whole new text of the file.

        :arg existing: its text now, empty if there is none.
        :arg is_ours: says whether a part, as P(parts) gives them, is what we wrote there last.
        :raises Rejected: a value, or the file as it is, does not allow it. The message holds no value.
        """

    @abc.abstractmethod
    def parts(self, existing: str, names: t.Sequence[str], place: Place) -> list[str]:
        """What may be our part of C(existing): to be compared with what we wrote. Empty: we are not in there."""

    def written(self, text: str, values: t.Mapping[str, str], place: Place) -> str:
        """The part of C(text), which P(render) made, that holds C(values)."""
        return self.parts(text, list(values), place)[0]


class WholeFile(Format):
    """A file that is ours altogether."""

    def parts(self, existing: str, names: t.Sequence[str], place: Place) -> list[str]:
        return [existing]
