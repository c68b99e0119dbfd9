"""A borrower applies in the chat: every question, with everything that people do on the way."""

from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story


async def test_a_borrower_answers_everything_and_sends_it(lender: Lender, amina: Chatter) -> None:
    story = Story(lender, amina)
    await story.begins()
    assert "phone number" in amina.last.text
    summary = await story.until("review")

    assert "Is everything right?" in summary
    assert "KES 65,000" in summary
    assert "14 Mar 1991" in summary
    assert "We have your application" in await amina.presses("send it")
