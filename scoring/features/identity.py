"""Features of the identity check."""

from scoring.features.registry import Value, feature
from scoring.snapshot import Snapshot


@feature(reason="identity_needs_a_check")
def face_distance(snapshot: Snapshot) -> Value:
    """Distance between the face on the document and the selfie; smaller is more alike."""
    return snapshot.identity.face_distance


@feature(category=True, reason="identity_needs_a_check")
def face_verdict(snapshot: Snapshot) -> Value:
    """What the face comparison concluded: yes, no or unsure."""
    verdict = snapshot.identity.face_verdict
    return None if verdict is None else verdict.value


@feature(reason="identity_needs_a_check")
def document_quality(snapshot: Snapshot) -> Value:
    """How readable the document photo is, from 0 to 1."""
    return snapshot.identity.document_quality
