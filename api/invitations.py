"""The link in a message to a guarantor: it opens our chat, where the invitation is read."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import RedirectResponse

from api.deps import NotConnected, Wired

router = APIRouter(tags=["borrowers"])


@router.get("/g/{invite}", response_class=RedirectResponse, status_code=307)
async def open_invitation(
    invite: Annotated[str, Path(pattern="^V-[0-9A-Z]{8}$")], wiring: Wired
) -> str:
    """For whoever got the message. Says nothing about the loan: the chat asks who is reading."""
    if wiring.telegram is None:
        raise NotConnected(service="Telegram")
    bot, _ = wiring.telegram
    me = await bot.me()
    return f"https://t.me/{me.username}?start={invite}"
