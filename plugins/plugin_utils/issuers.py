# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find an issuer by the name that a catalogue gives it. Controller only: it imports by name, which a module cannot.

Called by the action plugins and the lookup.
"""

from __future__ import annotations

import importlib
import pkgutil
import re

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_HERE = "locksmith.rotation"
_PACKAGE = "ansible_collections.{collection}.plugins.module_utils.issuers"
_NAME = re.compile(r"^(?:(?P<collection>[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)\.)?(?P<kind>[a-z_][a-z0-9_]*)$")


def kinds() -> list[str]:
    """The credential types that this collection brings. Imports them all."""
    package = importlib.import_module(_PACKAGE.format(collection=_HERE))
    return sorted(found.name for found in pkgutil.iter_modules(package.__path__) if _class_in(package.__name__, found.name))


def _class_in(package: str, kind: str) -> type[Issuer] | None:
    module = importlib.import_module(f"{package}.{kind}")
    for found in vars(module).values():
        if not isinstance(found, type) or found.__module__ != module.__name__:
            continue  # a class that this file builds on is not the one that it is named for
        if issubclass(found, Issuer) and getattr(found, "KIND", "") == kind:
            return found
    return None


def issuer_class(written: str) -> type[Issuer]:
    """The class behind C(credential_type): C(iam), or C(namespace.collection.kind) for another collection's own.

    :raises ConfigurationError: there is no such type; lists those there are.
    """
    match = _NAME.match(str(written))
    if match is None:
        raise _unknown(written)
    try:
        found = _class_in(_PACKAGE.format(collection=match["collection"] or _HERE), match["kind"])
    except ModuleNotFoundError:
        raise _unknown(written) from None
    if found is None:
        raise _unknown(written)
    return found


def module_of(issuer: type[Issuer]) -> str:
    """The full name of the module that serves C(issuer)."""
    namespace, name = issuer.__module__.split(".")[1:3]
    return f"{namespace}.{name}.{issuer.MODULE}"


def _unknown(written: object) -> ConfigurationError:
    return ConfigurationError(
        f"credential_type {str(written)!r} is unknown.",
        next_step=f"use one of {', '.join(kinds())}, or namespace.collection.kind for an issuer of your own.",
    )
