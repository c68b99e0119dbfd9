"""Another schedule for what is owed: an installment split, a debt restructured, a term ended."""

import dataclasses
from datetime import date
from fractions import Fraction

from kit.money import Money
from servicing import concessions, early, planning, recalculation, rounding, schedule
from servicing.choices import Frequency, Grace, Tranche
from servicing.events import Event, Type
from servicing.fields import InvalidTerms
from servicing.life import INTEREST, PRINCIPAL, Kind, Life, Row, Status
from servicing.penalties import Tally
from servicing.product_rules import ChargeOffInterest
from servicing.terms import LoanTerms
from servicing.why import Why


def split(loan: Life, event: Event) -> None:
    """What is open of one installment falls due in parts, before the next one does."""
    rows = [row for row in loan.rows if row.is_regular]
    dates = [row.due_on for row in rows]
    if event.details["from_due_date"] not in dates:
        raise _refused(event, "from_due_date", Why.NO_SUCH_DUE_DATE)
    n = dates.index(event.details["from_due_date"])
    parts: list[tuple[date, Fraction]] = event.details["into"]
    following = dates[n + 1] if n + 1 < len(dates) else date.max
    previous = dates[n - 1] if n else loan.terms.disbursed_on
    if parts[0][0] <= previous or parts[-1][0] >= following:
        raise _refused(event, "into", Why.NOT_BETWEEN_ITS_NEIGHBORS)
    concessions.refresh(loan, event.on)
    row, place = rows[n], loan.rows.index(rows[n])
    span, open_parts = early.spans(loan)[place], row.open_parts
    pieces = [_piece(row, due_on, span) for due_on, _ in parts]
    for component, amount in enumerate(open_parts):
        _hand_out(pieces, component, amount, [share for _, share in parts])
        row.due[component] -= amount
    pieces[0].carried = min(row.carried, pieces[0].due[INTEREST])
    loan.rows[place : place + 1] = [*([row] if sum(row.due) else []), *pieces]
    concessions.close_row(row, event.on)
    loan.is_reshaped = True
    loan.record(event.on, "split", sum(open_parts), open_parts)


def restructure(loan: Life, event: Event) -> None:
    """New terms for what is owed: rate, dates and number; arrears capitalised or given up.

    Interest that is earned and not capitalised falls due with the first new installment, as fees
    and penalties do; interest of days to come is reckoned anew. An amount is paid out on top.
    """
    if event.type is Type.TOP_UP and loan.status in (Status.CLOSED, Status.OVERPAID):
        loan.status = Status.ACTIVE  # As it turns out, it was repaid before more was lent.
    if loan.status is not Status.ACTIVE:
        raise _refused(event, "type", Why.NOT_RUNNING)
    details, on = event.details, event.on
    left = _clear(loan, on)
    for component in details["waive"]:
        _waive(loan, component, left, on)
    _capitalise(loan, details["capitalize"], left, on)
    if event.amount:
        loan.draws.append(Tranche(on, event.amount))
        loan.move(on, event.amount)
        loan.record(on, "disbursement", event.amount, (0, 0, 0, 0))
        left[PRINCIPAL] += event.amount
    agreed = new_terms(loan, event, left[PRINCIPAL])
    rows = [planning.row_of(planned) for planned in schedule.build(agreed).installments]
    rows[0].starts_on = on
    rows[0].carried = left[INTEREST]
    for component in range(PRINCIPAL):
        rows[0].due[component] += left[component]
    loan.rows = sorted([*loan.rows, *rows], key=lambda row: row.due_on)
    loan.terms = agreed
    loan.is_reshaped = True
    loan.record(on, event.type.value, sum(left), (left[0], left[1], left[2], left[3]))


def terminate(loan: Life, event: Event) -> None:
    """Everything falls due on that day: principal, and interest earned up to it."""
    on = event.on
    if loan.status is not Status.ACTIVE or not any(row.due_on > on for row in loan.rows):
        raise _refused(event, "date", Why.NOTHING_LEFT_TO_COME)
    left = fall_due(loan, on)
    loan.record(on, "contract_termination", sum(left), (left[0], left[1], left[2], left[3]))


def charge_off(loan: Life, event: Event) -> None:
    """Lost in the books; where the rules say so, everything falls due at once."""
    accelerates = loan.rules.charge_off_interest is ChargeOffInterest.ACCELERATE
    is_running = loan.status is Status.ACTIVE and loan.charged_off_on is None
    if accelerates and is_running and any(row.due_on > event.on for row in loan.rows):
        fall_due(loan, event.on)
    concessions.charge_off(loan, event)


def fall_due(loan: Life, on: date) -> list[int]:
    """All that is owed joins one installment; charges of those to come wait for their days."""
    runs = min((row.due_on for row in loan.rows if row.is_regular and row.due_on >= on), default=on)
    later = [each for each in loan.charges if each.due_on > runs and each.component < INTEREST]
    left = _clear(loan, on)
    kept = [0, 0, 0, 0]
    for each in later:
        kept[each.component] = min(kept[each.component] + each.amount, left[each.component])
    row = next((row for row in loan.rows if row.is_regular and row.due_on == on), None)
    if row is None:
        days = (on - max((row.due_on for row in loan.rows), default=loan.draws[0].on)).days
        row = Row(Kind.INSTALLMENT, on, max(days, 0), [0, 0, 0, 0])
        row.starts_on = on
        loan.rows = sorted([*loan.rows, row], key=lambda each: each.due_on)
    row.due = [due + all_ - part for due, all_, part in zip(row.due, left, kept, strict=True)]
    row.carried, row.settled_on = left[INTEREST], None
    if any(kept):
        until = max(each.due_on for each in later)
        loan.rows.append(Row(Kind.EXTRA, until, (until - on).days, kept))
    loan.is_reshaped = True
    return left


def _clear(loan: Life, on: date) -> list[int]:
    """Take what is owed off the installments, without interest that is not earned yet."""
    drop_unearned(loan, on)
    left = [0, 0, 0, 0]
    for row in loan.rows:
        for component, amount in enumerate(row.open_parts):
            left[component] += amount
            row.due[component] -= amount
        concessions.close_row(row, on)
    loan.rows = [row for row in loan.rows if sum(row.due) or row.due_on <= on]
    return left


def drop_unearned(loan: Life, on: date) -> None:
    """Interest of days to come is not owed any more."""
    if recalculation.applies(loan):
        recalculation.refresh(loan, on, paying=True)
        earned = [row.due[INTEREST] for row in loan.rows]
    else:
        earned = early.earned(loan, on)
    for row, interest in zip(loan.rows, earned, strict=True):
        if row.due_on > on:
            least = row.paid[INTEREST] + row.forgiven[INTEREST]
            row.due[INTEREST] = max(min(row.due[INTEREST], interest), least)
            row.earned_by = on


def _waive(loan: Life, component: int, left: list[int], on: date) -> None:
    if left[component]:
        given = [0, 0, 0, 0]
        given[component], left[component] = left[component], 0
        loan.record(on, "waiver", sum(given), (given[0], given[1], given[2], given[3]))


def _capitalise(loan: Life, components: tuple[int, ...], left: list[int], on: date) -> None:
    taken = [0, 0, 0, 0]
    for component in components:
        taken[component], left[component] = left[component], 0
    if amount := sum(taken):
        left[PRINCIPAL] += amount
        loan.capitalized += amount
        loan.move(on, amount)
        loan.record(on, "capitalization", amount, (taken[0], taken[1], taken[2], taken[3]))


def new_terms(loan: Life, event: Event, balance: int) -> LoanTerms:
    """What was agreed anew for a balance; all else is as it was."""
    details, terms = event.details, loan.terms
    if not balance:
        raise _refused(event, "type", Why.NO_PRINCIPAL)
    if details["start"] is not None and details["start"] <= event.on:
        raise _refused(event, "start", Why.NOT_AFTER_THE_CHANGE)
    return dataclasses.replace(
        terms,
        principal=Money(balance, terms.currency),
        annual_rate=terms.annual_rate if details["rate"] is None else details["rate"],
        frequency=Frequency(details["unit"]) if details["unit"] else terms.frequency,
        every=details["every"] or terms.every,
        installments=details["count"],
        installment_minor=None,
        disbursed_on=event.on,
        first_due_on=details["start"],
        due_dates=(),
        agreed_dates=(),
        grace=Grace(principal=details["grace"]),
        balloon_minor=min(terms.balloon_minor, balance),
        weights=(),
        fees=(),
        tranches=(),
        down_payment=Fraction(0),
        rate_changes=(),
    )


def _piece(row: Row, due_on: date, span: early.Span) -> Row:
    piece = Row(Kind.INSTALLMENT, due_on, max((due_on - span.start).days, 0), [0, 0, 0, 0])
    piece.starts_on, piece.earned_by = span.start, span.end
    # Days that were charged for stay charged: what fell due then is not late from the start again.
    before = row.tally
    piece.tally = Tally(before.until, times=before.times if due_on <= row.due_on else 0)
    return piece


def _hand_out(pieces: list[Row], component: int, amount: int, shares: list[Fraction]) -> None:
    so_far, given = Fraction(0), 0
    for piece, share in zip(pieces, shares, strict=True):
        so_far += share
        until = rounding.half_even(amount * so_far.numerator, so_far.denominator)
        piece.due[component], given = until - given, until


def _refused(event: Event, field: str, reason: str) -> InvalidTerms:
    return InvalidTerms(field=f"events[{event.seq - 1}].{field}", reason=reason)
