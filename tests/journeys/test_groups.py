"""A group answers for its members' loans: all are asked, and nothing new while one is late."""

from sqlalchemy import select

from kit.audit import SYSTEM
from kit.db import unit_of_work
from onboarding import groups
from onboarding.models import Group, Guarantee
from onboarding.states import ApplicationStatus, GuaranteeRole, GuaranteeStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.journeys.test_guarantors import messages, pauses

GROUP_LOAN = {"amount": "15,000", "term": "!12 weeks"}


async def proves_phone(lender: Lender, person: Chatter, number: int) -> Chatter:
    await Story(lender, person, phone=f"2547120000{number}").begins()
    await person.shares_contact(f"2547120000{number}")
    await person.says(await lender.code(person))
    return person


async def formed(lender: Lender, leader: Chatter, *others: Chatter) -> Group:
    people = [(await lender.dossier(person)).borrower.id for person in (leader, *others)]
    async with unit_of_work(lender.sessions) as session:
        return await groups.form(
            session, name="Umoja", leader_id=people[0], member_ids=people[1:], actor=SYSTEM,
            now=lender.clock.now(),
        )  # fmt: skip


async def asks(lender: Lender, person: Chatter, phone: str) -> Story:
    story = Story(lender, person, phone=phone, product="With my group", answers=GROUP_LOAN)
    await story.begins()
    await story.until("review")
    await lender.compares_faces(person)
    return story


async def answers(lender: Lender, member: Chatter, button: str) -> str:
    """What a member does with the newest invitation to them."""
    mine = (await lender.dossier(member)).borrower.id
    invites = await messages(lender, "guarantee_asked")
    word = next(params["invite"] for row, params in reversed(invites) if row.person_id == mine)
    await member.says(str(word))
    said = await member.presses(button)
    return said if button == "No" else await member.says(await lender.code(member))


class TestALoanInAGroup:
    async def test_names_the_members_and_waits_for_each(
        self, lender: Lender, amina: Chatter
    ) -> None:
        brian = await proves_phone(lender, lender.chatter(7002), 72)
        clara = await proves_phone(lender, lender.chatter(7003), 73)
        story = await asks(lender, amina, "254712000071")
        await formed(lender, brian, amina, clara)
        waiting = await amina.presses("send it")

        assert "We have asked your group" in waiting
        await answers(lender, brian, "I answer for this loan")
        assert (await lender.dossier(amina)).draft.status is ApplicationStatus.SUBMITTED
        await answers(lender, clara, "I answer for this loan")
        assert "is approved" in await amina.says("/status")
        async with unit_of_work(lender.sessions) as session:
            rows = (await session.scalars(select(Guarantee))).all()
        assert {row.role for row in rows} == {GuaranteeRole.MEMBER}
        assert {row.status for row in rows} == {GuaranteeStatus.CONSENTED}
        assert {row.share_percent for row in rows} == {100}
        assert {row.person_id for row in rows} == {
            (await lender.dossier(member)).borrower.id for member in (brian, clara)
        }
        await story.signs()
        assert (await lender.dossier(amina)).loan is not None

    async def test_does_not_go_on_when_one_says_no(self, lender: Lender, amina: Chatter) -> None:
        brian = await proves_phone(lender, lender.chatter(7002), 72)
        clara = await proves_phone(lender, lender.chatter(7003), 73)
        await asks(lender, amina, "254712000071")
        await formed(lender, brian, amina, clara)
        await amina.presses("send it")
        await answers(lender, brian, "I answer for this loan")
        await answers(lender, clara, "No")

        assert "Somebody in your group does not answer" in await amina.says("/status")
        assert (await lender.dossier(amina)).draft.decision_id is None

    async def test_is_for_members_only(self, lender: Lender, amina: Chatter) -> None:
        await asks(lender, amina, "254712000071")

        assert "for groups of at least two people" in await amina.presses("send it")
        assert (await lender.dossier(amina)).is_drafting

    async def test_is_not_given_while_another_is_late(self, lender: Lender, amina: Chatter) -> None:
        brian = lender.chatter(7002)
        first = await asks(lender, amina, "254712000071")
        await proves_phone(lender, brian, 72)
        group = await formed(lender, amina, brian)
        await amina.presses("send it")
        await answers(lender, brian, "I answer for this loan")
        await amina.says("/status")
        await first.signs()
        await lender.pays_out(amina)
        lender.clock.move(days=7 + 8)  # One week is due; eight days are more than a week late.

        async with unit_of_work(lender.sessions) as session:
            members = await groups.members(session, group, on=lender.today)
        assert {member.days_late for member in members} == {0, 8}
        await pauses(lender, amina, days=3)
        async with unit_of_work(lender.sessions) as session:
            members = await groups.members(session, group, on=lender.today)
        assert {member.days_late for member in members} == {0, 5}
        lender.clock.move(days=3)
        second = Story(
            lender, brian, phone="254712000072",
            answers=GROUP_LOAN | {"product": "!With my group"},
        )  # fmt: skip
        await second.until("review")
        await brian.presses("✏️ Loan")
        await brian.presses("With my group")
        await second.until("review")
        assert "more than 7 days late" in await brian.presses("send it")

    async def test_keeps_its_members_until_it_is_repaid(
        self, lender: Lender, amina: Chatter
    ) -> None:
        brian = await proves_phone(lender, lender.chatter(7002), 72)
        story = await asks(lender, amina, "254712000071")
        group = await formed(lender, amina, brian)
        await amina.presses("send it")
        await answers(lender, brian, "I answer for this loan")
        await amina.says("/status")
        await story.signs()
        mine = (await lender.dossier(brian)).borrower.id

        refused = None
        async with unit_of_work(lender.sessions) as session:
            try:
                await groups.leave(session, group, mine, actor=SYSTEM, now=lender.clock.now())
            except groups.MemberStillBorrows as error:
                refused = error
        assert refused is not None
