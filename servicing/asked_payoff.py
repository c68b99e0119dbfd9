"""A payoff that we asked for and that is paid some days later counts from the day we asked."""

from datetime import date, timedelta

from kit.money import Money
from servicing import early, living
from servicing.happenings import Told

# A request may wait in the borrower's wallet for so long.
HONOURED = timedelta(days=3)


def counts_from(
    story: Told, amount: Money, *, asked_on: date, paid_on: date, otherwise: date
) -> date:
    """`asked_on`, when `amount` ended the loan that day and what came since would keep it open."""
    if asked_on < story.last_change_on or not asked_on < paid_on <= asked_on + HONOURED:
        return otherwise
    as_asked = living.tell(story.as_of(asked_on), asked_on)
    needed = sum(early.payoff(as_asked, asked_on)) - as_asked.credit
    today = living.tell(story.story, paid_on)
    still = sum(early.payoff(today, paid_on)) - today.credit
    return asked_on if needed <= amount.minor < still else otherwise
