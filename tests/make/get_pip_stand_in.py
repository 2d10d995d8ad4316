# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the script that ansible-test downloads to put pip into an environment: installs from a wheel beside it.

The file's own name says which pip is wanted: C(get_pip_25_2.py) uses C(pip-25.2-py3-none-any.whl).
"""

from __future__ import annotations

import os
import runpy
import sys

HERE, NAME = os.path.split(os.path.abspath(__file__))
VERSION = os.path.splitext(NAME)[0][len("get_pip_") :].replace("_", ".")


def main() -> None:
    """Run the wheel's pip with the caller's arguments, less the two that only the real script knows."""
    sys.path.insert(0, os.path.join(HERE, f"pip-{VERSION}-py3-none-any.whl"))
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
    sys.argv = ["pip", "install", *arguments]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
