"""Every sentence exists in every language, is safe in a chat and fits one SMS."""

import re

import pytest

from notifications import segments, templates
from notifications.segments import Segments
from notifications.states import Channel
from notifications.templates import ParameterMissing, TemplateUnknown

LOCALES = ["en", "es"]
MESSAGES = sorted(templates.variables("en"))
# The longest that a borrower will meet.
LONG: dict[str, str | int] = {
    "code": "123456",
    "minutes": 10,
    "amount": "money:1234567890:NGN",
    "balance": "money:1234567890:NGN",
    "fee": "money:12345678:NGN",
    "loan": "L-7K3QFWX",
    "reference": "A-7K3QFWX",
    "due_on": "date:2026-09-30",
    "days": 128,
    "pictures": "both",
    "reason": "wrong_document",
    "question": "Is <b>José's</b> wage 100 & paid on the 5th?",
    "button": "do:it",
    "name": "Bartholomew W.",
    "invite": "V-7K3QFWX8",
    "why": "borrower",
}


def sms(template: str, locale: str, **params: str | int) -> str:
    words = templates.render(
        template, Channel.SMS, locale, LONG | params, lender="Kopa Lending Ltd",
        site="https://kopa.example",
    )  # fmt: skip
    return words.text


def chat(template: str, locale: str = "en", **params: str | int) -> templates.Words:
    given = {**LONG, **params}
    return templates.render(template, Channel.TELEGRAM, locale, given, lender="Kopa & Sons")


class TestEveryTemplate:
    def test_is_in_every_language(self) -> None:
        assert templates.TEXTS.locales == LOCALES
        for locale in LOCALES:
            assert sorted(templates.variables(locale)) == MESSAGES

    @pytest.mark.parametrize("message", MESSAGES)
    def test_has_the_same_parameters_in_every_language(self, message: str) -> None:
        assert templates.variables("es")[message] == templates.variables("en")[message]

    @pytest.mark.parametrize("locale", LOCALES)
    @pytest.mark.parametrize("message", [m for m in MESSAGES if m.endswith("-sms")])
    def test_is_one_gsm_part_as_sms(self, message: str, locale: str) -> None:
        text = sms(message.removesuffix("-sms"), locale)

        assert segments.segments(text) == Segments("GSM-7", 1), text
        assert "<" not in text

    @pytest.mark.parametrize("locale", LOCALES)
    @pytest.mark.parametrize("message", [m for m in MESSAGES if m.endswith("-sms")])
    def test_is_written_within_gsm_already(self, message: str, locale: str) -> None:
        """What an author writes is sent as it is: no accent is lost by the way."""
        given = {name: value for name, value in LONG.items() if name != "question"}
        raw = templates.TEXTS.format(locale, message, lender="Kopa", site="", **given)

        assert segments.is_gsm(raw), [c for c in raw if not segments.is_gsm(c)]

    @pytest.mark.parametrize("locale", LOCALES)
    @pytest.mark.parametrize("message", [m for m in MESSAGES if m.endswith("-telegram")])
    def test_is_safe_html_in_a_chat(self, message: str, locale: str) -> None:
        text = (
            chat(message.removesuffix("-telegram"), locale).text
            if (f"{message.removesuffix('-telegram')}-button" in MESSAGES)
            else without_button(message.removesuffix("-telegram"), locale)
        )

        tags = re.findall(r"</?(\w+)>", text)
        assert set(tags) <= {"b"}
        assert tags.count("b") % 2 == 0
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
        assert len(text) < 1_000

    def test_says_how_to_stop_when_it_presses(self) -> None:
        pressing = ("reminder_before_due", "reminder_due_today", "reminder_overdue")
        for template in (*pressing, "collection_nudge"):
            assert all("STOP" in sms(template, locale) for locale in LOCALES)


def without_button(template: str, locale: str) -> str:
    given = {name: value for name, value in LONG.items() if name != "button"}
    return templates.render(template, Channel.TELEGRAM, locale, given, lender="K").text


class TestRender:
    def test_writes_money_and_days_as_the_language_does(self) -> None:
        params = {"amount": "money:123450:KES", "due_on": "date:2026-11-21"}

        assert "<b>KES 1,234.50</b>" in chat("reminder_before_due", **params).text
        assert "21 Nov 2026" in chat("reminder_before_due", **params).text
        assert "<b>KES 1.234,50</b>" in chat("reminder_before_due", "es", **params).text
        assert "21 nov 2026" in chat("reminder_before_due", "es", **params).text

    def test_names_the_currency_in_sms(self) -> None:
        rupees = "money:1234500:INR"

        assert "₹ 12,345" in chat("reminder_due_today", amount=rupees).text
        assert "INR 12,345" in sms("reminder_due_today", "en", amount=rupees)

    def test_counts_days(self) -> None:
        assert "one day late" in chat("collection_nudge", days=1).text
        assert "3 days late" in chat("collection_nudge", days=3).text
        assert "un día de atraso" in chat("collection_nudge", "es", days=1).text

    def test_escapes_what_others_wrote_in_a_chat_only(self) -> None:
        text = chat("staff_question", question="a<b>&c").text

        assert text.endswith("a&lt;b&gt;&amp;c")
        assert "&amp;" not in sms("identity_passed", "en")

    def test_drops_what_would_turn_a_sentence_round(self) -> None:
        assert chat("staff_question", question="pay\u202e100\x00\u200b").text.endswith("pay100")

    def test_the_button_only_when_asked_for(self) -> None:
        assert chat("reminder_before_due", "es").button == "Pagar ahora"
        given = {name: value for name, value in LONG.items() if name != "button"}
        words = templates.render(
            "reminder_before_due", Channel.TELEGRAM, "es", given, lender="Kopa"
        )
        assert words.button is None

    @pytest.mark.parametrize(
        ("wanted", "spoken"),
        [("es", "es"), ("es-MX", "es"), ("es_AR", "es"), ("sw", "en"), ("", "en")],
    )
    def test_the_nearest_language(self, wanted: str, spoken: str) -> None:
        assert templates.best_locale(wanted) == spoken


class TestCheck:
    def test_a_template_that_is_not_there(self) -> None:
        with pytest.raises(TemplateUnknown):
            templates.check("loan_closd", [Channel.TELEGRAM], {})

    def test_a_channel_without_words(self) -> None:
        with pytest.raises(TemplateUnknown):
            templates.check("otp_code", [Channel.TELEGRAM], LONG)

    def test_a_parameter_that_is_missing(self) -> None:
        with pytest.raises(ParameterMissing, match="loan"):
            templates.check("loan_closed", [Channel.TELEGRAM], {})

    def test_a_button_without_a_label(self) -> None:
        with pytest.raises(TemplateUnknown, match="button"):
            templates.check("disbursed", [Channel.TELEGRAM], LONG)


class TestSegments:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", Segments("GSM-7", 1)),
            ("a" * 160, Segments("GSM-7", 1)),
            ("a" * 161, Segments("GSM-7", 2)),
            ("a" * 306, Segments("GSM-7", 2)),
            ("a" * 307, Segments("GSM-7", 3)),
            ("€" * 80, Segments("GSM-7", 1)),
            ("€" * 80 + "a", Segments("GSM-7", 2)),
            # 152 septets and a sign of two do not share a part of 153.
            ("a" * 152 + "€" + "a" * 151, Segments("GSM-7", 2)),
            ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 3)),
            ("éñü¿¡Ñ", Segments("GSM-7", 1)),
            ("á" * 70, Segments("UCS-2", 1)),
            ("á" * 71, Segments("UCS-2", 2)),
            ("á" * 134, Segments("UCS-2", 2)),
            ("á" * 135, Segments("UCS-2", 3)),
            ("😀" * 35, Segments("UCS-2", 1)),
            ("😀" * 36, Segments("UCS-2", 2)),
            # 33 pairs fill 66 of 67: a pair is not cut in two.
            ("😀" * 66, Segments("UCS-2", 2)),
            ("😀" * 67, Segments("UCS-2", 3)),
        ],
    )
    def test_as_carriers_count(self, text: str, expected: Segments) -> None:
        assert segments.segments(text) == expected

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("código más", "codigo mas"),
            ("señor né", "señor né"),
            ("\u201cquoted\u201d \u2013 it\u2019s\u2026", '"quoted" - it\'s...'),
            ("a\u00a0b\u202fc", "a b c"),
            ("Привет", "Привет"),
            ("más 😀", "más 😀"),
        ],
    )
    def test_plain_keeps_to_gsm_when_accents_are_all_it_costs(self, text: str, plain: str) -> None:
        assert segments.plain(text) == plain


def test_the_documented_parameters_are_the_real_ones() -> None:
    page = (templates.FOLDER.parents[1] / "docs" / "notifications.md").read_text()
    documented: dict[str, set[str]] = {}
    for line in re.findall(
        r"^\| (\w.*) \| ?(.*)\|$", page.partition("## Templates")[2], re.MULTILINE
    )[1:]:
        for name in line[0].replace(" (SMS only)", "").split(", "):
            documented[name] = {p for p in line[1].strip().split(", ") if p}

    real: dict[str, set[str]] = {}
    for message, names in templates.variables("en").items():
        template, _, kind = message.rpartition("-")
        if kind != "button" and template in documented:
            real.setdefault(template, set()).update(names - templates.IMPLICIT)
    assert documented == real
