# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check of the gate finds what it is there for, and nothing in a clean tree."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.make import checks, places

MODULE_UTILS = "plugins/module_utils"
Check = t.Callable[[t.Iterable[str]], t.Iterator[str]]


@pytest.fixture
def find(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[Check, t.Mapping[str, str]], list[str]]:
    """Lay the files given into an empty tree, and return what the check says of them."""

    def find(check: Check, files: t.Mapping[str, str]) -> list[str]:
        monkeypatch.setattr(places, "ROOT", tmp_path)
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return list(check(sorted(files)))

    return find


Find = t.Callable[[Check, t.Mapping[str, str]], t.List[str]]


@pytest.mark.parametrize("word", ["/ro" + "ot/x", "see https://py" + "pi.org/simple", "cd /wo" + "rk/here", "--index" + "-url=x"])
def test_a_word_of_one_machine_is_found_with_its_line(find: Find, word: str) -> None:
    (finding,) = find(checks.words, {"README.md": f"fine\n{word}\n"})
    assert finding.startswith("README.md:2: forbidden word")


def test_a_path_inside_another_is_no_word_of_a_machine(find: Find) -> None:
    assert not find(checks.words, {"README.md": "srv/work/data, {{ base }}/root/, the package index\n"})


def test_a_file_without_licence_header_is_found(find: Find) -> None:
    licensed = "# SPDX-License-Identifier: GPL-3.0-or-later\n"
    assert find(checks.headers, {"a.py": "x = 1\n", "b.py": licensed, "c.md": "text\n"}) == ["a.py:1: no licence header"]


@pytest.mark.parametrize(("ours", "theirs", "findings"), [("a\n", "# c\na\n", 0), ("a\n", "a\nb\n", 1), ("", "", 1)])
def test_the_two_requirement_lists_must_say_the_same(find: Find, ours: str, theirs: str, findings: int) -> None:
    assert len(find(checks.requirements, {"requirements.txt": ours, "meta/ee-requirements.txt": theirs})) == findings


@pytest.mark.parametrize(
    ("layer", "statement", "problem"),
    [
        ("terms", "from {0}clients.http import X", "terms imports clients"),
        ("issuers", "from {0}stores.interface import X", "issuers imports stores"),
        ("issuers", "from {0}terms.errors import X", None),
        ("lifecycle", "from {0}issuers.interface import X", None),
        ("lifecycle", "from {0}issuers.iam import X", "lifecycle imports issuers.iam"),
        ("issuers", "import boto3", "imports boto3 outside of clients"),
        ("clients", "import boto3", None),
        ("elsewhere", "from {0}terms.errors import X", "no layer that is known here"),
    ],
)
def test_arrows_only_point_down(find: Find, layer: str, statement: str, problem: str | None) -> None:
    findings = find(checks.layers, {f"{MODULE_UTILS}/{layer}/thing.py": statement.format(checks.PREFIX)})
    assert len(findings) == (0 if problem is None else 1)
    assert problem is None or problem in findings[0]


def test_a_package_file_and_an_ignored_sanity_test_are_found(find: Find) -> None:
    assert len(find(checks.strays, {"plugins/__init__.py": "", "tests/sanity/ignore-2.21.txt": "", "README.md": ""})) == 2
