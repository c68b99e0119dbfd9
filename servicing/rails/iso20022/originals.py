"""Which payment a bank takes back: it names the payment as it named it when the money came."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from servicing.rails.base import Direction, OutcomeStatus
from servicing.rails.iso20022.entries import NAMES, Movement


def named(
    movements: Sequence[Movement],
    *,
    is_ours: Callable[[str], bool],
    told: Callable[[Iterable[str]], Iterable[Movement]],
) -> tuple[Movement, ...]:
    """Charge-backs under the names of what they take back; the others as they are.

    `is_ours` knows the references of our payouts; `told` gives what the bank has said in other
    messages that hold one of some names. A charge-back of which it is not clear what it takes back
    keeps its own name, under which nothing has come in.
    """
    return tuple(
        _named(each, movements, is_ours, told) if each.is_charge_back else each
        for each in movements
    )


def _named(
    back: Movement,
    beside: Sequence[Movement],
    is_ours: Callable[[str], bool],
    told: Callable[[Iterable[str]], Iterable[Movement]],
) -> Movement:
    ordered = back.names.get("EndToEndId", "")
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
