"""Reads a Bot API call in any of its encodings and checks it with aiogram's own method classes."""

import inspect
import json
import types
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

import aiogram.methods
from aiogram.methods.base import TelegramMethod
from pydantic import ValidationError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from sandbox.store import Json
from sandbox.telegram.refusals import Refusal, bad_request

METHODS: dict[str, type[TelegramMethod[Any]]] = {
    cls.__api_method__.lower(): cls
    for cls in vars(aiogram.methods).values()
    if inspect.isclass(cls)
    and issubclass(cls, TelegramMethod)
    and isinstance(getattr(cls, "__api_method__", None), str)
}
_MAX_PART = 50 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    name: str
    content: bytes


@dataclass
class Call:
    """One call: the method's proper name, its checked arguments, and the files sent along."""

    method: str
    arguments: Json
    uploads: dict[str, Upload] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.arguments.get(name, default)

    @property
    def chat_id(self) -> int:
        given = str(self.get("chat_id", ""))
        if not given:
            raise bad_request("chat_id is empty")
        if not given.lstrip("-").isdigit():
            raise bad_request("chat not found")
        return int(given)


async def read(method: str, query: Mapping[str, str], headers: Headers, body: bytes) -> Call:
    """The call in query, JSON, form or multipart. Names of methods are case-insensitive."""
    given: Json = dict(query)
    fields, uploads = await decoded(headers, body)
    return checked(method, given | fields, uploads)


def checked(method: str, given: Json, uploads: dict[str, Upload]) -> Call:
    cls = METHODS.get(method.lower())
    if cls is None:
        raise Refusal(404, "Not Found: method not found")
    # A file may be sent in the field of its own name instead of through attach://.
    attached = {name: f"attach://{name}" for name in uploads if name in cls.model_fields}
    arguments = {
        name: _structured(cls, name, value)
        for name, value in (attached | given).items()
        if value is not None and (value != "" or name == "url")
    }
    try:
        cls.model_validate(arguments)
    except ValidationError as error:
        raise _explained(error) from error
    return Call(cls.__api_method__, arguments, uploads)


async def decoded(headers: Headers, body: bytes) -> tuple[Json, dict[str, Upload]]:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return {}, {}
    if kind == "application/json":
        try:
            decoded = json.loads(body)
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        return (decoded if isinstance(decoded, dict) else {}), {}
    if kind == "multipart/form-data":
        return await _multipart(headers, body)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    except ValueError:
        raise bad_request("strings must be encoded in UTF-8") from None


async def _multipart(headers: Headers, body: bytes) -> tuple[Json, dict[str, Upload]]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(
            headers,
            stream(),
            max_part_size=_MAX_PART,
        ).parse()
    except (MultiPartException, KeyError):
        raise bad_request("can't parse the multipart body") from None
    fields: Json = {}
    uploads: dict[str, Upload] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            uploads[name] = Upload(value.filename or name, await value.read())
        else:
            fields[name] = value
    await form.close()
    return fields, uploads


def _structured(cls: type[TelegramMethod[Any]], name: str, value: Any) -> Any:
    """Forms carry objects as JSON text: read it where the method wants an object, not a text."""
    known = cls.model_fields.get(name)
    if known is None or not isinstance(value, str) or _takes_text(known.annotation):
        return value
    try:
        return json.loads(value.lower() if value in ("True", "False") else value)
    except ValueError:
        return value


def _takes_text(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, types.UnionType):
        return any(_takes_text(part) for part in get_args(annotation))
    return inspect.isclass(annotation) and issubclass(annotation, str)


def _explained(error: ValidationError) -> Refusal:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    name = place[0] if place else ""
    if name == "chat_id":
        return bad_request("chat_id is empty")
    if name == "text":
        return bad_request("message text is empty")
    if name == "reply_markup":
        return bad_request(f"object expected as reply markup: {first['msg']}")
    return bad_request(f"parameter {'.'.join(place)}: {first['msg']}")
