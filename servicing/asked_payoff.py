"""A payoff that we asked for and that is paid some days later counts from the day we asked."""

from datetime import date, timedelta

from kit.money import Money
from servicing import early, living, remaining_cost
from servicing.happenings import Told

# A request may wait in the borrower's wallet for so long.
HONOURED = timedelta(days=3)


def counts_from(
    story: Told, amount: Money, *, asked_on: date, paid_on: date, otherwise: date, unit: int = 1
) -> date:
    """`asked_on`, when `amount` ended the loan that day and what came since would keep it open.

    Less than a `unit`, in minor units, is never asked for: its rail moves only whole ones.
    """
    if asked_on < story.last_change_on or not asked_on < paid_on <= asked_on + HONOURED:
        return otherwise
    as_asked = living.tell(story.as_of(asked_on), asked_on)
    needed = sum(early.payoff(as_asked, asked_on)) - as_asked.credit
    today = living.tell(story.story, paid_on)
    still = sum(early.payoff(today, paid_on)) - today.credit
    return asked_on if needed - unit < amount.minor < still else otherwise


def is_all_but_cents(story: Told, amount: Money, *, on: date, unit: int) -> bool:
    """Whether so much, paid that day, leaves open only what its rail cannot move."""
    if unit == 1:
        return False
    left = remaining_cost.owed(living.tell(story.as_of(on), on), on) - amount.minor
    return 0 < left < unit
