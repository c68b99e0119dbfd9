"""Which payment a bank takes back: it names the payment as it named it when the money came."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from servicing.rails.base import Direction, OutcomeStatus
from servicing.rails.iso20022.entries import NAMES, Movement
from servicing.rails.iso20022.orders import reference_of


def named(
    movements: Sequence[Movement],
    *,
    is_ours: Callable[[str], bool],
    told: Callable[[Iterable[str]], Iterable[Movement]],
) -> tuple[Movement, ...]:
    """Charge-backs under the names of what they take back, payouts that came back without a word as
    such, and payouts without a name under that which was told before; the others as they are.

    `is_ours` knows the references of our payouts; `told` gives what the bank has said in other
    messages that hold one of some names. A charge-back of which it is not clear what it takes back
    keeps its own name, under which nothing has come in.
    """
    return tuple(_taken(each, movements, is_ours, told) for each in movements)


def _taken(
    moved: Movement,
    beside: Sequence[Movement],
    is_ours: Callable[[str], bool],
    told: Callable[[Iterable[str]], Iterable[Movement]],
) -> Movement:
    if moved.is_charge_back:
        return _named(moved, beside, is_ours, told)
    if moved.direction is Direction.PAYOUT and set(moved.names) <= {"AcctSvcrRef"}:
        return _as_told(moved, (*told([moved.rail_id]), *beside))
    ordered = reference_of(moved.names.get("EndToEndId", ""))
    if moved.is_payment_in and is_ours(ordered):
        # A payer has names of his own: under ours it is our money that comes back.
        return replace(
            moved, direction=Direction.PAYOUT, status=OutcomeStatus.RETURNED, reference=ordered,
            is_sum=False,
        )  # fmt: skip
    return moved


def _as_told(moved: Movement, told: Iterable[Movement]) -> Movement:
    """A statement may have the bank's reference alone; what it is for a notification has said."""
    same = {
        each.reference
        for each in told
        if each.rail_id == moved.rail_id
        and "EndToEndId" in each.names
        and (each.direction, each.status, each.amount)
        == (moved.direction, moved.status, moved.amount)
    }
    return replace(moved, reference=same.pop()) if len(same) == 1 else moved


def _named(
    back: Movement,
    beside: Sequence[Movement],
    is_ours: Callable[[str], bool],
    told: Callable[[Iterable[str]], Iterable[Movement]],
) -> Movement:
    ordered = reference_of(back.names.get("EndToEndId", ""))
    if is_ours(ordered):
        # The return of a payout is taken back: it has left us after all.
        return replace(
            back, direction=Direction.PAYOUT, status=OutcomeStatus.SETTLED, reference=ordered
        )
    came = {
        each.rail_id: each for each in (*told(back.names.values()), *beside) if each.is_payment_in
    }
    original = _original(back, list(came.values()))
    return (
        replace(back, rail_id=original.rail_id, reference=original.reference) if original else back
    )


def _original(back: Movement, came: Sequence[Movement]) -> Movement | None:
    """A payer chooses some of the names: two payments of one name are told apart by amount."""
    for name in NAMES:
        same = [each for each in came if name in back.names and _has(each, name, back.names[name])]
        if len(same) > 1:
            same = [each for each in same if each.amount == back.amount]
        if same:
            return same[0] if len(same) == 1 else None
    return None


def _has(came: Movement, name: str, text: str) -> bool:
    return came.names.get(name) == text or (name == "AcctSvcrRef" and came.rail_id == text)
