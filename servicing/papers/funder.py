"""A funder's statement as lines, for a table, and as PDF."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from kit.money import Money
from kit.sheet import Sheet
from servicing import arrears_report
from servicing.funding.statements import Statement
from servicing.ledger.rules import Event
from servicing.papers.words import Words


class Line(NamedTuple):
    section: str
    name: str
    value: Money | str


def lines(found: Statement, words: Words) -> Iterator[Line]:
    if found.until < found.asked_until:
        yield Line(words("funder-period"), words("funder-shared-out"), words.day(found.until))
    for key, minor in _capital(found):
        yield _line("capital", key, minor, found, words)
    for key, minor in _work(found):
        yield _line("work", key, minor, found, words)
    for key, minor in _returns(found):
        yield _line("returns", key, minor, found, words)
    for key, rate in (("irr", found.irr), ("twr", found.twr)):
        yield Line(words("funder-returns"), words(f"funder-{key}"), percent(rate))
    for key, minor in _risk(found):
        yield _line("risk", key, minor, found, words)


def pdf(found: Statement, locale: str, *, issuer: str, now: datetime) -> bytes:
    words = Words(locale)
    sheet = Sheet(
        words("funder-title"),
        subtitle=words(
            "funder-subtitle",
            funder=found.funder.name,
            pool=found.pool.code,
            since=words.day(found.since),
            until=words.day(found.until),
        ),
        issuer=issuer,
        locale=words.locale,
        made_at=now,
    )
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in lines(found, words):
        value = line.value if isinstance(line.value, str) else words.money(line.value)
        sections.setdefault(line.section, []).append((line.name, value))
    for section, rows in sections.items():
        sheet.heading(section)
        sheet.facts(rows)
    sheet.paragraph(words("funder-note"))
    return sheet.to_bytes()


def percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate * 100:.2f} %"


def _line(section: str, key: str, minor: int, found: Statement, words: Words) -> Line:
    value = Money(minor, found.pool.currency)
    return Line(words(f"funder-{section}"), words(f"funder-{key}"), value)


def _capital(found: Statement) -> Iterator[tuple[str, int]]:
    moved = found.moved
    yield "opening", found.opening.capital_minor
    yield "paid-in", moved[Event.CAPITAL_PAID_IN]
    yield "reinvested", moved[Event.RETURN_REINVESTED]
    yield "taken-out", -moved[Event.CAPITAL_TAKEN_OUT]
    if back := moved[Event.CAPITAL_TAKEN_BACK]:
        yield "taken-back", -back
    yield "losses", -moved[Event.LOSS_BORNE]
    yield "recovered", moved[Event.LOSS_RECOVERED]
    yield "closing", found.closing.capital_minor


def _work(found: Statement) -> Iterator[tuple[str, int]]:
    moved = found.moved
    yield "opening", found.opening.at_work_minor
    yield "deployed", found.deployed_minor
    yield "repaid", -found.repaid_minor
    yield "losses", moved[Event.LOSS_RECOVERED] - moved[Event.LOSS_BORNE]
    yield "closing", found.closing.at_work_minor
    yield "free", found.closing.free_minor


def _returns(found: Statement) -> Iterator[tuple[str, int]]:
    moved = found.moved
    yield "interest", found.interest_minor
    yield "fees", -found.fees_minor
    yield "earned", found.earned_minor
    yield "paid-out", -moved[Event.RETURN_PAID]
    yield "payable", found.closing.payable_minor


def _risk(found: Statement) -> Iterator[tuple[str, int]]:
    yield "balance", found.risk.whole.balance_minor
    yield "overdue", found.risk.whole.overdue_minor
    for days in arrears_report.PAR_DAYS:
        yield f"par-{days}", found.risk.at_risk[days].balance_minor
    yield "expected-loss", found.risk.whole.expected_loss_minor
