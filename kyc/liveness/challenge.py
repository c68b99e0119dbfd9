"""What a person is asked to do before the camera: three acts in an order nobody knew before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from kit.errors import DomainError, Kind

ACTS_ASKED = 3
LIFETIME = timedelta(seconds=75)
"""Enough to read and to act, too little to have a film made to order."""
_CLOCKS_APART = timedelta(seconds=2)
"""Telegram dates messages in whole seconds by its own clock."""


class Act(StrEnum):
    TURN_LEFT = "turn_left"
    """To the person's own left: to the right in a picture that is not mirrored."""
    TURN_RIGHT = "turn_right"
    BLINK_TWICE = "blink_twice"
    OPEN_MOUTH = "open_mouth"
    COME_CLOSER = "come_closer"


TURNS = frozenset({Act.TURN_LEFT, Act.TURN_RIGHT})


class ChallengeExpired(DomainError):
    """The clip came after its time."""

    kind = Kind.CONFLICT
    code = "challenge_expired"


class ClipOlderThanChallenge(DomainError):
    """Nobody can have answered a question before it was asked."""

    kind = Kind.CONFLICT
    code = "clip_older_than_challenge"


class ClipForwarded(DomainError):
    """Passed on from another message: nobody knows when it was recorded, or who recorded it."""

    code = "clip_forwarded"


class ActUnknown(DomainError):
    code = "act_unknown"


@dataclass(frozen=True)
class Challenge:
    """One attempt: whatever comes of it, the next clip answers another challenge."""

    acts: tuple[Act, ...]
    issued_at: datetime
    expires_at: datetime
    nonce: str

    def to_json(self) -> dict[str, Any]:
        return {
            "acts": [str(act) for act in self.acts],
            "issued_at": self.issued_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "nonce": self.nonce,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Challenge":
        return cls(
            parse(document["acts"]),
            datetime.fromisoformat(document["issued_at"]),
            datetime.fromisoformat(document["expires_at"]),
            document["nonce"],
        )


def issue(random: Random, now: datetime) -> Challenge:
    """A challenge out of 54. `random` is `secrets.SystemRandom()` but in tests."""
    while True:
        acts = tuple(random.sample(list(Act), ACTS_ASKED))
        # Only a turn of the head shows that it is not flat.
        if TURNS & set(acts):
            break
    return Challenge(acts, now, now + LIFETIME, f"{random.getrandbits(64):016x}")


def parse(names: Sequence[str]) -> tuple[Act, ...]:
    try:
        return tuple(Act(name.strip()) for name in names)
    except ValueError:
        known = ", ".join(Act)
        raise ActUnknown(known=known) from None


def require_fresh(challenge: Challenge, *, sent_at: datetime, forwarded: bool) -> None:
    """Refuse a clip that cannot have been made for this challenge."""
    if forwarded:
        raise ClipForwarded()
    if sent_at < challenge.issued_at - _CLOCKS_APART:
        raise ClipOlderThanChallenge()
    if sent_at > challenge.expires_at:
        raise ChallengeExpired()
