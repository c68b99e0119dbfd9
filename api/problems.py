"""Every refusal as application/problem+json: what is wrong, where, and which request it was."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kit.errors import DomainError, Kind, TransientFailure

log = structlog.get_logger(__name__)

STATUS_OF = {
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CODE_OF = {400: "malformed_body", 404: "route_not_found", 413: "body_too_large"}
_ERRORS_SHOWN = 20
_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Refused: `code` is stable, `errors` say what is wrong where.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
}
SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:kopa:error:loan_not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "params": {"type": "object"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "what", "code"],
                "properties": {name: {"type": "string"} for name in ("where", "what", "code")},
            },
        },
    },
}


def documented() -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI description of every route says about refusals."""
    return dict(_DOCUMENTED)


def answer(
    request_id: str,
    status: int,
    code: str,
    *,
    detail: str = "",
    params: Mapping[str, object] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": f"urn:kopa:error:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": int(status),
        "code": code,
        "request_id": request_id,
    }
    if detail:
        body["detail"] = detail
    if params:
        body["params"] = {name: _plain(value) for name, value in params.items()}
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(
        body, status_code=status, headers=headers, media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(HTTPException, _http)
    for failure in (OperationalError, NoFreeConnection, TransientFailure):
        app.add_exception_handler(failure, _unavailable)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    headers = {}
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if (seconds := error.params.get("retry_after_seconds")) is not None:
        headers["Retry-After"] = str(seconds)
    return answer(
        id_of(request),
        STATUS_OF[error.kind],
        error.code,
        detail=printable(str(error)) if error.params else "",
        params=error.params,
        errors=_places(error),
        headers=headers,
    )


def _places(error: DomainError) -> list[dict[str, str]]:
    """Refusals that know which field they are about say so like any other bad input."""
    where, what = error.params.get("field"), error.params.get("reason")
    if where is None or what is None:
        return []
    found = {"where": f"body.{where}", "what": str(what), "code": error.code}
    return [{name: printable(text) for name, text in found.items()}]


async def _misunderstood(request: Request, error: Exception) -> Response:
    """What was sent is not repeated: it may be personal, and may not even be text."""
    assert isinstance(error, RequestValidationError)
    found = [
        {
            "where": printable(".".join(str(part) for part in item["loc"])),
            "what": printable(item["msg"].removeprefix("Value error, ")),
            "code": item["type"],
        }
        for item in error.errors()[:_ERRORS_SHOWN]
    ]
    return answer(id_of(request), 422, "invalid_request", errors=found)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODE_OF.get(error.status_code) or HTTPStatus(error.status_code).name.lower()
    return answer(id_of(request), error.status_code, code, headers=error.headers)


async def _unavailable(request: Request, error: Exception) -> Response:
    log.warning("http.unavailable", why=type(error).__name__)
    return answer(id_of(request), 503, "temporarily_unavailable", headers={"Retry-After": "5"})


def unexpected(request_id: str) -> Response:
    """The reference is all that leaves the house; the log has the rest."""
    return answer(request_id, 500, "unexpected_error", detail="Quote the request id to support.")


def id_of(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def printable(text: str) -> str:
    """One short line that any terminal can show, whatever it was made of."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:300])


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return printable(str(value))
