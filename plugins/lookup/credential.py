# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published value of a credential, for anybody's own templates."""

from __future__ import annotations

DOCUMENTATION = r"""
name: credential
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
version_added: 0.1.0
short_description: The published value of a credential of the catalogue
description:
  - Reads what the credential's store publishes now. Nothing is rotated by looking, in check mode or otherwise.
  - The store and the kind come from the inventory variables C(credential_store) and C(credential_type) of the credential's host,
    or from the options.
options:
  _terms:
    description: Names of credentials.
    required: true
    type: list
    elements: str
  field:
    description: Return this field only. Without it, a dictionary of all fields.
    type: str
  store:
    description: The store, as O(locksmith.rotation.credential_rotate#module:store), for a credential that is not in the inventory.
    type: dict
  type:
    description: The kind of credential, for one that is not in the inventory.
    type: str
"""

EXAMPLES = r"""
- name: Render a template of your own with the current password
  ansible.builtin.template:
    src: app.ini.j2
    dest: /etc/app/app.ini
    owner: app
    group: app
    mode: '0600'
  vars:
    app_database_password: "{{ lookup('locksmith.rotation.credential', 'orders-db', field='password') }}"
  no_log: true
  notify: Restart app
"""

RETURN = r"""
_raw:
  description: A value for each name, a string with O(field) and a dictionary without it. Secret.
  type: list
  elements: raw
"""

import typing as t  # noqa: E402

from ansible.errors import AnsibleLookupError  # noqa: E402
from ansible.plugins.lookup import LookupBase  # noqa: E402

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.values import read_value  # noqa: E402
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError  # noqa: E402
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class  # noqa: E402
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text  # noqa: E402


class LookupModule(LookupBase):
    """See the documentation above."""

    def run(self, terms: list[t.Any], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Ansible calls this while it renders a template."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [self._value(plain_text(name), variables or {}) for name in terms]
        except LocksmithError as error:
            raise AnsibleLookupError(str(error)) from None

    def _value(self, name: str, variables: t.Mapping[str, t.Any]) -> t.Any:
        hostvars = variables.get("hostvars", {})
        known = hostvars.get(name) or {}
        store = plain(self.get_option("store") or known.get("credential_store"))
        kind = plain_text(self.get_option("type") or known.get("credential_type") or "")
        if not store or not kind:
            raise ConfigurationError(
                f"{name}: no credential_store or credential_type is known for it.",
                next_step="add it to the inventory group credentials, or give the lookup store= and type=.",
            )
        fields = read_value(name, issuer_class(kind), store)
        wanted = self.get_option("field")
        if wanted is None:
            return fields.reveal()
        if wanted not in fields:
            raise ConfigurationError(f"{name}: there is no field {wanted}.", next_step=f"its fields are {', '.join(fields)}.")
        return fields[wanted]
