# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting the pipelines that deploy a credential: Jenkins, GitHub Actions, GitLab CI, and any receiver of signed JSON."""

from __future__ import annotations

import abc
import typing as t
from urllib.parse import quote

from ansible_collections.locksmith.rotation.plugins.module_utils.announce.interface import Facts, Target, as_variables
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Authorization,
    Connection,
    JsonClient,
    Signature,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

#: Requests in all, so that a dead receiver holds a run up for seconds and not for minutes.
_ATTEMPTS = 3
_CONNECTION: dict[str, t.Any] = {
    "validate_certs": {"type": "bool"},
    "ca_path": {"type": "path"},
    "use_proxy": {"type": "bool"},
}


class WebTarget(Target):
    """A target behind HTTP."""

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        super().__init__(options, clock)
        self._client = JsonClient(
            self._base(),
            self._authorization(),
            Connection.from_options(options),
            error_message=_message,
            clock=clock,
            attempts=_ATTEMPTS,
        )

    def close(self) -> None:
        self._client.close()

    @abc.abstractmethod
    def _base(self) -> str:
        """Where paths begin."""

    @abc.abstractmethod
    def _authorization(self) -> Authorization:
        """The login, or the signature."""


class JenkinsJob(WebTarget):
    """Builds a job with an API token of a user who has Job/Build on it. Requests with an API token need no crumb (Jenkins 2.96 and
    later). Jenkins hands a job those parameters that the job declares and drops the others; a job that declares none is
    started with C(parameterized=false)."""

    KIND = "jenkins"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str"},
        "user": {"type": "str"},
        "api_token": {"type": "str", "no_log": True},
        "parameterized": {"type": "bool"},
        "parameters": {"type": "dict"},
        **_CONNECTION,
    }
    REQUIRED = ("url", "user", "api_token")

    @property
    def address(self) -> str:
        return str(self._options["url"]).rstrip("/")

    def _base(self) -> str:
        return str(self._options["url"])

    def _authorization(self) -> Authorization:
        return Authorization.basic(self._options["user"], self._options["api_token"])

    def send(self, facts: Facts) -> None:
        """In the query, because C(buildWithParameters) takes a form or a query and no JSON."""
        if self._options.get("parameterized") is False:
            self._client.request("POST", "/build")
            return
        query = {**as_variables(facts), **(self._options.get("parameters") or {})}
        self._client.request("POST", "/buildWithParameters", query=query)


class GitHubRepository(WebTarget):
    """Sends C(repository_dispatch), or C(workflow_dispatch) where a workflow is named. The token is a fine-grained one of the repository
    with C(Contents: write) for the former and C(Actions: write) for the latter."""

    KIND = "github"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str"},
        "repository": {"type": "str"},
        "token": {"type": "str", "no_log": True},
        "event_type": {"type": "str"},
        "workflow": {"type": "str"},
        "ref": {"type": "str"},
        **_CONNECTION,
    }
    REQUIRED = ("repository", "token")

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        super().__init__(options, clock)
        if len([part for part in str(options["repository"]).split("/") if part]) != 2:
            raise ConfigurationError("repository of a github target is not owner/name.", next_step="write it as owner/name.")
        self._client.headers.update({"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"})

    @property
    def address(self) -> str:
        workflow = self._options.get("workflow")
        return str(self._options["repository"]) + (f" {workflow}" if workflow else "")

    def _base(self) -> str:
        return str(self._options.get("url") or "https://api.github.com")

    def _authorization(self) -> Authorization:
        return Authorization.bearer(self._options["token"])

    def send(self, facts: Facts) -> None:
        """GitHub takes at most ten properties, and of a workflow only inputs that it declares: see O(fields)."""
        path = f"/repos/{quote(self._options['repository'], safe='/')}"
        workflow = self._options.get("workflow")
        if workflow:
            body = {"ref": self._options.get("ref") or "main", "inputs": dict(facts)}
            self._client.request("POST", f"{path}/actions/workflows/{quote(str(workflow), safe='')}/dispatches", body=body)
            return
        event = self._options.get("event_type") or "credential_published"
        self._client.request("POST", f"{path}/dispatches", body={"event_type": event, "client_payload": dict(facts)})


class GitLabProject(WebTarget):
    """Runs a pipeline with a pipeline trigger token, which can do nothing else. It stands in the body, as GitLab wants it."""

    KIND = "gitlab"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str"},
        "project": {"type": "str"},
        "token": {"type": "str", "no_log": True},
        "ref": {"type": "str"},
        **_CONNECTION,
    }
    REQUIRED = ("project", "token")

    @property
    def address(self) -> str:
        return f"{self._base().rstrip('/')}/{self._options['project']}"

    def _base(self) -> str:
        return str(self._options.get("url") or "https://gitlab.com")

    def _authorization(self) -> Authorization:
        return Authorization(secrets=(self._options["token"],))

    def send(self, facts: Facts) -> None:
        body = {"token": self._options["token"], "ref": self._options.get("ref") or "main", "variables": as_variables(facts)}
        self._client.request("POST", f"/api/v4/projects/{quote(self._options['project'], safe='')}/trigger/pipeline", body=body)


class Webhook(WebTarget):
    """Posts the facts as JSON, signed. The path may be secret and is never shown."""

    KIND = "webhook"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str"},
        "hmac_secret": {"type": "str", "no_log": True},
        "hmac_header": {"type": "str"},
        **_CONNECTION,
    }
    REQUIRED = ("url", "hmac_secret")

    @property
    def address(self) -> str:
        return self._client.origin

    def _base(self) -> str:
        return str(self._options["url"])

    def _authorization(self) -> Authorization:
        header = self._options.get("hmac_header") or "X-Hub-Signature-256"
        return Signature(secrets=(self._options["hmac_secret"],), header_name=header, key=self._options["hmac_secret"])

    def send(self, facts: Facts) -> None:
        self._client.request("POST", "/" if self._base().endswith("/") else "", body=dict(facts))


def _message(body: t.Any) -> str | None:
    """GitHub's and GitLab's own words. Jenkins answers with a page, and a webhook with anything: neither is shown."""
    said = body.get("message") if isinstance(body, dict) else None
    return said if isinstance(said, str) and "<" not in said else None
