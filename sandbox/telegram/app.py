"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers

from sandbox import outgoing
from sandbox.telegram import methods, requests
from sandbox.telegram.files import media_type
from sandbox.telegram.refusals import Refusal
from sandbox.telegram.state import Telegram

_log = logging.getLogger(__name__)
_DESCRIPTIONS = {
    "setWebhook": "Webhook was set",
    "deleteWebhook": "Webhook was deleted",
}


def create_app(telegram: Telegram) -> FastAPI:
    app = FastAPI(title="Telegram Bot API (sandbox)", openapi_url=None)

    async def on_answer(response: outgoing.Response) -> None:
        await _run_answer(telegram, response)

    telegram.updates.on_answer = on_answer

    @app.api_route("/bot{token}/{method}", methods=["GET", "POST"])
    async def call(token: str, method: str, request: Request) -> JSONResponse:
        try:
            _check_token(telegram, token)
            received = await requests.read(
                method, request.query_params, request.headers, await request.body()
            )
            answer = await methods.answer(telegram, received)
        except Refusal as refusal:
            return JSONResponse(refusal.answer(), status_code=refusal.code)
        if received.method in _DESCRIPTIONS:
            answer["description"] = _DESCRIPTIONS[received.method]
        return JSONResponse(answer)

    @app.get("/file/bot{token}/{path:path}")
    async def download(token: str, path: str) -> Response:
        try:
            _check_token(telegram, token)
        except Refusal as refusal:
            return JSONResponse(refusal.answer(), status_code=refusal.code)
        entry = telegram.files.find_by_path(path)
        if entry is None:
            return JSONResponse(Refusal(404, "Not Found").answer(), status_code=404)
        return Response(await telegram.files.read(entry), media_type=media_type(entry))

    return app


def _check_token(telegram: Telegram, token: str) -> None:
    if token != telegram.bot.token:
        raise Refusal(401, "Unauthorized")


async def _run_answer(telegram: Telegram, response: outgoing.Response) -> None:
    """A webhook may answer with a method call. Its result goes nowhere, as in Telegram."""
    try:
        headers = Headers(raw=response.headers)
        fields, uploads = await requests.decoded(headers, response.content)
        if method := fields.pop("method", None):
            await methods.answer(telegram, requests.checked(str(method), fields, uploads))
    except Refusal as refusal:
        _log.warning("the answer in a webhook response was refused: %s", refusal)
