# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker that signs requests to AWS with two access keys from one credentials file."""

from __future__ import annotations

import configparser
import sys
import typing as t
from pathlib import Path

import botocore.config
import botocore.session

from ansible_collections.locksmith.rotation.tests.demo.services.service import Service, Use


def _use_of(profile: t.Mapping[str, str], url: str, region: str) -> Use:
    sts: t.Any = botocore.session.Session().create_client(
        "sts",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=profile["aws_access_key_id"],
        aws_secret_access_key=profile["aws_secret_access_key"],
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    return lambda: sts.get_caller_identity() and None


def main(root: Path, port: int, url: str, region: str) -> None:
    profiles = configparser.ConfigParser(interpolation=None)
    profiles.read(root / "etc/aws/credentials")
    uses: dict[str, Use | None] = {
        name: _use_of(profiles[name], url, region) if name in profiles else None for name in ("deployer", "backup")
    }
    Service(root, "uploader", uses).run(port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
