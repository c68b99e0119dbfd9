"""What every handler may need, made once for an update inside its unit of work."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from aiogram.types import Chat, Message, Update, User
from sqlalchemy.ext.asyncio import AsyncSession

from bot.callbacks import Price
from bot.text import Words, matching_locale
from kit.clock import Clock, business_date
from kit.config import Settings
from kit.db import Sessions
from kit.errors import DomainError, Kind
from kit.text import Texts
from onboarding import dossiers
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier


class NotRegistered(DomainError):
    """Only people who have agreed to the consents can do this."""

    kind = Kind.NOT_FOUND
    code = "not_registered"


@dataclass(frozen=True)
class Office:
    """What the bot of this installation works with."""

    sessions: Sessions
    clock: Clock
    settings: Settings
    texts: Texts
    underwriter: Underwriter


@dataclass(frozen=True)
class UpdateContext:
    session: AsyncSession
    now: datetime
    person: User
    dossier: Dossier | None
    """None for people who have not consented: about them nothing is stored."""
    words: Words
    office: Office

    @property
    def on(self) -> date:
        return business_date(self.now, self.office.settings.timezone)

    def in_locale(self, locale: str) -> Words:
        return Words(self.office.texts, matching_locale(locale, self.office.texts))

    def at(self, dossier: Dossier) -> "UpdateContext":
        """The same update, further on."""
        return replace(self, dossier=dossier, words=self.in_locale(dossier.borrower.locale))

    @property
    def known(self) -> Dossier:
        """The dossier of somebody who has consented. Raises NotRegistered."""
        if self.dossier is None:
            raise NotRegistered()
        return self.dossier


async def opened(
    office: Office, session: AsyncSession, person: User, update: Update, now: datetime
) -> UpdateContext:
    dossier = await dossiers.find(session, telegram_id=person.id)
    spoken = dossier.borrower.locale if dossier else _spoken(person, update)
    words = Words(office.texts, matching_locale(spoken, office.texts))
    return UpdateContext(session, now, person, dossier, words, office)


def _spoken(person: User, update: Update) -> str | None:
    """The language of the screen whose button was pressed: nothing else remembers a stranger's
    choice. Without one, what Telegram says."""
    message = update.callback_query.message if update.callback_query else None
    keyboard = message.reply_markup if isinstance(message, Message) else None
    for button in (
        (button for row in keyboard.inline_keyboard for button in row) if keyboard else ()
    ):
        try:
            return Price.unpack(button.callback_data or "").locale
        except (TypeError, ValueError):
            continue
    return person.language_code


def sender(update: Update) -> User | None:
    """The person behind the update, when it is a private conversation with the bot."""
    event = update.event
    person: User | None = getattr(event, "from_user", None)
    chat: Chat | None = getattr(event, "chat", None)
    if person is None or person.is_bot or (chat is not None and chat.type != "private"):
        return None
    return person


def resumed(
    office: Office, session: AsyncSession, dossier: Dossier, now: datetime
) -> UpdateContext:
    """For jobs that go on with the conversation: nobody has just written."""
    borrower = dossier.borrower
    assert borrower.telegram_id is not None
    person = User(id=borrower.telegram_id, is_bot=False, first_name="")
    words = Words(office.texts, matching_locale(borrower.locale, office.texts))
    return UpdateContext(session, now, person, dossier, words, office)
