# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to log in to Vault: one small class a method, all in one table. Called by P(VaultClient).

The methods and their options are those of community.hashi_vault, and C(kubernetes), whose role is C(role_id) as well.
"""

from __future__ import annotations

import abc
import os
import typing as t
from urllib.parse import quote

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors

USUAL_METHOD = "token"
_TOKEN_FILE = ".vault-token"
_KUBERNETES_JWT = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_AWS_REGION = "us-east-1"
_METHODS = ["token", "approle", "userpass", "ldap", "jwt", "kubernetes", "aws_iam", "cert", "none"]
AWS_IAM_OPTIONS = ("access_key", "secret_key", "session_token", "profile", "region")

LOGIN_OPTIONS: dict[str, t.Any] = {
    "auth_method": {"type": "str", "choices": _METHODS, "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_AUTH_METHOD"])},
    "mount_point": {"type": "str"},
    "token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_TOKEN", "VAULT_TOKEN"])},
    "token_path": {"type": "path", "no_log": False},
    "token_file": {"type": "str", "no_log": False},
    "username": {"type": "str", "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_USERNAME"])},
    "password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_PASSWORD"])},
    "role_id": {"type": "str", "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_ROLE_ID"])},
    # Without fallback: it is the secret's name in Secrets Manager, which must not become Vault's secret id by accident.
    "secret_id": {"type": "str", "no_log": True},
    "jwt": {"type": "str", "no_log": True, "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_JWT"])},
    "aws_iam_server_id": {"type": "str"},
    "cert_auth_public_key": {"type": "path"},
    "cert_auth_private_key": {"type": "path", "no_log": False},
}

Options = t.Mapping[str, t.Any]


class Login(abc.ABC):
    """One way to log in.

    :arg prefix: put before the names of options in messages.
    """

    #: Options without which it cannot work.
    needs: t.ClassVar[tuple[str, ...]] = ()
    #: Where Vault mounts the method if nobody says otherwise.
    usual_mount: t.ClassVar[str] = ""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def check(self, options: Options) -> None:
        """Refuse options that cannot work.

        :raises ConfigurationError: something is missing. :raises MissingLibrary: a library is.
        """
        missing = [name for name in self.needs if not options.get(name)]
        if missing:
            method = options.get("auth_method") or USUAL_METHOD
            raise errors.ConfigurationError(
                f"{self.prefix}auth_method {method} needs {', '.join(self.prefix + name for name in missing)}.",
                next_step="give what is missing.",
            )

    def certificate(self, options: Options) -> t.Any:
        """The client certificate for the connection, as requests takes it."""
        return None

    @abc.abstractmethod
    def log_in(self, client: t.Any, options: Options) -> None:
        """Have the hvac client hold a token. :raises hvac.exceptions.VaultError: Vault refused."""

    def mount(self, options: Options) -> str:
        return str(options.get("mount_point") or self.usual_mount).strip("/")


class _Token(Login):
    """A token that is there already."""

    def log_in(self, client: t.Any, options: Options) -> None:
        client.token = str(options.get("token") or self._from_file(options)).strip()

    def _from_file(self, options: Options) -> str:
        directory = os.path.expanduser(str(options.get("token_path") or "~"))
        path = os.path.join(directory, options.get("token_file") or _TOKEN_FILE)
        what = f"{self.prefix}token is missing and the token file"
        return _first_line(path, what, f"give {self.prefix}token, or set VAULT_TOKEN.")


class _AppRole(Login):
    needs = ("role_id",)  # a role may be bound to addresses instead of a secret id
    usual_mount = "approle"

    def log_in(self, client: t.Any, options: Options) -> None:
        client.auth.approle.login(options["role_id"], secret_id_of(options), mount_point=self.mount(options))


class _UserPass(Login):
    needs = ("username", "password")
    usual_mount = "userpass"

    def log_in(self, client: t.Any, options: Options) -> None:
        # hvac does not quote the name here, though it does for LDAP.
        name = quote(options["username"], safe="")
        client.auth.userpass.login(name, options["password"], mount_point=self.mount(options))


class _Ldap(Login):
    needs = ("username", "password")
    usual_mount = "ldap"

    def log_in(self, client: t.Any, options: Options) -> None:
        client.auth.ldap.login(options["username"], options["password"], mount_point=self.mount(options))


class _Jwt(Login):
    needs = ("jwt",)  # the mount may have a default role
    usual_mount = "jwt"

    def log_in(self, client: t.Any, options: Options) -> None:
        client.auth.jwt.jwt_login(options.get("role_id"), options["jwt"], path=self.mount(options))


class _Kubernetes(Login):
    needs = ("role_id",)
    usual_mount = "kubernetes"

    def log_in(self, client: t.Any, options: Options) -> None:
        what = f"{self.prefix}jwt is missing and the pod's token"
        jwt = options.get("jwt") or _first_line(_KUBERNETES_JWT, what, f"give {self.prefix}jwt.")
        client.auth.kubernetes.login(options["role_id"], jwt, mount_point=self.mount(options))


class _AwsIam(Login):
    """A signed GetCallerIdentity request, which Vault passes on to AWS."""

    usual_mount = "aws"

    def check(self, options: Options) -> None:
        super().check(options)
        self._botocore()

    def log_in(self, client: t.Any, options: Options) -> None:
        access_key, secret_key, session_token = self._keys(options)
        client.auth.aws.iam_login(
            access_key,
            secret_key,
            session_token,
            header_value=options.get("aws_iam_server_id"),
            role=options.get("role_id"),
            region=options.get("region") or _AWS_REGION,
            mount_point=self.mount(options),
        )

    def _keys(self, options: Options) -> tuple[str, str, str | None]:
        if options.get("access_key") and options.get("secret_key"):
            return options["access_key"], options["secret_key"], options.get("session_token")
        botocore = self._botocore()
        try:
            found = botocore.session.Session(profile=options.get("profile")).get_credentials()
        except botocore.exceptions.BotoCoreError:
            found = None
        if found is None:
            raise errors.ConfigurationError(
                "no AWS credentials to log in to Vault with.",
                next_step=f"give {self.prefix}access_key and {self.prefix}secret_key, or {self.prefix}profile.",
            )
        frozen = found.get_frozen_credentials()
        return frozen.access_key, frozen.secret_key, frozen.token

    def _botocore(self) -> t.Any:
        try:
            import botocore.exceptions
            import botocore.session
        except ImportError:
            raise errors.MissingLibrary(
                f"the Python package botocore is needed for {self.prefix}auth_method aws_iam and is not installed where this runs.",
                next_step="install botocore for the Python interpreter that runs the module.",
            ) from None
        return botocore


class _Cert(Login):
    """A client certificate, shown on every request of the connection."""

    needs = ("cert_auth_public_key",)
    usual_mount = "cert"

    def certificate(self, options: Options) -> t.Any:
        public, private = options["cert_auth_public_key"], options.get("cert_auth_private_key")
        for path in filter(None, (public, private)):
            if not os.access(path, os.R_OK):
                raise errors.ConfigurationError(f"the certificate file {path} cannot be read.", next_step="check the path.")
        return (public, private) if private else public

    def log_in(self, client: t.Any, options: Options) -> None:
        role = {"name": options["role_id"]} if options.get("role_id") else {}
        client.adapter.login(url=f"/v1/auth/{self.mount(options)}/login", json=role)


class _Nothing(Login):
    """A Vault Agent or proxy on the way adds its own token."""

    def log_in(self, client: t.Any, options: Options) -> None:
        return


_LOGINS: dict[str, type[Login]] = {
    "token": _Token,
    "approle": _AppRole,
    "userpass": _UserPass,
    "ldap": _Ldap,
    "jwt": _Jwt,
    "kubernetes": _Kubernetes,
    "aws_iam": _AwsIam,
    "cert": _Cert,
    "none": _Nothing,
}


def secret_id_of(options: Options) -> str | None:
    """The secret id that C(options) log in with, which may be in the environment; None where they log in otherwise."""
    if options.get("auth_method") != "approle":
        return None
    return options.get("secret_id") or os.environ.get("ANSIBLE_HASHI_VAULT_SECRET_ID")


def login_for(options: Options, prefix: str) -> Login:
    """The way to log in that the options ask for, its options checked. C(prefix): put before their names in messages.

    :raises ConfigurationError: something is missing. :raises MissingLibrary: a library is.
    """
    login = _LOGINS[options.get("auth_method") or USUAL_METHOD](prefix)
    login.check(options)
    return login


def _first_line(path: str, what: str, next_step: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except (OSError, UnicodeDecodeError):
        raise errors.ConfigurationError(f"{what} {path} cannot be read.", next_step=next_step) from None
