"""Filters that are looked at on the spot: aiogram sends every plain function to a thread."""

from typing import Any

from aiogram.filters import Filter
from aiogram.types import TelegramObject
from magic_filter import MagicFilter


class Where(Filter):
    """Matches what the rule (`F.text`, `F.data == "help"`) finds in the event."""

    def __init__(self, rule: MagicFilter) -> None:
        self.rule = rule

    async def __call__(self, event: TelegramObject) -> bool | dict[str, Any]:
        return bool(self.rule.resolve(event))
