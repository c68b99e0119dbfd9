"""Changes to a running loan: dates moved, debt spread anew, money taken back, debt given up."""

import dataclasses
import itertools
from datetime import date, timedelta
from fractions import Fraction

from kit.money import Money
from servicing import calendars, early, recalculation, reshaping, schedule
from servicing.allocation import Timing
from servicing.choices import Grace, Method, MonthEnd, RateChange
from servicing.delinquency import Pause
from servicing.events import MONEY_IN, Event, MovedInterest
from servicing.fields import InvalidTerms
from servicing.life import (
    INDEX,
    INTEREST,
    PRINCIPAL,
    Kind,
    Life,
    Parts,
    Row,
    Status,
    Transaction,
    close_if_settled,
    forgive,
)
from servicing.planning import charge, replan, rest_of, shares
from servicing.why import Why


def reschedule(life: Life, event: Event) -> None:
    """Move due dates from one on, or add installments and spread what is left over all of them."""
    details = event.details
    regular = [row for row in life.rows if row.is_regular]
    dates = [row.due_on for row in regular]
    if details["from_due_date"] not in dates:
        raise _refused(event, "from_due_date", Why.NO_SUCH_DUE_DATE)
    index = dates.index(details["from_due_date"])
    if dates[index] <= life.terms.disbursed_on and life.is_reshaped:
        raise _refused(event, "from_due_date", Why.BEFORE_RESTRUCTURING)
    _move_dates(life, event, dates, index)
    if details["rate"] is not None:
        _set_rate(life, dates[index - 1] if index else life.terms.disbursed_on, details["rate"])
    if max(details["grace"]) >= len(dates) - index:
        raise _refused(event, "grace_principal", Why.NOTHING_LEFT_TO_PAY)
    if _changes_a_part(life, event, regular[:index]):
        _stretch(life, regular, index, dates, details["grace"])
    elif life.is_reshaped and details["rate"] is None:
        _move(regular, dates, life.draws[0].on)
    else:
        _agree(life, event, dates)
        _plan_again(life, event)


def _changes_a_part(life: Life, event: Event, before: list[Row]) -> bool:
    """Whether what comes before stays as it is, and the rest is found anew and fixed."""
    details = event.details
    if any(details["grace"]) or (details["extra"] and (before or life.is_reshaped)):
        return True
    return _is_begun(life, before) and not life.is_reshaped


def _agree(life: Life, event: Event, dates: list[date]) -> None:
    """Other due dates for the whole loan; moved ones leave level installments as they were."""
    agreed: tuple[date, ...] = ()
    if not event.details["extra"]:
        if event.details["new_due_date"] is None:
            return
        regular = tuple(row.due_on for row in life.rows if row.is_regular)
        agreed = life.terms.agreed_dates or regular
    life.terms = dataclasses.replace(
        life.terms, due_dates=tuple(dates), installments=len(dates), agreed_dates=agreed
    )


def change_rate(life: Life, event: Event) -> None:
    """Another rate from a day on, whichever part of a period that is."""
    _set_rate(life, event.details["start"], event.details["rate"])
    _plan_again(life, event)


def _set_rate(life: Life, start: date, rate: Fraction) -> None:
    changes = [each for each in life.terms.rate_changes if each.start != start]
    changes = sorted([*changes, RateChange(start, rate)], key=lambda each: each.start)
    life.terms = dataclasses.replace(life.terms, rate_changes=tuple(changes))


def _move_dates(life: Life, event: Event, dates: list[date], index: int) -> None:
    details = event.details
    if details["new_due_date"] is not None:
        if details["new_due_date"] <= (dates[index - 1] if index else life.terms.disbursed_on):
            raise _refused(event, "new_due_date", Why.NOT_AFTER_THE_ONE_BEFORE)
        last = len(dates) if details["following"] else index + 1
        dates[index:last] = [
            calendars.step(life.terms, details["new_due_date"], n) for n in range(last - index)
        ]
        if any(after <= before for before, after in itertools.pairwise(dates)):
            raise _refused(event, "new_due_date", Why.NOT_BEFORE_THE_ONE_AFTER)
    dates += [calendars.step(life.terms, dates[-1], n + 1) for n in range(details["extra"])]


def _is_begun(life: Life, before: list[Row]) -> bool:
    """What was paid for stays as it was: only the rest may be scheduled anew."""
    return not recalculation.applies(life) and any(sum(row.paid) for row in before)


def _move(regular: list[Row], dates: list[date], start: date) -> None:
    """Other dates for the same amounts."""
    for row, due_on in zip(regular, dates, strict=True):
        row.due_on, row.days = due_on, (due_on - start).days
        start = due_on


def _stretch(life: Life, regular: list[Row], index: int, dates: list[date], grace: Grace) -> None:
    """The same debt over more installments, scheduled anew from `index` on."""
    moved = regular[index:]
    balance = sum(row.unpaid(PRINCIPAL) for row in moved)
    if not balance:
        return
    _move(regular, dates[: len(regular)], life.draws[0].on)
    previous = dates[len(regular) - 1]
    for due_on in dates[len(regular) :]:
        row = Row(Kind.INSTALLMENT, due_on, (due_on - previous).days, [0, 0, 0, 0])
        _insert(life, row)
        moved.append(row)
        previous = due_on
    since = max(dates[index - 1] if index else date.min, life.terms.disbursed_on)
    rest = rest_of(life.terms, balance, since, dates[index:], grace)
    planned = schedule.build(rest).installments
    _give(moved, PRINCIPAL, [row.principal for row in planned])
    if life.terms.method is Method.FLAT:  # still on all that was lent
        rest = dataclasses.replace(rest, principal=Money(life.drawn, life.terms.currency))
        planned = schedule.build(rest).installments
    _give(moved, INTEREST, [row.interest for row in planned])
    life.is_reshaped = True


def reage(life: Life, event: Event) -> None:
    """All that is owed leaves its old installments and is spread over new ones."""
    details, on = event.details, event.on
    if details["start"] <= on and details["interest"] is MovedInterest.ANEW:
        raise _refused(event, "start", Why.NOT_AFTER_REAGEING)
    if details["interest"] is MovedInterest.ANEW:
        reshaping.restructure(life, event)
        return
    _ready_interest(life, details["interest"], on)
    carried = _earned_and_unpaid(life, on)
    dates = [
        _after(details["start"], details["unit"], details["every"] * n)
        for n in range(details["count"])
    ]
    amounts = _take_off(life.rows, on)
    _drop_coming(life, on, details["start"])
    before = [row.due_on for row in life.rows if row.due_on < dates[0]]
    rows = _empty_rows(dates, max(before, default=on), on)
    _give(rows, INTEREST, shares(life, amounts[0], len(rows)))
    for row in rows:
        row.carried = min(carried, row.due[INTEREST])
        carried -= row.carried
    _give(rows, PRINCIPAL, shares(life, amounts[1], len(rows)))
    for row in rows:
        _insert(life, row)
    life.is_reshaped = True
    life.record(on, "reage", sum(amounts), (0, 0, amounts[0], amounts[1]))


def _drop_coming(life: Life, on: date, start: date) -> None:
    """Installments that owe nothing any more fall away; the one that runs ends on the day."""
    kept = [row for row in life.rows if any(row.due) or (row.due_on <= on and row.due_on < start)]
    runs = any(row.is_regular and row.due_on > on for row in life.rows if row not in kept)
    previous = max((row.due_on for row in kept if row.due_on <= on), default=life.draws[0].on)
    life.rows = kept
    if runs and previous < on < start:
        ended = Row(Kind.INSTALLMENT, on, (on - previous).days, [0, 0, 0, 0])
        ended.settled_on = on
        _insert(life, ended)


def _take_off(rows: list[Row], on: date) -> tuple[int, int]:
    """Interest and principal that leave these installments."""
    taken = sum(row.unpaid(INTEREST) for row in rows), sum(row.unpaid(PRINCIPAL) for row in rows)
    for row in rows:
        for component in (INTEREST, PRINCIPAL):
            row.due[component] -= row.unpaid(component)
        if row.settled_on is None and not row.outstanding:
            row.settled_on = on
    return taken


def _empty_rows(dates: list[date], previous: date, on: date) -> list[Row]:
    rows = []
    for due_on in dates:
        rows.append(Row(Kind.INSTALLMENT, due_on, (due_on - previous).days, [0, 0, 0, 0]))
        rows[-1].starts_on = max(previous, on)
        previous = due_on
    return rows


def reamortize(life: Life, event: Event) -> None:
    """What is overdue joins the installments still to come, in equal shares."""
    on = event.on
    _look(life, on)
    coming = [row for row in life.rows if row.is_regular and row.due_on > on]
    if not coming:
        raise _refused(event, "date", Why.NOTHING_LEFT_TO_COME)
    overdue = [row for row in life.rows if row.due_on <= on]
    if event.details["interest"] is MovedInterest.WAIVE:
        _give_up_interest(life, overdue, on)
    amounts = _take_off(overdue, on)
    for component, amount in zip((INTEREST, PRINCIPAL), amounts, strict=True):
        for row, extra in zip(coming, shares(life, amount, len(coming)), strict=True):
            row.due[component] += extra
            row.carried += extra if component == INTEREST else 0
            row.settled_on = row.settled_on if not row.outstanding else None
    life.is_reshaped = True
    life.record(on, "reamortize", sum(amounts), (0, 0, amounts[0], amounts[1]))


def _look(life: Life, on: date) -> None:
    if recalculation.applies(life):
        recalculation.refresh(life, on)


def _ready_interest(life: Life, how: MovedInterest, on: date) -> None:
    """What of the interest is moved: all, what is earned, or nothing."""
    _look(life, on)
    if how is not MovedInterest.SPREAD:
        reshaping.drop_unearned(life, on)
    if how is MovedInterest.WAIVE:
        _give_up_interest(life, life.rows, on)


def _give_up_interest(life: Life, rows: list[Row], on: date) -> None:
    given = sum(row.unpaid(INTEREST) for row in rows)
    for row in rows:
        row.forgiven[INTEREST] += row.unpaid(INTEREST)
    if given:
        life.record(on, "waiver", given, (0, 0, given, 0))


def charge_back(life: Life, event: Event) -> None:
    """A payment that was taken back: owed again, with the installment in whose period it falls."""
    amount = event.amount
    from_credit = min(life.credit, amount)
    life.credit -= from_credit
    owed_again = amount - from_credit
    parts = _taken_back(life, event, owed_again)
    recalculation.reopen(life, event.on)
    for component, part in enumerate(parts):
        if part:
            charge(life, component, part, event.on)
    life.move(event.on, parts[PRINCIPAL])
    life.record(event.on, "chargeback", amount, parts)
    _owe_again(life, event.on)


def _taken_back(life: Life, event: Event, amount: int) -> Parts:
    """By component: what the payment had settled, in the order of the rules; the rest principal."""
    split = [0, 0, 0, 0]
    paid = _payment_of(life, event)
    for component in life.rules.chargeback_order if paid else ():
        assert paid is not None
        split[component] = min(paid.parts[component], amount)
        amount -= split[component]
    return split[0], split[1], split[2], split[3] + amount


def _payment_of(life: Life, event: Event) -> Transaction | None:
    """The payment that is meant: told by its number, or the last one before."""
    number = event.details["of"]
    meant = [
        each for each in life.transactions if each.type in MONEY_IN and number in (None, each.event)
    ]
    if number is not None and not meant:
        raise _refused(event, "of", Why.NO_SUCH_PAYMENT)
    return meant[-1] if meant else None


def refund(life: Life, event: Event) -> None:
    """Give back a credit, or of a loan that runs what was paid in advance, the last first.

    Where it turns out later that there was neither, what was given is owed, from that day on; of a
    loan that was written off it is lost too.
    """
    from_credit = min(event.amount, life.credit)
    unpaid = _unpay_ahead(life, event.amount - from_credit, event.on)
    lent = event.amount - from_credit - sum(unpaid)
    if lent and not event.details["is_retold"]:
        raise _refused(event, "amount", Why.MORE_THAN_CREDIT)
    life.credit -= from_credit
    if lent:
        recalculation.reopen(life, event.on)
        charge(life, PRINCIPAL, lent, event.on)
    life.move(event.on, unpaid[PRINCIPAL] + lent)
    life.lent -= unpaid[PRINCIPAL]  # It was lent long ago, and is owed again.
    parts = (unpaid[0], unpaid[1], unpaid[2], unpaid[3] + lent)
    life.record(event.on, "refund", event.amount, parts)
    _owe_again(life, event.on)


def _owe_again(life: Life, on: date) -> None:
    """What money that left has made owed again; after a write-off nobody waits for it."""
    if life.status is Status.WRITTEN_OFF and life.outstanding:
        _give_up(life, on)
    close_if_settled(life, on)


def _give_up(life: Life, on: date) -> None:
    given = forgive(life, on)
    life.record(on, "write_off", sum(given), given)


def _unpay_ahead(life: Life, amount: int, on: date) -> list[int]:
    """By component, in the reverse of the order in which money in advance is allocated."""
    waterfall = life.rules.waterfall_for("refund", life.future)
    steps = [INDEX[part] for timing, part in waterfall.order if timing is Timing.IN_ADVANCE]
    taken = [0, 0, 0, 0]
    for row in reversed(life.rows) if life.status is Status.ACTIVE else ():
        for component in reversed(steps) if row.due_on > on else ():
            part = min(row.paid[component], row.in_advance, amount - sum(taken))
            row.paid[component] -= part
            row.in_advance -= part
            taken[component] += part
            row.settled_on = row.settled_on if not row.outstanding else None
    return taken


def write_off(life: Life, event: Event) -> None:
    """Give up what is owed; whatever still comes in is a recovery."""
    early.stop(life, event.on)
    life.status = Status.WRITTEN_OFF
    _give_up(life, event.on)


def pause(life: Life, event: Event) -> None:
    """Days that do not count as late, or days that cost no interest."""
    start, end = event.details["start"], event.details["end"]
    if event.details["of"] == "arrears":
        life.pauses.append(Pause(start, end))
        return
    pauses = tuple(sorted([*life.terms.interest_pauses, (start, end)]))
    if any(after[0] < before[1] for before, after in itertools.pairwise(pauses)):
        raise _refused(event, "start", Why.IN_ANOTHER_PAUSE)
    life.terms = dataclasses.replace(life.terms, interest_pauses=pauses)
    _plan_again(life, event)


def resume(life: Life, event: Event) -> None:
    """The arrears pause that runs on that day ends with it."""
    running = [each for each in life.pauses if each.start <= event.on <= each.end]
    if not running:
        raise _refused(event, "date", Why.NOT_IN_A_PAUSE)
    for each in running:
        life.pauses[life.pauses.index(each)] = Pause(each.start, event.on)


def _plan_again(life: Life, event: Event) -> None:
    if life.is_reshaped:
        raise _refused(event, "type", Why.SPREAD_ANEW)
    if life.draws:
        replan(life, event.on)


def _insert(life: Life, row: Row) -> None:
    """By due date, before an extra row that only carries late charges."""
    place = len(life.rows)
    while place and life.rows[place - 1].due_on > row.due_on:
        place -= 1
    life.rows.insert(place, row)


def _earned_and_unpaid(life: Life, on: date) -> int:
    """Interest that would be earned twice if other days earned it once more."""
    return sum(
        max(interest - row.paid[INTEREST] - row.forgiven[INTEREST], 0)
        for row, interest in zip(life.rows, early.earned(life, on), strict=True)
    )


def _give(rows: list[Row], component: int, amounts: list[int]) -> None:
    """Each row owes its amount of a component, in addition to what was already paid on it."""
    for row, amount in zip(rows, amounts, strict=True):
        row.due[component] = row.paid[component] + row.forgiven[component] + amount
        row.settled_on = row.settled_on if not row.outstanding else None


def _after(start: date, unit: str, steps: int) -> date:
    if unit in ("day", "week"):
        return start + timedelta(days=steps * (7 if unit == "week" else 1))
    return calendars.add_months(start, steps * (12 if unit == "year" else 1), MonthEnd.CLAMP)


def _refused(event: Event, field: str, reason: str) -> InvalidTerms:
    return InvalidTerms(field=f"events[{event.seq - 1}].{field}", reason=reason)
