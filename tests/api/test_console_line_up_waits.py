"""Nobody waits for the pages of the line-up that take their time."""

from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from onboarding import successors
from scoring import whatif
from scoring.line_up import Pair
from tests.api.conftest import Sit
from tests.api.test_console_line_up import asked, champion, renamed, typed

__all__ = ["champion", "renamed"]


async def test_no_transaction_is_open_while_the_gate_or_a_what_if_works(
    sit: Sit, renamed: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await sit("Ann")
    begun: list[Session] = []
    found: list[tuple[str, bool]] = []

    def note(session: Session, *_: object) -> None:
        begun.append(session)

    def watch(module: ModuleType, name: str) -> None:
        real = getattr(module, name)

        async def watched(*given: Any, **named: Any) -> Any:
            found.append((name, any(each.in_transaction() for each in begun)))
            return await real(*given, **named)

        monkeypatch.setattr(module, name, watched)

    watch(successors, "ask_gate")
    watch(whatif, "replay")
    event.listen(Session, "after_begin", note)
    try:
        await ann.reads("/line-up/pair", **asked(renamed))
        await ann.reads("/line-up/what-if", **asked(renamed))
        held = await ann.sends("/line-up/promote", page="/line-up", **typed(renamed))
    finally:
        event.remove(Session, "after_begin", note)

    assert (held.status_code, len(begun) > 3) == (409, True)
    asks = ("ask_gate", "replay", "ask_gate", "ask_gate")
    assert found == [(name, False) for name in asks]
