# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit's XML, for the test report of a CI: a test case for each credential. Pure."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import FAILING, TROUBLES, Standing
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import visible

_SUITE = "locksmith.rotation"


def render_junit(all_of_them: t.Sequence[Standing], now: float, fail_on: t.Sequence[str] = ()) -> str:
    """The whole file.

    :arg fail_on: which kinds of trouble are failures; all of them if empty.
    """
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(suites, "testsuite", name=_SUITE, timestamp=(to_iso(now) or "")[:-1], time="0")
    for one in all_of_them:
        _case(suite, one, fail_on or TROUBLES)
    for node in (suite, suites):
        node.set("tests", str(len(all_of_them)))
        node.set("failures", str(len(suite.findall("testcase[failure]"))))
        node.set("errors", str(len(suite.findall("testcase[error]"))))
        node.set("skipped", "0")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, one: Standing, fail_on: t.Container[str]) -> None:
    """A credential that this run could not read is an error, whatever counts as a failure."""
    case = ElementTree.SubElement(
        suite, "testcase", classname=f"{_SUITE}.{visible(one.kind) or 'unknown'}", name=visible(one.name), time="0"
    )
    for trouble in one.troubles:
        unreadable = trouble.kind == FAILING and one.state == "failed"
        if unreadable or trouble.kind in fail_on:
            detail = visible(trouble.detail)
            found = ElementTree.SubElement(
                case, "error" if unreadable else "failure", type=trouble.kind, message=f"{trouble.kind} {detail}"
            )
            found.text = visible(one.text("next_step")) or detail
    ElementTree.SubElement(case, "system-out").text = _facts(one)


def _facts(one: Standing) -> str:
    """For whoever opens the case."""
    lines = [f"state: {one.state}", f"version: {one.text('version') or '-'} ({visible(one.text('id')) or '-'})"]
    if one.age is not None:
        lines.append(f"age: {format_duration(one.age)}")
    if one.due_in is not None:
        lines.append(f"due: {one.text('due_at')}")
    if one.exempt_until is not None:
        lines.append(f"exempt until {to_iso(one.exempt_until)}: {visible(one.exempt_reason)}")
    return "\n".join([*lines, *(f"waits for {visible(line)}" for line in one.waiting)])
