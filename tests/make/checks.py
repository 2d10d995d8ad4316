# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the project asks of its own files, beyond what any linter knows. Run in the tree to check: prints each finding."""

from __future__ import annotations

import ast
import pathlib
import re
import sys
import typing as t

from . import places, workspace

FORBIDDEN = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![\w.{}/])/" + "work/",
        r"(?<![\w.{}/])/" + "root/",
        r"(?<![\w.{}/])/" + "farm/",
        "/opt/" + "dev/",
        "py" + r"pi\.org",
        "python" + r"hosted\.org",
        "registry" + r"\.npmjs",
        r"deb\.debian" + r"\.org",
        "--index" + "-url",
        "extra-index" + "-url",
    )
)
"""Paths of one person's machine and hosts of package registries: users have their own."""

HEADED = (".py", ".yml", ".yaml", ".toml", ".ini", ".sh", ".j2")
HEADLESS = {"changelogs/changelog.yaml"}
"""Files that a tool writes anew and that cannot keep a header."""

LAYERS = {
    "terms": 0,
    "rendering": 1,
    "clients": 1,
    "trail": 2,
    "stores": 2,
    "issuers": 2,
    "announce": 2,
    "notify": 2,
    "lifecycle": 3,
    "consumer": 3,
    "entry": 4,
}
"""How high each folder of C(module_utils) stands; neighbours at one height do not know each other."""
PREFIX = f"ansible_collections.{places.NAMESPACE}.{places.NAME}.plugins.module_utils."
VENDORS = {"boto3", "botocore", "hvac", "psycopg", "requests"}


def main() -> int:
    """Print all findings; 1 when there are any."""
    names = workspace.sources()
    findings = [finding for check in (words, headers, requirements, layers, strays) for finding in check(names)]
    for finding in findings:
        print(finding)
    print(f"{len(names)} files looked at, {len(findings)} findings")
    return 1 if findings else 0


def _text(name: str) -> str:
    """The text of a file, empty for a link or a binary one."""
    path = places.ROOT / name
    content = b"" if path.is_symlink() else path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


def words(names: t.Iterable[str]) -> t.Iterator[str]:
    """No file names a place of one machine or the host of a package registry."""
    for name in names:
        for number, line in enumerate(_text(name).splitlines(), 1):
            for pattern in FORBIDDEN:
                if pattern.search(line):
                    yield f"{name}:{number}: forbidden word, matches {pattern.pattern}"


def headers(names: t.Iterable[str]) -> t.Iterator[str]:
    """Copyright and licence stand at the top of every file that can hold a comment."""
    for name in names:
        wanted = name.endswith(HEADED) and name not in HEADLESS
        if wanted and "SPDX-License-Identifier: GPL-3.0-or-later" not in "\n".join(_text(name).splitlines()[:6]):
            yield f"{name}:1: no licence header"


def requirements(names: t.Iterable[str]) -> t.Iterator[str]:
    """The collection's requirements are those of its execution environment."""
    del names
    ours, theirs = (_requirement_lines(name) for name in ("requirements.txt", "meta/ee-requirements.txt"))
    if ours != theirs or not ours:
        yield f"requirements.txt:1: differs from meta/ee-requirements.txt: {ours} and {theirs}"


def _requirement_lines(name: str) -> list[str]:
    return sorted(line for line in _text(name).splitlines() if line and not line.startswith("#"))


def layers(names: t.Iterable[str]) -> t.Iterator[str]:
    """Arrows only point down, the life cycle knows no vendor, and only clients import a vendor's library."""
    for name in names:
        if name.startswith("plugins/") and name.endswith(".py"):
            for number, module in _imports(ast.parse(_text(name), name)):
                problem = _layer_problem(name, module)
                if problem:
                    yield f"{name}:{number}: {problem}"


def _imports(tree: ast.AST) -> t.Iterator[tuple[int, str]]:
    """Line and full name of every import, C(from a import b) as C(a.b)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _layer_problem(name: str, module: str) -> str | None:
    own = _layer(name)
    if module.split(".")[0] in VENDORS:
        return None if own == "clients" else f"imports {module.split('.')[0]} outside of clients"
    if own is None or not module.startswith(PREFIX):
        return None
    other, rest = (module[len(PREFIX) :] + ".").split(".", 1)
    if own not in LAYERS or other not in LAYERS:
        return f"{own} or {other} is no layer that is known here"
    if other != own and LAYERS[other] >= LAYERS[own]:
        return f"{own} imports {other}, which does not stand below it"
    if own == "lifecycle" and other in ("issuers", "stores", "clients") and not rest.startswith("interface"):
        return f"lifecycle imports {other}.{rest[:-1]}: it may know the interfaces only"
    return None


def _layer(name: str) -> str | None:
    """The layer that a file of C(module_utils) is in."""
    parts = pathlib.PurePosixPath(name).parts
    return parts[2].split(".")[0] if parts[:2] == ("plugins", "module_utils") else None


def strays(names: t.Iterable[str]) -> t.Iterator[str]:
    """No empty package files, and nothing that switches a sanity test off."""
    for name in names:
        if name.endswith("/__init__.py"):
            yield f"{name}:1: a collection needs no __init__.py"
        if name.startswith("tests/sanity/ignore"):
            yield f"{name}:1: sanity tests are mended, not ignored"


if __name__ == "__main__":
    sys.exit(main())
