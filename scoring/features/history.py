"""Features of what happened between the borrower and us before."""

from scoring.features.registry import Value, feature
from scoring.snapshot import Snapshot

LATE_AFTER_DAYS = 15
"""A past delay of up to this many days is forgiven in `repayment_record`."""


@feature(monotone=-1, reason="short_history_with_us")
def loans_repaid(snapshot: Snapshot) -> Value:
    """Loans with us repaid in full."""
    return snapshot.history.loans_repaid


@feature(monotone=1, reason="late_payments_before")
def worst_dpd(snapshot: Snapshot) -> Value:
    """The most days a payment to us was late."""
    return snapshot.history.worst_dpd


@feature(monotone=-1, reason="short_history_with_us")
def months_since_first(snapshot: Snapshot) -> Value:
    """Months since the first loan with us."""
    return snapshot.history.months_since_first


@feature(monotone=-1, reason="short_history_with_us")
def repayment_record(snapshot: Snapshot) -> Value:
    """0 was late before, 1 no loan yet, 2 an open loan in good standing, 3 all repaid duly."""
    past = snapshot.history
    if past.loans_repaid is None:
        return None
    if past.worst_dpd is not None and past.worst_dpd > LATE_AFTER_DAYS:
        return 0
    if snapshot.application.existing_loans:
        return 2
    return 3 if past.loans_repaid else 1
