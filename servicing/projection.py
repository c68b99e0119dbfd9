"""The installments of a loan as its life says they are: rows are written where they differ."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from servicing import early, queries
from servicing.life import FEE, INTEREST, PENALTY, PRINCIPAL, Kind, Life
from servicing.models import Installment, Loan

_COLUMNS = {PENALTY: "penalties", FEE: "fees", INTEREST: "interest", PRINCIPAL: "principal"}


async def write(session: AsyncSession, loan: Loan, life: Life) -> list[Installment]:
    known = {row.n: row for row in await queries.list_installments(session, loan.id)}
    rows = []
    for values in rows_of(life):
        row = known.pop(values["n"], None)
        if row is None:
            row = Installment(loan_id=loan.id)
            session.add(row)
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
        rows.append(row)
    for row in known.values():
        await session.delete(row)
    await session.flush()
    return rows


def rows_of(life: Life) -> Iterator[dict[str, Any]]:
    """Column by column. An installment with which nothing was ever due is none."""
    n = 0
    for row, span in zip(life.rows, early.spans(life), strict=True):
        n += row.kind is not Kind.UPFRONT
        if not any(row.due):
            continue
        values: dict[str, Any] = {
            "n": n,
            "due_on": row.due_on,
            "accrues_from": span.start,
            "accrues_until": max(span.end, span.start),
            "interest_carried_minor": row.carried,
            "third_party_fees_minor": min(row.for_others, row.due[FEE]),
            "settled_on": row.settled_on if not row.outstanding else None,
        }
        for component, name in _COLUMNS.items():
            values[f"{name}_minor"] = row.due[component]
            values[f"{name}_paid_minor"] = row.paid[component]
            values[f"{name}_forgiven_minor"] = row.forgiven[component]
        yield values
