"""Answering for somebody else's loan: what the guarantor reads, and what the borrower waits for."""

from datetime import date

from bot.callbacks import Menu, Vouch
from bot.screens import prices, ways
from bot.screens.base import Screen, buttons, lines, paragraphs, table
from bot.screens.questions import act
from bot.text import Words
from kit.money import Money
from onboarding import codes, consents
from onboarding.dossiers import Dossier
from onboarding.guarantees import Standing
from onboarding.guarantors import Reading
from onboarding.states import GuaranteeStatus


def read(reading: Reading, invite: str, is_known: bool, words: Words) -> Screen:
    """The loan, the share and the dates; a stranger reads how we keep their data as well."""
    guarantee = reading.guarantee
    facts, currency = guarantee.facts, guarantee.currency
    rows = [
        (str(row["n"]), words.day(date.fromisoformat(row["due_on"])),
         words.money(Money.parse(row["due"], currency)))
        for row in facts["installments"][: prices.ROWS_SHOWN]
    ]  # fmt: skip
    return Screen(
        paragraphs(
            words("guarantee-title", name=reading.name),
            lines(
                words("calculator-asked", amount=Money.parse(facts["principal"], currency)),
                words("calculator-total", amount=Money.parse(facts["total_payable"], currency)),
            ),
            words(
                "guarantee-share", name=reading.name, share=guarantee.share_percent,
                most=Money(guarantee.amount_minor, currency),
            ),
            lines(words("calculator-when"), table(rows)),
            _state(reading, is_known, words),
        ),
        buttons(*_choices(reading, invite, words), ways.help_and_human(words)),
    )  # fmt: skip


def code_asked(words: Words) -> Screen:
    return Screen(
        paragraphs(
            words("offer-code", digits=codes.DIGITS), words("guarantee-code-signs")
        ),
        buttons(ways.help_and_human(words)),
    )  # fmt: skip


def done(key: str, words: Words) -> Screen:
    return Screen(words(key), buttons(ways.help_and_human(words)))


def awaited(dossier: Dossier, standing: Standing, words: Words) -> Screen:
    """For the borrower, while somebody has not said yes."""
    assert dossier.product is not None
    if dossier.product.body.group is not None:
        key = "guarantee-group-waiting" if standing is Standing.AWAITED else "guarantee-group-no"
        return Screen(
            words(key), buttons([ways.to(Menu.STATUS, words)], ways.help_and_human(words))
        )
    if standing is Standing.MISSING:
        return Screen(words("guarantee-name-another"), buttons(ways.help_and_human(words)))
    return Screen(
        words("guarantee-waiting"),
        buttons(
            [ways.to(Menu.STATUS, words)],
            [(words.label("button-another-guarantor"), act(dossier, "another"))],
            ways.help_and_human(words),
        ),
    )


def _state(reading: Reading, is_known: bool, words: Words) -> str:
    if reading.guarantee.status is GuaranteeStatus.ASKED:
        said = [
            words("consents-line", summary=consents.summary(document, words.locale))
            for document in consents.required()
        ]
        return lines(*([] if is_known else said), words("guarantee-free"))
    return words(f"guarantee-{reading.guarantee.status}")


def _choices(reading: Reading, invite: str, words: Words) -> list[list[tuple[str, Vouch]]]:
    def button(name: str) -> list[tuple[str, Vouch]]:
        return [(words.label(f"button-guarantee-{name}"), Vouch(act=name, invite=invite))]

    if reading.guarantee.status is GuaranteeStatus.ASKED:
        return [button("agree"), button("decline")]
    return [button("withdraw")] if reading.is_withdrawable else []
