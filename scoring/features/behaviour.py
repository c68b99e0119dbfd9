"""Features of how the questions were answered: for fraud rules until own outcomes prove more."""

from scoring.features.registry import Value, feature
from scoring.snapshot import Snapshot


@feature(reason="details_need_a_check")
def median_answer_seconds(snapshot: Snapshot) -> Value:
    """Half of the answers took less than this many seconds."""
    return snapshot.behaviour.median_answer_seconds


@feature(reason="details_need_a_check")
def fastest_answer_seconds(snapshot: Snapshot) -> Value:
    """Seconds of the quickest answer."""
    return snapshot.behaviour.fastest_answer_seconds


@feature(reason="details_need_a_check")
def edits(snapshot: Snapshot) -> Value:
    """Messages corrected after they were sent."""
    return snapshot.behaviour.edits


@feature(reason="details_need_a_check")
def reversals(snapshot: Snapshot) -> Value:
    """Times the person went back or changed an answer."""
    return snapshot.behaviour.reversals


@feature(reason="details_need_a_check")
def pasted_answers(snapshot: Snapshot) -> Value:
    """Long answers that came faster than anybody types."""
    return snapshot.behaviour.pasted_answers


@feature(reason="details_need_a_check")
def night_share(snapshot: Snapshot) -> Value:
    """Share of answers between midnight and five, local time."""
    return snapshot.behaviour.night_share


@feature(reason="details_need_a_check")
def resumed_sessions(snapshot: Snapshot) -> Value:
    """Times the person left and came back."""
    return snapshot.behaviour.resumed_sessions


@feature(reason="details_need_a_check")
def income_hesitation(snapshot: Snapshot) -> Value:
    """Time on the income question over the person's own usual time."""
    return snapshot.behaviour.income_hesitation


@feature(reason="details_need_a_check")
def total_minutes(snapshot: Snapshot) -> Value:
    """Minutes spent answering, long pauses left out."""
    return snapshot.behaviour.total_minutes
