"""A borrower who is asked for a video note, and what became of it."""

from kyc.liveness.challenge import Challenge
from kyc.models import Verification
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story


async def verification_of(lender: Lender, person: Chatter) -> Verification:
    found = (await lender.dossier(person)).verification
    assert found is not None
    return found


async def asked_of(lender: Lender, person: Chatter) -> Challenge:
    document = (await verification_of(lender, person)).challenge
    assert document is not None
    return Challenge.from_json(document)


async def records(lender: Lender, person: Chatter, *reasons: str) -> str:
    """Gets acts to do and answers at once; what is said when it was looked at."""
    await person.presses("I am ready")
    await person.sends_note(at=lender.clock.now())
    return await lender.looks_at_note(person, *reasons)


async def is_asked_to_film(lender: Lender, person: Chatter) -> Story:
    """The selfie is good, and the video note is asked for."""
    story = Story(lender, person)
    await story.begins()
    await story.until("video")
    return story
