"""Changing a loan in the chat: what can be done, what it costs, and the yes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from bot.callbacks import Ahead, Amend, Menu, Move, MoveKind
from bot.screens import prices, ways
from bot.screens.base import Button, Screen, buttons, in_rows, lines, paragraphs, table
from bot.text import Words
from kit.money import Money
from servicing import self_service
from servicing.models import Amendment
from servicing.previews import Preview
from servicing.self_service import Offer, Offers

DAYS_SHOWN = 6
_NAMES = {MoveKind.DATE: "change-date", MoveKind.BREAK: "change-break"}
_CHOICES = {
    self_service.Ahead.SHORTER: "ahead-shorter",
    self_service.Ahead.SMALLER: "ahead-smaller",
}
_SUGGESTED = frozenset(
    {"reschedule", "pause", "split", "reage", "reamortize", "restructure", "top_up", "refinance"}
)


@dataclass(frozen=True)
class Effect:
    """What a change does, read from what was or will be kept of it."""

    dues: Sequence[tuple[date, Money]]
    last_before: date | None
    before: Money
    after: Money
    price: Money
    paid_out: Money
    aprs: tuple[Fraction, Fraction] | None
    """A year, of what is left from now on: before and after."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Effect":
        def money(text: str) -> Money:
            return Money.parse(text, document["currency"])

        def dues(listed: Sequence[Mapping[str, str]]) -> list[tuple[date, Money]]:
            return [(date.fromisoformat(due["due_on"]), money(due["amount"])) for due in listed]

        was = dues(document["before"])
        return cls(
            dues(document["after"]),
            was[-1][0] if was else None,
            money(document["to_pay_before"]),
            money(document["to_pay_after"]),
            money(document["price"]),
            money(document.get("paid_out", "0")),
            _aprs(document.get("apr_before"), document.get("apr_after")),
        )


def hub(offers: Offers, words: Words) -> Screen:
    """What the borrower may do without anybody; for all else there is a person."""
    moves = {MoveKind.DATE: offers.date_move, MoveKind.BREAK: offers.payment_break}
    open_ = {kind: offer for kind, offer in moves.items() if offer is not None}
    said = [_offered(kind, offer, words) for kind, offer in open_.items()]
    rows: list[list[Button]] = [
        [(words.label(_NAMES[kind]), Move(kind=kind, due=offer.from_due_date.isoformat()))]
        for kind, offer in open_.items()
    ]
    if offers.may_choose_ahead:
        said.append(words("ahead-offer"))
        rows += [[(words.label(key), Ahead(choice=choice))] for choice, key in _CHOICES.items()]
    return Screen(
        paragraphs(words("change-title"), *said, words("change-person")),
        buttons(*rows, [ways.to(Menu.LOAN, words)], ways.help_and_human(words)),
    )


def days(kind: MoveKind, offer: Offer, words: Words) -> Screen:
    due = offer.from_due_date.isoformat()
    choices: list[Button] = [
        (words.label("change-day", day=day), Move(kind=kind, due=due, to=day.isoformat()))
        for day in _days(offer)
    ]
    return Screen(
        paragraphs(words("change-which-day", day=offer.from_due_date), _price(offer.price, words)),
        buttons(*in_rows(choices, 2), [(words.label("button-back"), Menu.CHANGE)]),
    )


def preview(asked: Move, seen: Preview, words: Words) -> Screen:
    """The price comes first; the button carries what was shown."""
    agreed = asked.model_copy(update={"extra": seen.extra_cost.minor, "yes": True})
    again = Move(kind=asked.kind, due=asked.due)
    return Screen(
        paragraphs(words("change-check"), *_effect(Effect.of(seen.as_document()), words)),
        buttons(
            [(words.label("change-yes"), agreed)],
            [(words.label("change-another-day"), again), (words.label("button-back"), Menu.CHANGE)],
        ),
    )


def ahead(
    choice: self_service.Ahead, seen: Preview, words: Words, *, is_chosen: bool = False
) -> Screen:
    """One way of using money that is paid ahead, and the button for the other one."""
    other = next(each for each in _CHOICES if each is not choice)
    agree = [(words.label("change-yes"), Ahead(choice=choice, yes=True))]
    title = words("ahead-chosen") if is_chosen else words(f"{_CHOICES[choice]}-check")
    return Screen(
        paragraphs(title, *_effect(Effect.of(seen.as_document()), words)),
        buttons(
            [] if is_chosen else agree,
            [(words.label(_CHOICES[other]), Ahead(choice=other))],
            [(words.label("button-back"), Menu.CHANGE)],
        ),
    )


def suggestion(amendment: Amendment, words: Words) -> Screen:
    """What staff suggest, as it was when they suggested it."""
    kind = amendment.kind if amendment.kind in _SUGGESTED else "other"
    effect = Effect.of(amendment.preview)

    def answer(key: str, act: str) -> Button:
        return (words.label(key), Amend(act=act, amendment=amendment.id))

    return Screen(
        paragraphs(words("suggestion-title"), words(f"suggestion-{kind}"), *_effect(effect, words)),
        buttons(
            [answer("suggestion-agree", "agree"), answer("suggestion-decline", "decline")],
            ways.help_and_human(words),
        ),
    )


def _offered(kind: MoveKind, offer: Offer, words: Words) -> str:
    said = words(f"{_NAMES[kind]}-offer", day=offer.from_due_date, latest=offer.latest)
    return lines(said, _price(offer.price, words), words("change-left", count=offer.left))


def _price(price: Money, words: Words) -> str:
    return words("change-price", price=price) if price else words("change-free")


def _effect(effect: Effect, words: Words) -> tuple[str | None, ...]:
    """What it costs in all, then the new dates."""
    extra = effect.after - effect.before
    key = (
        "change-costs" if extra.minor > 0 else "change-saves" if extra.minor < 0 else "change-same"
    )
    cost = words(
        key,
        extra=extra if extra.minor >= 0 else extra.zero() - extra,
        before=effect.before,
        after=effect.after,
    )
    price = words("change-price", price=effect.price) if effect.price else None
    paid_out = words("change-paid-out", amount=effect.paid_out) if effect.paid_out else None
    dues = [(words.day(day), words.money(amount)) for day, amount in effect.dues]
    shown = table(dues[: prices.ROWS_SHOWN]) if dues else None
    last_date = _last_date(effect, words)
    return (
        lines(paid_out, price, cost, _apr(effect, words), last_date),
        lines(words("change-dates"), shown),
    )


def _last_date(effect: Effect, words: Words) -> str | None:
    """When the loan ends, where that changes: the table may be too long to show it."""
    last = effect.dues[-1][0] if effect.dues else None
    if last is None or effect.last_before is None or last == effect.last_before:
        return None
    return words("change-last-date", day=last, before=effect.last_before)


def _apr(effect: Effect, words: Words) -> str | None:
    if effect.aprs is None:
        return None
    before, after = (words.percent(rate) for rate in effect.aprs)
    key = "change-apr" if after != before else "change-apr-same"
    return words(key, after=after, before=before)


def _aprs(before: str | None, after: str | None) -> tuple[Fraction, Fraction] | None:
    """None where one of them has none, or it was shown before there were any."""
    return (Fraction(before), Fraction(after)) if before and after else None


def _days(offer: Offer) -> list[date]:
    """A few days over the whole span, the last one among them."""
    span = (offer.latest - offer.earliest).days
    steps = min(span, DAYS_SHOWN - 1)
    if not steps:
        return [offer.latest]
    return [offer.earliest + timedelta(days=span * n // steps) for n in range(steps + 1)]
