"""The official description of the GSMA's API, as a judge of every message on the wire."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXCERPT: dict[str, Any] = json.loads(
    (Path(__file__).parent / "gsma_1.2.0.json").read_text(encoding="utf-8")
)
_JSON = "application/json"


@dataclass
class Exchange:
    """A request and what it was answered."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Recorder:
    """Stands before an application and keeps what goes in and out under a path."""

    def __init__(self, app: ASGIApp, prefix: str = "") -> None:
        self._app = app
        self._prefix = prefix
        self.exchanges: list[Exchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        one = Exchange(
            scope["method"],
            scope["raw_path"].decode(),
            scope["query_string"].decode(),
            _headers(scope["headers"]),
            b"",
        )
        self.exchanges.append(one)

        async def heard() -> Message:
            message = await receive()
            one.body += message.get("body", b"")
            return message

        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                one.status, one.answered = message["status"], _headers(message["headers"])
            one.answer += message.get("body", b"")
            await send(message)

        await self._app(scope, heard, said)

    def named(self, part: str) -> list[Exchange]:
        return [one for one in self.exchanges if part in one.path]


def faults(one: Exchange) -> list[str]:
    """What the description has against a call of ours and its answer."""
    for template, operations in EXCERPT["paths"].items():
        names = re.findall(r"{(\w+)}", template)
        match = re.fullmatch(re.sub(r"{\w+}", "([^/]+)", template), one.path)
        operation = operations.get(one.method.lower())
        if match and operation:
            given = dict(zip(names, map(unquote, match.groups()), strict=True))
            allowed = [*operations.get("parameters", ()), *operation.get("parameters", ())]
            return [*_request_faults(one, operation, given, allowed), *_answer_faults(
                one, operation["responses"]
            )]  # fmt: skip
    return [f"{one.method} {one.path} is not described"]


def callback_faults(one: Exchange) -> list[str]:
    """What it has against a callback to us: a transaction, or an error."""
    described = EXCERPT["paths"]["/transactions/type/{transactionType}"]["post"]["callbacks"]
    is_error = "errorCategory" in one.json
    event = described["transactionsFailureEvent" if is_error else "transactionsSuccessEvent"]
    (callback,) = event.values()
    put = callback[one.method.lower()]
    found = _request_faults(one, put, {}, put["parameters"])
    if str(one.status) not in map(str, put["responses"]):
        found.append(f"{one.status} is no answer to a callback")
    return found


def _request_faults(
    one: Exchange, operation: Mapping[str, Any], in_path: Mapping[str, str], allowed: Iterable[Any]
) -> list[str]:
    given = {
        "path": in_path,
        "query": dict(parse_qsl(one.query)),
        "header": {name: value for name, value in one.headers.items() if name.startswith("x-")},
    }
    found: list[str] = []
    for reference in allowed:
        described = _resolved(reference)
        place = given[described["in"]]
        name = described["name"] if described["in"] != "header" else described["name"].lower()
        if name in place:
            found += judged(described["schema"], _typed(place.pop(name), described), name)  # type: ignore[attr-defined]
        elif described.get("required"):
            found.append(f"{name} is missing")
    found += [f"{name} is not described" for place in given.values() for name in place]
    if "requestBody" in operation:
        schema = _resolved(operation["requestBody"])["content"][_JSON]["schema"]
        unknown = set(one.json) - _properties(schema)
        found += [f"{name} is not described" for name in unknown]
        found += judged(schema, one.json, "body")
    return found


def _answer_faults(one: Exchange, described: Mapping[str, Any]) -> list[str]:
    answer = described.get(str(one.status))
    if answer is None:
        return [f"{one.status} is not described"]
    found = judged(answer["content"][_JSON]["schema"], json.loads(one.answer), "answer")
    for name, reference in answer["headers"].items():
        if name.lower() not in one.answered:
            found.append(f"{name} is missing")
            continue
        header = _resolved(reference)
        found += judged(header["schema"], _typed(one.answered[name.lower()], header), name)
    return found


def judged(schema: Mapping[str, Any], value: Any, where: str) -> list[str]:
    judge = OAS30Validator(
        {"allOf": [schema], "components": EXCERPT["components"]},
        format_checker=oas30_format_checker,
    )
    return [f"{where}{error.json_path[1:]}: {error.message}" for error in judge.iter_errors(value)]


def _properties(schema: Mapping[str, Any]) -> set[str]:
    described = _resolved(schema)
    names = set(described.get("properties", ()))
    for part in (*described.get("allOf", ()), *described.get("anyOf", ())):
        names |= _properties(part)
    return names


def _resolved(described: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in described:
        return described
    found: Any = EXCERPT
    for part in described["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(found)


def _typed(text: str, described: Mapping[str, Any]) -> Any:
    return int(text) if described["schema"].get("type") == "integer" else text


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in raw}
