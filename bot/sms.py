"""Whether an SMS with a code can reach the borrower, and in one sentence what to do if not."""

from bot.context import UpdateContext
from bot.screens.base import Screen
from notifications import contacts
from onboarding.dossiers import Dossier


async def warned(context: UpdateContext, dossier: Dossier, screen: Screen) -> Screen:
    """The screen that asks for a code, below the warning when none can arrive."""
    sentence = await warning(context, dossier)
    return screen if sentence is None else screen.under(sentence)


async def warning(context: UpdateContext, dossier: Dossier) -> str | None:
    contact = await contacts.find(context.session, dossier.borrower.id)
    if contact is None:
        return None
    words = context.at(dossier).words
    if contact.phone_bad_at is not None:
        is_proven = dossier.borrower.phone_verified_at is not None
        return words("code-phone-unreachable" if is_proven else "code-phone-bad")
    if contact.sms_opted_out_at is None:
        return None
    number = context.office.settings.twilio_from
    return words("code-after-stop-to", number=number) if number else words("code-after-stop")
