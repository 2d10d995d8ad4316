# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats by name. Called by whoever writes or checks a consumer's file."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.ini import AwsCredentials, Ini
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Format
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.pgbouncer import PgbouncerUserlist
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.pgpass import Pgpass
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.whole import Env, Json, Raw, Yaml

#: A template is rendered on the controller and arrives as one text: on the host it is raw.
FORMATS: dict[str, Format] = {
    "env": Env(),
    "json": Json(),
    "yaml": Yaml(),
    "ini": Ini(),
    "aws_credentials": AwsCredentials(),
    "pgbouncer_userlist": PgbouncerUserlist(),
    "pgpass": Pgpass(),
    "raw": Raw(),
    "template": Raw(),
}
