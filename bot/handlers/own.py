"""Buttons of one application: taken only from its owner, and only as it was when drawn."""

from typing import Any

from aiogram.filters import Filter
from aiogram.types import CallbackQuery

from bot.callbacks import Act
from bot.context import UpdateContext


class OwnButton(Filter):
    """Matches `act` on the sender's own application at its present version.

    A button that is old, forged or of somebody else matches nothing, and is answered as stale.
    """

    def __init__(self, act: str) -> None:
        self.act = act

    async def __call__(self, query: CallbackQuery, context: UpdateContext) -> bool | dict[str, Any]:
        pressed = _read(query.data or "")
        application = context.dossier.application if context.dossier else None
        if pressed is None or application is None or pressed.act != self.act:
            return False
        is_own = pressed.application == application.reference
        if not is_own or pressed.version != application.version:
            return False
        return {"callback_data": pressed}


def _read(data: str) -> Act | None:
    try:
        return Act.unpack(data)
    except (TypeError, ValueError):
        return None
