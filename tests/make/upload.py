# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a built archive as Galaxy would at an upload: its list of files, then Galaxy's importer, with no warning allowed.

Called as C(python -m tests.make.upload IMPORTERS_PYTHON ARCHIVE).
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import tarfile
import typing as t

NEEDED = ("MANIFEST.json", "README.md", "LICENSE", "CHANGELOG.md", "requirements.txt", "meta/runtime.yml")
UNWANTED = re.compile(r"(^|/)(\.git|\.cache|\.ci|\.ansible|__pycache__|output)(/|$)|\.pyc$|\.tar\.gz$")

LAYOUT = re.compile(r"^WARNING: \S+ (E203|E704|W503|W504) ")
"""The importer's flake8 turns on layout rules that flake8 itself leaves off, and that our formatter decides otherwise."""


def problems(names: t.Sequence[str]) -> list[str]:
    """What is missing in the archive, and what is in it by mistake."""
    missing = [f"not in the archive: {name}" for name in NEEDED if name not in names]
    return missing + [f"should not be in the archive: {name}" for name in names if UNWANTED.search(name)]


def main(python: str, archive: pathlib.Path) -> int:
    """Print what is wrong; 1 when anything is."""
    with tarfile.open(str(archive)) as opened:
        found = problems(opened.getnames())
    command = [python, "-m", "galaxy_importer.main", str(archive)]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=archive.parent,
        check=False,
    )
    print(done.stdout)
    found += [line for line in done.stdout.splitlines() if line.startswith(("WARNING:", "ERROR:")) and not LAYOUT.match(line)]
    found += [f"the importer ended with {done.returncode}"] if done.returncode else []
    for line in found:
        print(f"galaxy: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
