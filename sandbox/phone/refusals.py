"""What the page and the tests are told when something cannot be done: `{code, message}`."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.people import NobodyThere, PhoneTaken
from sandbox.telegram.refusals import Refusal
from sandbox.wallet.state import Refused


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(NobodyThere, _nobody)
    app.add_exception_handler(PhoneTaken, _taken)


def _answer(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": message}, status_code=status)


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return _answer(error.code, "refused", error.description.removeprefix("Bad Request: "))


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return _answer(error.status, error.code, error.message)


async def _nobody(request: Request, error: Exception) -> JSONResponse:
    return _answer(404, "nobody_there", "there is no such person")


async def _taken(request: Request, error: Exception) -> JSONResponse:
    return _answer(409, "phone_taken", str(error))
