# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render a user's own template with a credential's fields, on the controller. Called by the action plugin that deploys.

The variable C(credential) holds the fields by name. Everything else is as in M(ansible.builtin.template).
"""

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain_text

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 trusts every text

    def trust_as_template(value: str) -> str:  # type: ignore[misc]
        """The same text."""
        return value


def _read(loader: t.Any, path: str) -> str:
    """The text of a file, decrypted where it is encrypted. ansible-core 2.18 has no public way to."""
    if hasattr(loader, "get_text_file_contents"):
        return str(loader.get_text_file_contents(path))
    return str(loader._get_file_contents(path)[0].decode("utf-8"))


def find_template(action: ActionBase, name: str) -> tuple[str, str]:
    """Path and source text.

    :raises ConfigurationError: not found.
    """
    try:
        path = plain_text(action._find_needle("templates", name))
        return path, plain_text(_read(action._loader, path))
    except AnsibleError:
        raise ConfigurationError(
            f"The template {name} was not found.", next_step="put it in templates beside the play."
        ) from None


def render_template(action: ActionBase, name: str, fields: t.Mapping[str, str], variables: dict[str, t.Any]) -> str:
    """The rendered text.

    :raises ConfigurationError: it does not render. The message holds no value: a filter's own message could.
    """
    path, source = find_template(action, name)
    folders = [*(variables.get("ansible_search_path") or ()), action._loader.get_basedir(), os.path.dirname(path)]
    search = [place for folder in folders for place in (os.path.join(folder, "templates"), folder)]
    templar = action._templar.copy_with_new_env(searchpath=search, available_variables={**variables, "credential": {**fields}})
    try:
        text = templar.template(
            trust_as_template(source), escape_backslashes=False, overrides={"trim_blocks": True, "lstrip_blocks": False}
        )
    except AnsibleUndefinedVariable as error:
        raise ConfigurationError(
            f"The template {name} uses something that is not defined ({type(error).__name__}).",
            next_step=f"the fields of credential are {', '.join(sorted(fields))}.",
        ) from None
    except Exception as error:
        raise ConfigurationError(f"The template {name} does not render ({type(error).__name__}).") from None
    return plain_text("" if text is None else text)
