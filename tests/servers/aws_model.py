# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds recorded exchanges against botocore's own model of an AWS service: shapes, limits, patterns, error codes, statuses.

Used by the contract tests of the stand-ins; knows nothing of them but the exchanges that they record.
"""

from __future__ import annotations

import re
import typing as t
from urllib.parse import unquote

import botocore.session

from ansible_collections.locksmith.rotation.tests.servers.aws_standin import Exchange

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
}
#: Refusals of AWS's front door, which no service's model names.
FRONT_DOOR = {
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "AccessDeniedException",
    "ThrottlingException",
}


class Model:
    """One service."""

    def __init__(self, service: str) -> None:
        self.service = botocore.session.Session().get_service_model(service)

    def operation(self, name: str) -> t.Any:
        return self.service.operation_model(name)

    def limit(self, operation: str, member: str, which: str) -> int:
        """A limit of a request's member: C(min) or C(max)."""
        return int(self.operation(operation).input_shape.members[member].metadata[which])

    def complaints(self, exchange: Exchange) -> list[str]:
        """What is wrong with an exchange, a line each, by the names of members only."""
        found = self._of_route(exchange) + self._of_request(exchange)
        if exchange.reply.status < 300:
            found += self._of_answer(exchange)
        else:
            found += self._of_error(exchange)
        return [f"{exchange.operation}: {line}" for line in found]

    def _of_route(self, exchange: Exchange) -> list[str]:
        wanted = self.operation(exchange.operation).http
        if exchange.request.method != wanted["method"]:
            return [f"{exchange.request.method} instead of {wanted['method']}"]
        return [] if self._uri_members(exchange) is not None else [f"the path is not {wanted['requestUri']}"]

    def _uri_members(self, exchange: Exchange) -> dict[str, str] | None:
        pattern = re.sub(r"\\{([A-Za-z]+)\\}", r"(?P<\1>[^/]+)", re.escape(self.operation(exchange.operation).http["requestUri"]))
        found = re.fullmatch(pattern, exchange.request.path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None

    def _of_request(self, exchange: Exchange) -> list[str]:
        """A request that the service refused as invalid may well be invalid."""
        if exchange.reply.status == 400:
            return []
        shape = self.operation(exchange.operation).input_shape
        sent: dict[str, t.Any] = {**(self._uri_members(exchange) or {}), **exchange.request.body()}
        for name, value in exchange.request.query.items():
            sent[name] = int(value) if shape.members[name].type_name == "integer" else value
        return [f"request {line}" for line in faults_of(shape, sent, everywhere=True)]

    def _of_answer(self, exchange: Exchange) -> list[str]:
        operation = self.operation(exchange.operation)
        wrong = exchange.reply.status != operation.http.get("responseCode", 200)
        lines = [f"answer {line}" for line in faults_of(operation.output_shape, exchange.reply.body)]
        return ([f"status {exchange.reply.status}"] if wrong else []) + lines

    def _of_error(self, exchange: Exchange) -> list[str]:
        reply = exchange.reply
        code = reply.headers.get("x-amzn-ErrorType") or reply.body.get("__type", "")
        shapes = {shape.name: shape for shape in self.operation(exchange.operation).error_shapes}
        if code not in shapes:
            return [] if code in FRONT_DOOR else [f"{code} is no error of this operation"]
        shape = shapes[code]
        status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
        unsaid = {"__type"} if shape.members else {"__type", "message"}  # of every error, whether the model says so or not
        body = {name: value for name, value in reply.body.items() if name not in unsaid}
        lines = [f"{code} {line}" for line in faults_of(shape, body)]
        return ([f"{code} with status {reply.status} and not {status}"] if reply.status != status else []) + lines


def faults_of(shape: t.Any, value: t.Any, where: str = "", everywhere: bool = False) -> list[str]:
    """Where a decoded JSON value departs from a shape. C(everywhere): also members that travel in path, query and headers."""
    kind = shape.type_name
    if type(value) not in _TYPES[kind]:
        return [f"{where or 'body'} is no {kind}"]
    if kind == "structure":
        return _of_structure(shape, value, where, everywhere)
    if kind == "list":
        lines = [line for index, item in enumerate(value) for line in faults_of(shape.member, item, f"{where}[{index}]")]
        return lines + _of_limits(shape, len(value), where)
    if kind == "string":
        return _of_text(shape, value, where)
    return _of_limits(shape, value, where) if kind in ("integer", "long") else []


def _of_structure(shape: t.Any, value: dict[str, t.Any], where: str, everywhere: bool) -> list[str]:
    members = {name: member for name, member in shape.members.items() if everywhere or not member.serialization.get("location")}
    named = {member.serialization.get("name", name): (name, member) for name, member in members.items()}
    lines = [f"{where}.{name} is missing" for name in shape.required_members if name in members and name not in value]
    for name, item in value.items():
        if name not in named:
            lines.append(f"{where}.{name} is unknown")
        else:
            lines += faults_of(named[name][1], item, f"{where}.{name}")
    return lines


def _of_text(shape: t.Any, value: str, where: str) -> list[str]:
    lines = _of_limits(shape, len(value), where)
    if shape.metadata.get("pattern") and not re.fullmatch(shape.metadata["pattern"], value):
        lines.append(f"{where} does not match its pattern")
    if shape.metadata.get("enum") and value not in shape.metadata["enum"]:
        lines.append(f"{where} is none of the values allowed")
    return lines


def _of_limits(shape: t.Any, size: float, where: str) -> list[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    wrong = (least is not None and size < least) or (most is not None and size > most)
    return [f"{where} is not within {least} and {most}"] if wrong else []
