"""Planted defects of what people enter, of cards and of capital (`simulation.bugs`)."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from servicing import cards, suspense, transfers
from servicing.funding import capital, returns

Patch = tuple[Any, str, Any]
"""Where, which name, and what stands there instead."""


def entry_forgotten() -> list[Patch]:
    """When the rail tells of money that staff have entered by hand, nobody remembers."""

    async def wrong(*_: Any, **__: Any) -> None:
        return None

    return [(transfers, "find_told", wrong)]


def entry_unchecked() -> list[Patch]:
    """Staff enter by hand whatever a rail has brought already."""

    async def wrong(*_: Any, **__: Any) -> None:
        return None

    return [(transfers, "must_be_outside", wrong)]


def settled_by_any_name() -> list[Patch]:
    """Two settle a payment request by money that stands elsewhere."""

    async def wrong(*_: Any, **__: Any) -> None:
        return None

    return [(transfers, "must_be_new", wrong)]


def card_too_late() -> list[Patch]:
    """What a card paid for an invoice that had been given up is dropped."""

    async def wrong(*_: Any, **__: Any) -> None:
        return None

    return [(cards, "_paid_besides", wrong)]


def capital_waits_too() -> list[Patch]:
    """Money that becomes a funder's capital stays in suspense besides."""

    async def wrong(*_: Any, **__: Any) -> None:
        return None

    kept = SimpleNamespace(**{**vars(suspense), "leave": wrong})
    return [(capital, "suspense", kept)]


def loss_forgotten() -> list[Patch]:
    """What a loan of a pool has lost is told to nobody."""

    def wrong(*_: Any) -> None:
        return None

    return [(returns, "_share_loss", wrong)]


def interest_shared_again() -> list[Patch]:
    """Each night all interest that a loan has ever brought is shared out."""
    share = returns._share_interest

    def wrong(shares: Any, interest: int, news: Any) -> None:
        for each in shares:
            each.interest_minor = 0
        share(shares, interest, news)

    return [(returns, "_share_interest", wrong)]


ALL: tuple[Callable[[], list[Patch]], ...] = (
    entry_forgotten,
    entry_unchecked,
    settled_by_any_name,
    card_too_late,
    capital_waits_too,
    loss_forgotten,
    interest_shared_again,
)
