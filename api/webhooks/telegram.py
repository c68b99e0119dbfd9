"""Telegram's updates: only with the secret that we gave it, answered after the commit."""

from aiogram.types import Update
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.deps import Wired
from api.webhooks import proofs

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post("/telegram", response_class=Response)
async def receive_update(request: Request, wiring: Wired) -> Response:
    """An answer other than 2xx makes Telegram send the update again; repeats are harmless."""
    proofs.same_secret(
        request.headers.get("x-telegram-bot-api-secret-token", ""),
        wiring.settings.telegram_webhook_secret,
    )
    if wiring.telegram is None:
        raise proofs.WebhookOff(webhook="telegram")
    bot, dispatcher = wiring.telegram
    try:
        update = Update.model_validate_json(await request.body(), context={"bot": bot})
    except ValidationError:
        raise proofs.WebhookNotUnderstood() from None
    # The dispatcher commits before it returns.
    await dispatcher.feed_update(bot, update)
    return Response()
