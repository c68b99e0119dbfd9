"""Runs one Bot API call, after whatever trouble was ordered for it."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from sandbox.store import Json
from sandbox.telegram import account, editing, payments, sending
from sandbox.telegram.refusals import Refusal, too_many
from sandbox.telegram.requests import Call
from sandbox.telegram.state import Telegram
from sandbox.trouble import Trouble

Method = Callable[[Telegram, Call], Awaitable[Any]]

METHODS: dict[str, Method] = {
    **account.METHODS,
    **sending.METHODS,
    **editing.METHODS,
    **payments.METHODS,
}


async def answer(telegram: Telegram, call: Call) -> Json:
    """The whole answer, `{ok: true, result}`; refusals are raised."""
    targets = (call.method, str(call.get("chat_id", "")))
    if slow := telegram.door.take("delay", *targets):
        await asyncio.sleep(slow.seconds)
    if failure := telegram.door.take("fail", *targets):
        raise _ordered(failure)
    method = METHODS.get(call.method)
    if method is None:
        raise Refusal(501, f"Not Implemented: the sandbox does not know {call.method}")
    result = await method(telegram, call)
    if lost := telegram.door.take("lose_answer", *targets):
        await asyncio.sleep(lost.seconds)
        raise Refusal(502, "Bad Gateway")
    return {"ok": True, "result": result}


def _ordered(trouble: Trouble) -> Refusal:
    if trouble.retry_after is not None:
        return too_many(trouble.retry_after)
    code = int(trouble.code or 500)
    if trouble.description:
        return Refusal(code, trouble.description)
    known = {status.value: status.phrase for status in HTTPStatus}
    return Refusal(code, known.get(code, "Error"))
