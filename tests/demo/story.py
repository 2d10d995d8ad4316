# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo tells: adopt and create, wait until due, rotate under load, wait for grace, retire, and find nothing to do."""

from __future__ import annotations

import contextlib
import time
import typing as t
from pathlib import Path

import yaml

from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import render
from ansible_collections.locksmith.rotation.tests.demo import playbooks
from ansible_collections.locksmith.rotation.tests.demo.hosts import SERVICES
from ansible_collections.locksmith.rotation.tests.demo.layout import CREDENTIALS, Layout
from ansible_collections.locksmith.rotation.tests.demo.lookers import Looker, Systems, Values, Visitor, make_probers
from ansible_collections.locksmith.rotation.tests.demo.playbooks import Report
from ansible_collections.locksmith.rotation.tests.demo.screen import Screen, shorten
from ansible_collections.locksmith.rotation.tests.demo.services.counter import read_counts

ADOPTED = ("orders-db", "billing-db", "deployer")
#: It has one password, so whoever connects between its change and the restart is refused.
WITHOUT_OVERLAP = "billing-db"
STORES = {
    "orders-db": "vault",
    "billing-db": "vault",
    "deployer": "ssm",
    "backup": "secretsmanager",
    "dashboards": "vault",
    "telemetry": "vault",
    "exporter": "secretsmanager",
}
#: From then on nothing is to come due any more, so that the last run has nothing to do.
LONG_INTERVAL = ("-e", "credential_rotate_after=1h")
Counts = t.Dict[str, t.Tuple[int, int]]


class Story:
    """The acts, in order. Checks go to the screen, which counts those that fail."""

    def __init__(self, layout: Layout, screen: Screen) -> None:
        self._layout = layout
        self._screen = screen
        self._systems = Systems(layout)
        self._probers = make_probers(layout, self._systems)
        self._visitor = Visitor(layout.read_state()["ports"])

    def tell(self) -> None:
        """The whole of it."""
        with contextlib.ExitStack() as stack:
            first = self._begin(stack)
            self._wait_until_due(first)
            before = self._counts()
            second = self._run("rotate", "Rotate what is due, while everything is in use")
            during = _difference(self._counts(), before)
            self._check_rotation(first, second)
            self._close_table(first, second, during)
            self._check_grace()
            self._retire()
            self._check_end()

    # ---- the acts -------------------------------------------------------------------------------------------------

    def _begin(self, stack: contextlib.ExitStack) -> Report:
        for credential in ADOPTED:
            self._watch(stack, self._probers[credential])
        self._watch(stack, self._visitor)
        first = self._run("rotate", "Take over what is in use already, create what is missing")
        done = first.column("DONE")
        adopted = [credential for credential in CREDENTIALS if "adopted" in done.get(credential, "")]
        created = [credential for credential in CREDENTIALS if "created" in done.get(credential, "")]
        self._check(adopted == list(ADOPTED), f"adopted as they are: {', '.join(adopted)}")
        self._check(len(adopted) + len(created) == len(CREDENTIALS), f"created: {', '.join(created)}")
        lost = self._lost(ADOPTED)
        self._check(lost == 0, "no login with an adopted credential failed meanwhile", f"{lost} did")
        for credential in set(CREDENTIALS) - set(ADOPTED):
            self._watch(stack, self._probers[credential])
        self._check_services()
        return first

    def _wait_until_due(self, first: Report) -> None:
        self._screen.title(f"Wait until everything is due (rotate_after: {self._policy()['credential_rotate_after']})")
        left = max(map(playbooks.seconds_until_due, first.column("DUE IN").values()), default=0)
        self._sleep(max(left - first.seconds / 2, 2))
        status = playbooks.run(self._layout, self._screen, "status")
        while status.rows and not all(cell.startswith("overdue") for cell in status.column("DUE IN").values()):
            self._sleep(max(map(playbooks.seconds_until_due, status.column("DUE IN").values())) + 1)
            status = playbooks.run(self._layout, self._screen, "status")
        self._check(status.status == 0 and len(status.rows) == len(CREDENTIALS), "the journals say: all of them are overdue")

    def _check_rotation(self, first: Report, second: Report) -> None:
        new = [name for name, row in second.rows.items() if "rotated" in row["DONE"] and row["ID"] != first.rows[name]["ID"]]
        self._check(len(new) == len(CREDENTIALS), f"all {len(CREDENTIALS)} rotated", f"only {', '.join(new) or 'none'}")
        proved = [name for name, cell in second.column("HOSTS").items() if _all_of(cell)]
        only = f"only of {', '.join(proved) or 'none'}"
        self._check(len(proved) == len(CREDENTIALS), "every host has proved every new version", only)
        self._check_services()

    def _close_table(self, first: Report, second: Report, during: Counts) -> None:
        self._screen.title("What the rotation cost those who use the credentials")
        headings = ("CREDENTIAL", "ISSUER", "STORE", "OLD ID", "NEW ID", "HOSTS PROVED", "SERVED", "FAILED")
        rows = [self._closing_row(name, first, second, during[name]) for name in CREDENTIALS]
        self._screen.show("\n".join(render(headings, rows)))
        self._screen.show("Served, failed: logins by the services and by an independent prober during that run.", "dim")
        self._check_cost(during)

    def _check_cost(self, during: Counts) -> None:
        for name in CREDENTIALS:
            served, failed = during[name]
            if name == WITHOUT_OVERLAP:
                self._check(
                    served > 0, f"{name}: one password (single_user), so {failed} of {served + failed} logins failed in its gap"
                )
            else:
                self._check(served > 0 and failed == 0, f"{name}: none of {served} logins failed", f"{failed} did")
        served, failed = during["visitors"]
        self._check(served > 0 and failed == 0, f"the web service: none of {served} visits failed", f"{failed} did")

    def _closing_row(self, name: str, first: Report, second: Report, counts: tuple[int, int]) -> list[str]:
        old, new = first.rows.get(name, {}), second.rows.get(name, {})
        ids = [shorten(row.get("ID", "-")) for row in (old, new)]
        return [name, new.get("KIND", "-"), STORES[name], *ids, new.get("HOSTS", "-"), *map(str, counts)]

    def _check_grace(self) -> None:
        policy = self._policy()
        self._screen.title(f"Grace: the old versions still work (grace: {policy['credential_grace']})")
        for name in CREDENTIALS:
            works = self._systems.logs_in(self._old(name))
            if name == WITHOUT_OVERLAP:
                self._check(not works, f"{name}: the old password died when the new one was set")
            else:
                self._check(works, f"{name}: the old version still logs in, so rolling back is possible")

    def _retire(self) -> None:
        self._sleep(playbooks.seconds_until_due(self._policy()["credential_grace"]) + 1)
        third = self._run("rotate", "Grace is over: retire the old versions", *LONG_INTERVAL)
        done = third.column("DONE")
        for name in ("orders-db", "deployer", "backup"):
            self._check("disabled" in done.get(name, ""), f"{name}: the old version is disabled")
        self._sleep(playbooks.seconds_until_due(self._policy()["credential_recovery_wait"]) + 1)
        fourth = self._run("rotate", "And delete what was disabled", *LONG_INTERVAL)
        gone = [name for name in CREDENTIALS if "deleted" in done.get(name, "") + fourth.column("DONE").get(name, "")]
        self._check(len(gone) == len(CREDENTIALS), "every old version is deleted", f"only of {', '.join(gone) or 'none'}")
        fifth = self._run("rotate", "Once more: there is nothing to do", *LONG_INTERVAL)
        self._check(fifth.recap["changed"] == 0, "changed=0", f"changed={fifth.recap['changed']}")

    def _check_end(self) -> None:
        self._screen.title("In the end")
        for name in CREDENTIALS:
            old, new = self._systems.logs_in(self._old(name)), self._systems.logs_in(self._probers[name].seen[-1])
            self._check(new and not old, f"{name}: the new version logs in, the old one is refused", f"new {new}, old {old}")
        lost = self._lost(name for name in CREDENTIALS if name != WITHOUT_OVERLAP)
        self._check(lost == 0, "no login with a credential that overlaps failed at any time", f"{lost} did")
        self._check_services()
        leaks = self._leaks()
        self._check(not leaks, "no value of any of them is in any log", ", ".join(leaks))

    # ---- helpers --------------------------------------------------------------------------------------------------

    def _check(self, holds: bool, what: str, otherwise: str = "") -> None:
        self._screen.check(holds, what, otherwise)

    def _run(self, name: str, title: str, *arguments: str) -> Report:
        self._screen.title(title)
        report = playbooks.run(self._layout, self._screen, name, *arguments)
        self._check(report.status == 0, f"{name} succeeded", f"exit status {report.status}")
        return report

    def _watch(self, stack: contextlib.ExitStack, looker: Looker) -> None:
        looker.start()
        stack.callback(looker.stop)

    def _sleep(self, seconds: float) -> None:
        """Real time, with signs of life."""
        self._screen.show(f"(waiting {seconds:.0f} s)", "dim")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(1, max(0, end - time.monotonic())))

    def _policy(self) -> dict[str, str]:
        path = self._layout.inventory / "group_vars" / "credentials.yml"
        found: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return found

    def _old(self, name: str) -> Values:
        """The version before the current one."""
        seen = self._probers[name].seen
        return seen[-2] if len(seen) > 1 else {}

    def _lost(self, names: t.Iterable[str]) -> int:
        counts = self._counts()
        return sum(counts[name][1] for name in names)

    def _counts(self) -> Counts:
        """Served and failed so far: by the services' own files and by our probers, and by the visitors."""
        counts = {name: (self._probers[name].served, self._probers[name].failed) for name in CREDENTIALS}
        for path in self._layout.hosts.glob("*/var/count/*"):
            name = path.suffix[1:]
            if name in counts:
                counts[name] = _sum(counts[name], read_counts(path))
        return {**counts, "visitors": (self._visitor.served, self._visitor.failed)}

    def _check_services(self) -> None:
        """Every service answers that its last use of every credential succeeded."""
        ports = self._layout.read_state()["ports"]
        everything = [(f"{service} on {host}", port) for host, named in ports.items() for service, port in named.items()]
        sick = [what for what, port in everything if not self._systems.answers(f"http://127.0.0.1:{port}/health")]
        total = sum(map(len, SERVICES.values()))
        self._check(not sick, f"all {total} services on {len(SERVICES)} hosts are healthy", ", ".join(sick))

    def _leaks(self) -> list[str]:
        """Logs that hold a value of a credential: Ansible's, the services' and the database server's."""
        secret = ("password", "secret_access_key", "token", "key", "workspace_token")
        seen = [values for prober in self._probers.values() for values in prober.seen]
        words = [value for values in seen for field, value in values.items() if field in secret]
        logs = [*self._layout.logs.iterdir(), *self._layout.hosts.glob("*/var/log/*")]
        logs += [Path(path) for path in self._layout.read_state()["server_logs"]]
        return [path.name for path in logs if path.is_file() and _holds(path, words)]


def _holds(path: Path, words: t.Sequence[str]) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(word in text for word in words)


def _difference(after: Counts, before: Counts) -> Counts:
    return {name: (served - before[name][0], failed - before[name][1]) for name, (served, failed) in after.items()}


def _sum(some: tuple[int, int], more: tuple[int, int]) -> tuple[int, int]:
    return some[0] + more[0], some[1] + more[1]


def _all_of(cell: str) -> bool:
    """C(2/2), and not C(0/0)."""
    proved, dummy, expected = cell.partition("/")
    return proved == expected and proved not in ("", "0")
