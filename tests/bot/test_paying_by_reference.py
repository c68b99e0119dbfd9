"""How people pay at an agent or by themselves: whom they name, and what they write."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from aiogram.types import InlineKeyboardMarkup

from bot import text
from bot.callbacks import Card, Menu, Pay
from bot.screens import loan as screens
from bot.screens.base import Screen
from bot.screens.loan import Standing
from bot.text import Words
from kit.config import Settings
from kit.money import Money
from servicing.models import Loan
from servicing.states import LoanStatus

TEXTS = text.load()
BANK = "NL41MOCK0000000001"
BY_CARD = (Menu.CARD.value, f"{Card.__prefix__}:")
SETTINGS = Settings(mpesa_shortcode="600123", gsma_account="2000", rail_account=BANK)


def standing(rail: str) -> Standing:
    loan = Loan(
        reference="L-7K3QFWXM", status=LoanStatus.ACTIVE, currency="KES", principal_minor=100
    )
    kes = Money(0, "KES")
    rest: dict[str, Any] = {each.name: None for each in fields(Standing)}
    shown: dict[str, Any] = {
        "loan": loan,
        "on": date(2026, 11, 20),
        "due_now": kes,
        "payoff": kes,
        "left": kes,
        "has_wallet": True,
    }
    return Standing(**{**rest, **shown, "credit": kes, "rail": rail, "payee": SETTINGS.payee(rail)})


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize(
    ("rail", "payee"),
    [("mpesa", "600123"), ("gsma", "2000"), ("iso20022", BANK), ("wallet", "")],
)
def test_is_told_with_the_loan_and_where_one_pays(locale: str, rail: str, payee: str) -> None:
    words = Words(TEXTS, locale)
    shown = [
        screens.overview(standing(rail), [], words),
        screens.pay(standing(rail), None, words),
        screens.pay(standing(rail), Money(5, "KES"), words),
    ]

    for screen in shown:
        assert "<code>L-7K3QFWXM</code>" in screen.text
        assert f"<code>{payee}</code>" in screen.text if payee else True


@pytest.mark.parametrize("locale", ["en", "es"])
def test_is_all_that_is_shown_where_there_is_no_wallet_to_ask(locale: str) -> None:
    words, owed = Words(TEXTS, locale), Money(500, "KES")
    without = replace(standing("wallet"), has_wallet=False, due_now=owed, payoff=owed, left=owed)
    with_cards = replace(without, takes_cards=True)

    for each, card in ((without, 0), (with_cards, 1)):
        for screen in (
            screens.pay(each, None, words),
            screens.confirm(each, owed, words),
            screens.payoff(each, words),
        ):
            pressed = [button.callback_data for row in rows(screen) for button in row]
            assert not [data for data in pressed if data.startswith(f"{Pay.__prefix__}:")]
            assert len([data for data in pressed if data.startswith(BY_CARD)]) == card
            assert words("pay-no-wallet") in screen.text
            assert "<code>L-7K3QFWXM</code>" in screen.text


def rows(screen: Screen) -> list[list[Any]]:
    assert isinstance(screen.keyboard, InlineKeyboardMarkup)
    return screen.keyboard.inline_keyboard
