# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole rotation on real servers, from adopting to deleting: C(demo.py run). C(up) leaves servers and hosts running to
play with, C(down) ends them, C(picture) draws what C(run) shows into docs/img/demo.svg. Everything is below C(.cache/demo/).
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90


def main(arguments: t.Sequence[str]) -> int:
    """:returns: exit status; 0 only if everything held."""
    commands = {"run": run, "up": up, "down": down, "picture": picture, "keep": keep}
    if len(arguments) != 1 or arguments[0] not in commands:
        print("usage: demo.py run|up|down|picture")
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return commands[arguments[0]]()
    except KeyboardInterrupt:
        print("interrupted")
        return 130


def _interrupt(number: int, frame: t.Any) -> None:
    raise KeyboardInterrupt


def run() -> int:
    """Everything, and nothing left behind but logs."""
    from ansible_collections.locksmith.rotation.tests.demo.story import Story

    started = time.monotonic()
    try:
        screen = _start()
        Story(_layout(), screen).tell()
    finally:
        left = _end()
    screen.check(not left, "servers, services and their files are gone", ", ".join(left))
    screen.show()
    verdict = f"{screen.problems} checks failed; logs are in .cache/demo/logs/." if screen.problems else "All of it held."
    screen.show(f"{verdict} {time.monotonic() - started:.0f} s", "title")
    screen.close()
    return 1 if screen.problems else 0


def up() -> int:
    """Servers and hosts, left running."""
    screen = _start()
    layout = _layout()
    _write_environment(layout)
    screen.title("Play with them, in a shell")
    screen.command(f". {(layout.top / 'environment').relative_to(ROOT)}")
    playbook = "ansible-playbook -i hosts.yml -i credentials.yml locksmith.rotation"
    screen.command(f"{playbook}.rotate")
    screen.command(f"{playbook}.status")
    screen.command(f"{playbook}.rollback -e rotate_only=orders-db")
    screen.show("They end with: make demo-down")
    screen.close()
    return 0


def _write_environment(layout: t.Any) -> None:
    """What a shell needs to run the playbooks as the demo does."""
    wanted = ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG", "ANSIBLE_HOME", "ANSIBLE_REMOTE_TEMP", "PYTHONPATH")
    settings = {name: layout.environment()[name] for name in wanted}
    lines = [f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    lines.append(f"cd {shlex.quote(str(layout.inventory))}")
    (layout.top / "environment").write_text("\n".join(lines) + "\n", encoding="utf-8")


def down() -> int:
    """What P(up) started."""
    left = _end()
    print("\n".join(left) if left else "the demo is down: nothing of it is running")
    return 1 if left else 0


def picture() -> int:
    """Run, and draw what it showed."""
    from ansible_collections.locksmith.rotation.tests.demo.picture import draw

    status = run()
    if status == 0:
        target = ROOT / "docs" / "img" / "demo.svg"
        draw(_layout().logs / "screen.txt", target)
        print(f"drawn: {target.relative_to(ROOT)}")
    return status


def keep() -> int:
    """Be the process behind the demo."""
    from ansible_collections.locksmith.rotation.tests.demo import keeper

    keeper.keep(_layout())
    return 0


def _layout() -> t.Any:
    from ansible_collections.locksmith.rotation.tests.demo.layout import Layout

    return Layout(ROOT)


def _start() -> t.Any:
    """Servers, hosts and inventory. What an earlier demo left running is ended first."""
    from ansible_collections.locksmith.rotation.tests.demo import keeper
    from ansible_collections.locksmith.rotation.tests.demo.screen import Screen

    _end()
    layout = _layout()
    keeper.prepare(layout)
    screen = Screen(layout.logs / "screen.txt")
    screen.title("Start OpenBao, PostgreSQL 18, an AWS stand-in (moto), a Grafana stand-in, and three hosts with services")
    started = time.monotonic()
    try:
        _start_keeper(layout)
    except BaseException:
        _end()
        raise
    screen.show(f"ready after {time.monotonic() - started:.0f} s; inventory in {layout.inventory.relative_to(ROOT)}/", "dim")
    return screen


def _start_keeper(layout: t.Any) -> None:
    """:raises RuntimeError: it did not come up; its log says why."""
    from ansible_collections.locksmith.rotation.tests.demo import processes

    # The servers' data: where PostgreSQL's own user reaches it, which a checkout in somebody's home may not be.
    temporary = Path(tempfile.mkdtemp(prefix="locksmith-demo-"))
    temporary.chmod(0o755)
    log = layout.logs / "keeper.log"
    with log.open("wb") as file:
        keeper = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "keep"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=layout.top,
            env={**layout.environment(), "TMPDIR": str(temporary)},
            start_new_session=True,
        )
    layout.write_state({"keeper": processes.look(keeper.pid), "temporary": str(temporary), "processes": [], "ready": False})
    give_up_at = time.monotonic() + _START_SECONDS
    while not layout.read_state().get("ready"):
        if keeper.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError("the servers did not start:\n" + log.read_text(encoding="utf-8", errors="replace")[-2000:])
        time.sleep(0.1)


def _end() -> list[str]:
    """End the process behind the demo, which ends the others, and remove everything but the logs; what is left."""
    from ansible_collections.locksmith.rotation.tests.demo import processes

    layout = _layout()
    state = layout.read_state()
    keeper = processes.Process(*state["keeper"]) if state.get("keeper") else None
    alive = keeper and processes.look(keeper.pid) == keeper
    known = [processes.Process(*process) for process in state.get("processes", ())]
    known += processes.descendants(keeper.pid) if keeper and alive else []
    processes.end([keeper] if keeper else [])
    processes.end(known)
    if state.get("temporary"):
        shutil.rmtree(state["temporary"], ignore_errors=True)
    for path in layout.top.iterdir() if layout.top.exists() else ():
        if path != layout.logs:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    left = [f"process {process.pid}" for process in [keeper, *known] if process and processes.look(process.pid) == process]
    return left + [str(path) for path in [Path(state.get("temporary") or "/nowhere")] if path.exists()]


def _find_collection() -> None:
    """Under make everything is set. Without it: a copy of the collection below C(.cache/), as Ansible needs to find it."""
    if os.environ.get("ANSIBLE_COLLECTIONS_PATH") and "ansible_collections" in "".join(
        str(entry) for path in sys.path if path for entry in Path(path).glob("ansible_collections")
    ):
        return
    sys.path.insert(0, str(ROOT))
    from tests.make import workspace

    workspace.refresh("demo")
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(workspace.collections("demo"))
    sys.path.insert(0, os.environ["ANSIBLE_COLLECTIONS_PATH"])


if __name__ == "__main__":
    _find_collection()
    sys.exit(main(sys.argv[1:]))
