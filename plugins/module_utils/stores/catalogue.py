# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stores there are. A new store is one file beside this one, and one line here, because the files that travel to a
host with a module are found by following imports. Called by C(entry)."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.stores.file import FileStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.secretsmanager import SecretsManagerStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm import SsmStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault import VaultStore

_CLASSES: tuple[type[Store], ...] = (VaultStore, SsmStore, SecretsManagerStore, FileStore)

#: C(store.type) to class.
STORES: dict[str, type[Store]] = {store.TYPE: store for store in _CLASSES}
