"""A SIM card is lost: two of staff take the number back, and the chat asks for another one."""

from uuid import UUID

import pytest
from sqlalchemy import select

from kit import four_eyes
from kit.audit import AuditEvent
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from notifications import contacts, outbox, sealing
from notifications.models import Notification
from notifications.states import Channel, Purpose, Status
from onboarding import codes, phones
from onboarding.models import Code
from onboarding.states import ApplicationStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import PHONE, Story

UMA, USHA = UUID(int=1), UUID(int=2)
NEW = "254712000099"


async def says_lost(lender: Lender, person: Chatter, who: UUID) -> Proposal:
    borrower = (await lender.dossier(person)).borrower
    async with unit_of_work(lender.sessions) as session:
        return await phones.reset(
            session, borrower.id, staff_id=who, reason="she came with her passport",
            now=lender.clock.now(),
        )  # fmt: skip


async def loses_phone(lender: Lender, person: Chatter) -> None:
    lender.clock.move(minutes=1)
    for who in (UMA, USHA):
        await says_lost(lender, person, who)


async def proves(lender: Lender, person: Chatter) -> str:
    await person.shares_contact(NEW)
    return await person.says(await lender.code(person))


async def known_phone(lender: Lender, person: Chatter) -> str | None:
    borrower = (await lender.dossier(person)).borrower
    async with unit_of_work(lender.sessions) as session:
        contact = await contacts.get(session, borrower.id)
        return await contacts.phone_of(session, vault_of(session), contact, now=lender.clock.now())


class TestTwoPeople:
    async def test_have_to_agree(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()

        proposed = await says_lost(lender, amina, UMA)
        with pytest.raises(four_eyes.SameStaff):
            await says_lost(lender, amina, UMA)
        assert await known_phone(lender, amina) == f"+{PHONE}"
        await says_lost(lender, amina, USHA)

        assert await known_phone(lender, amina) is None
        async with unit_of_work(lender.sessions) as session:
            trail = await session.scalars(
                select(AuditEvent.action)
                .where(AuditEvent.subject == proposed.subject)
                .order_by(AuditEvent.id)
            )
        assert list(trail)[-2:] == [
            "borrower.reset_phone.proposed",
            "borrower.reset_phone.confirmed",
        ]

    async def test_take_back_only_what_was_proven(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).begins()

        with pytest.raises(codes.PhoneNotProven):
            await says_lost(lender, amina, UMA)


class TestBesideALoan:
    async def test_another_number_is_proven(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await loses_phone(lender, amina)

        assert "new phone number" in await amina.says("/status")
        assert "new phone number" not in await amina.says("/loan")
        assert "Which code" in await amina.shares_contact(NEW)
        right = await lender.code(amina)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        assert "4 more tries" in await amina.says(wrong)
        assert "new number is confirmed" in await amina.says(right)
        assert await known_phone(lender, amina) == f"+{NEW}"
        assert "new phone number" not in await amina.says("/status")

    async def test_the_code_question_can_be_left(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await loses_phone(lender, amina)
        await amina.shares_contact("254712000055")
        lender.clock.move(seconds=40)

        assert "new code" in await amina.presses("Send a new code")
        assert "What is your phone number?" in await amina.presses("Another number")
        lender.clock.move(seconds=40)
        assert "confirmed" in await proves(lender, amina)

    async def test_a_strangers_contact_proves_nothing(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await loses_phone(lender, amina)

        assert "not your own number" in await amina.shares_contact(NEW, of=9)
        assert await known_phone(lender, amina) is None


class TestWhatWouldStillReachIt:
    async def test_is_gone(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_an_offer()
        await amina.presses("I take this loan")
        old_code = await lender.code(amina)
        borrower = (await lender.dossier(amina)).borrower
        async with unit_of_work(lender.sessions) as session:
            for key, channels in (
                ("sms", [Channel.SMS]),
                ("both", [Channel.TELEGRAM, Channel.SMS]),
            ):
                await outbox.notify(
                    session, person_id=borrower.id, template="reminder_due_today",
                    params={"amount": "money:100:KES", "loan": "L-1"}, key=key,
                    purpose=Purpose.REMINDER, subject="loan:1", channels=channels,
                    now=lender.clock.now(),
                )  # fmt: skip
        await loses_phone(lender, amina)

        async with unit_of_work(lender.sessions) as session:
            waiting = await session.scalars(
                select(Notification).where(
                    Notification.person_id == borrower.id, Notification.status == Status.QUEUED
                )
            )
            assert [row.key for row in waiting if Channel.SMS in row.channels] == ["both"]
            open_codes = await session.scalars(
                select(Code).where(Code.used_at.is_(None), Code.borrower_id == borrower.id)
            )
            assert all(code.expires_at <= lender.clock.now() for code in open_codes)
        await amina.says(old_code)
        assert (await lender.dossier(amina)).draft.status is ApplicationStatus.OFFERED

    async def test_the_chat_says_so(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await loses_phone(lender, amina)

        async with unit_of_work(lender.sessions) as session:
            message = await session.scalar(
                select(Notification).where(Notification.template == "phone_reset")
            )
            assert message is not None
            assert (message.channels, message.fallback) == (["telegram"], False)
            params = await sealing.params_of(session, message, now=lender.clock.now())
        assert params == {"button": "status"}


class TestAnOffer:
    async def test_is_taken_with_the_new_number_and_paid_to_its_wallet(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_an_offer()
        before = (await lender.dossier(amina)).draft.wallet_index
        await loses_phone(lender, amina)

        assert "new phone number" in await amina.presses("I take this loan")
        assert "confirmed" in await proves(lender, amina)
        assert (await lender.dossier(amina)).draft.wallet_index not in (None, before)
        lender.clock.move(seconds=40)
        await amina.presses("I take this loan")
        assert "Agreed" in await amina.says(await lender.code(amina))


class TestADraft:
    async def test_asks_for_phone_and_wallet_again(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("review")
        before = (await lender.dossier(amina)).draft.wallet_index
        await loses_phone(lender, amina)

        assert await lender.step(amina) == "phone"
        lender.clock.move(seconds=40)
        await proves(lender, amina)
        assert await lender.step(amina) == "wallet"
        await story.until("review")
        assert (await lender.dossier(amina)).draft.wallet_index not in (None, before)
