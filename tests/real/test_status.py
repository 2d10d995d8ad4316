# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(status) as a person and as CI run it: a table, and an exit status that says whether all is well."""

from __future__ import annotations

import json
import pathlib
from xml.etree import ElementTree

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_prometheus import last_runs
from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

STATUS = "locksmith.rotation.status"


def test_table_files_and_exit_status_of_one_story(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = Estate(moto, tmp_path, ["deployer", "backup"], ["web1"])
    files = {form: tmp_path / f"report.{form}" for form in ("html", "json", "junit", "prometheus")}
    for variables in (*estate.machines.values(), *estate.credentials.values()):
        variables.update(report_prometheus=str(files["prometheus"]), report_html=str(tmp_path / "nowhere" / "report.html"))
    rotated = estate.rotate()
    assert rotated.status == 0, "a report that cannot be written is no failure of the rotation"
    assert "nowhere/report.html cannot be written: No such file or directory" in rotated.output
    assert list(last_runs(files["prometheus"].read_text(encoding="utf-8"))) == ["rotate"]
    wanted = [word for form, path in files.items() for word in ("-e", f"status_{form}={path}")]
    _well(estate, files, wanted)
    _late(estate, files, wanted)


def _well(estate: Estate, files: dict[str, pathlib.Path], wanted: list[str]) -> None:
    """All is well: exit status 0, nothing changed, and every file is written for everybody, in one step, without a secret."""
    well = estate.run(STATUS, *wanted, "-e", "status_fail_on=overdue,held,quarantined,failing")
    assert (well.status, well.changed()) == (0, 0), well.output
    assert "2 credentials: 2 steady" in well.output
    secrets = [estate.moto.secret_key, *(_secret(estate, name) for name in estate.users)]
    for path in files.values():
        text = path.read_text(encoding="utf-8")
        assert "deployer" in text and not [secret for secret in secrets if secret in text]
        assert path.stat().st_mode & 0o777 == 0o644
    assert not list(estate.top.glob("*.partial"))
    assert list(last_runs(files["prometheus"].read_text(encoding="utf-8"))) == ["rotate", "status"]


def _secret(estate: Estate, user: str) -> str:
    found = estate.moto.client("ssm").get_parameter(Name=f"/{estate.mark}/{user}", WithDecryption=True)
    return str(json.loads(found["Parameter"]["Value"])["secret_access_key"])


def _late(estate: Estate, files: dict[str, pathlib.Path], wanted: list[str]) -> None:
    """One is overdue and one cannot be read: both are told of, in the table and in the files, and the run fails."""
    estate.make_due()
    estate.credentials["backup"]["credential_store"]["endpoint_url"] = "http://127.0.0.1:1"
    late = estate.run(STATUS, "-e", "status_fail_on=overdue", *wanted)
    assert late.status == 2, late.output
    assert "Not readable: backup. 1 of 2 credentials need attention. deployer is overdue for" in late.output
    assert "backup: FAILED." in late.output
    suite = ElementTree.parse(files["junit"]).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")
    mistyped = estate.run(STATUS, "-e", "rotate_only=deployer,bakup")
    assert mistyped.status == 2 and "rotate_only names bakup, which the catalogue does not have." in mistyped.output
