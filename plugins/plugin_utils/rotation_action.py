# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs any C(*_rotate) module in the controller's worker when the connection is local, and as a module when it is not.

On a local connection that saves starting a Python and importing client libraries for every credential (about 0.8 s each
with boto3), keeps secrets out of module files, and uses the Python that runs Ansible. The action plugins subclass
P(RotationAction); Ansible's parent process imports them before it forks its workers, which inherit what P(prepare) made.
"""

from __future__ import annotations

import functools
import gc
import typing as t

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import argument_spec, failure, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import check_store_options
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.catalogue import STORES
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.file import FileStore
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import check_shapes
from ansible_collections.locksmith.rotation.plugins.plugin_utils.arguments import validated
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import module_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text


def prepare(*issuers: type[Issuer]) -> None:
    """Make in Ansible's parent process what every worker would have to make for itself. Sends nothing.

    Everything is frozen at the end: what is loaded by now stays for the whole run, and a worker's garbage collector that went
    through it again would copy the memory that the worker shares with its parent. Measured: a third of a credential's time.
    For the same reason nothing is collected meanwhile: there is no garbage, and holes in that memory would be filled by workers.
    """
    gc.disable()
    for store in STORES.values():
        store.preload()
    for issuer in issuers:
        issuer.preload()
        _validator(issuer).validate({"name": "", "store": {"type": next(iter(STORES))}})  # whatever it says, it is warm
    gc.freeze()
    gc.enable()


@functools.lru_cache(maxsize=None)
def _validator(issuer: type[Issuer]) -> ArgumentSpecValidator:
    return ArgumentSpecValidator(argument_spec(issuer), **issuer.CONSTRAINTS)


class RotationAction(ActionBase):
    """See the module's docstring."""

    #: The issuer that the module serves.
    ISSUER: t.ClassVar[type[Issuer]]
    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        written = {name: value for name, value in self._task.args.items() if value is not None}
        credential = plain_text(written.get("name") or (task_vars or {}).get("inventory_hostname", ""))
        try:
            issuer, arguments = self._resolve(plain(written), credential, task_vars or {})
            self._check(issuer, arguments, credential)
            if self._is_here():
                result.update(self._run_here(issuer, arguments))
            else:
                result.update(self._run_there(issuer, arguments, task_vars or {}))
        except Exception as error:  # whatever happens, no traceback: it could show a value
            result.update(failure(error, credential))
        if not self._task.diff:
            result.pop("diff", None)
        return result

    def _resolve(
        self, arguments: dict[str, t.Any], credential: str, task_vars: dict[str, t.Any]
    ) -> tuple[type[Issuer], dict[str, t.Any]]:
        """The issuer, and the arguments as its own module takes them."""
        return self.ISSUER, arguments

    def _check(self, issuer: type[Issuer], arguments: dict[str, t.Any], credential: str) -> None:
        """What Ansible's own validation would let pass. :raises ConfigurationError: names what is wrong."""
        check_shapes(_validator(issuer).argument_spec, arguments, f"{credential}: ")
        check_store_options(arguments.get("store") or {})

    def _is_here(self) -> bool:
        return self._connection.transport == "local" and self._connection.become is None

    def _run_here(self, issuer: type[Issuer], arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        return perform(issuer, self._finally(self._validated(issuer, arguments)), bool(self._task.check_mode))

    def _validated(self, issuer: type[Issuer], arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """The arguments as the issuer's module would see them. :raises ConfigurationError: it would refuse them."""
        return validated(_validator(issuer), arguments, f"{arguments.get('name', '')}: ")

    def _finally(self, parameters: dict[str, t.Any]) -> dict[str, t.Any]:
        """The last word on the validated parameters."""
        return parameters

    def _run_there(self, issuer: type[Issuer], arguments: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        if (arguments.get("store") or {}).get("type") == FileStore.TYPE:
            raise ConfigurationError(
                f"{arguments.get('name', '')}: a store of type file is on the controller, and this task runs on another host.",
                next_step="leave out credential_run_on, give the task a local connection, or use a store that the host can reach.",
            )
        if constants.config.get_config_value("DEFAULT_KEEP_REMOTE_FILES"):
            raise ConfigurationError(
                f"{arguments.get('name', '')}: this task runs on another host, and ANSIBLE_KEEP_REMOTE_FILES would leave its options there "
                "in a file, the passwords among them.",
                next_step="unset it for this run, or give the task a local connection.",
            )
        self._send_by_standard_input()
        answer: dict[str, t.Any] = self._execute_module(module_name=module_of(issuer), module_args=arguments, task_vars=task_vars)
        answer.pop("invocation", None)
        return answer

    def _send_by_standard_input(self) -> None:
        """Pipelining, wherever the connection can: else the options would be in a temporary file, here and there."""
        self._connection.always_pipeline_modules = bool(getattr(self._connection, "has_pipelining", False))
