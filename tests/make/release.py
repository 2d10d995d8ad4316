# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make changelog): writes the release of galaxy.yml's version into the changelog, with the plugins and roles of today."""

from __future__ import annotations

import shutil
import subprocess

from . import gates, places


def write(here: gates.Bench) -> int:
    """Let antsibull-changelog work in the copy, and bring what it wrote back into the checkout; its exit code."""
    antsibull = here.venv.program("antsibull-changelog")
    command = [antsibull, "release", "--update-existing", "--cummulative-release", "--refresh", "--reload-plugins"]
    done = subprocess.run(command, cwd=here.tree, env=here.env(), stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        for name in ("CHANGELOG.md", "changelogs/changelog.yaml"):
            shutil.copyfile(str(here.tree / name), str(places.ROOT / name))
        _drop_used_fragments(here)
    return done.returncode


def _drop_used_fragments(here: gates.Bench) -> None:
    """A released fragment's text is in changelog.yaml now."""
    fragments = here.tree / "changelogs" / "fragments"
    for path in (places.ROOT / "changelogs" / "fragments").glob("*.y*ml"):
        if not (fragments / path.name).exists():
            path.unlink()
