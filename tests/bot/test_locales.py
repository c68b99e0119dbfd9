"""Every sentence exists in every language, with the same variables, and fits where it is shown."""

import importlib
import re
from datetime import date

import pytest

from bot import text
from bot.text import LABEL_CHARACTERS, LOCALES, Words, plain, plain_amount
from kit.config import Settings
from kit.errors import DomainError
from kit.money import Money
from onboarding import catalog, steps
from onboarding.products import Body, LoanProduct
from onboarding.steps import StepKind
from servicing import why
from servicing.amendments import ChangeNotPossible
from servicing.why import Why

TEXTS = text.load()
_VARIABLE = re.compile(r"\{\s*\$([\w-]+)")
_BUTTONS = re.compile(
    r"button-|choice-|field-|language-name|product-|term-|frequency-|calculator-apply"
    r"|(offer-(accept|refuse|back)|pay-(now|next|all|other|button)|consents-(agree|read|back))$"
)


def patterns(locale: str) -> dict[str, str]:
    """The raw text of every message, by key."""
    found: dict[str, str] = {}
    for path in sorted((LOCALES / locale).glob("*.ftl")):
        parts = re.split(r"^([a-z][\w-]*) =", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        found.update(zip(parts[1::2], parts[2::2], strict=True))
    return found


def variables(locale: str) -> dict[str, set[str]]:
    return {key: set(_VARIABLE.findall(body)) for key, body in patterns(locale).items()}


class TestLocales:
    @pytest.mark.parametrize("locale", [name for name in TEXTS.locales if name != "en"])
    def test_have_the_same_keys_and_variables(self, locale: str) -> None:
        assert variables(locale) == variables("en")

    @pytest.mark.parametrize("locale", TEXTS.locales)
    def test_have_balanced_bold_text(self, locale: str) -> None:
        for key, body in patterns(locale).items():
            assert body.count("<b>") == body.count("</b>"), key
            assert set(re.findall(r"<(\w+)>", body)) <= {"b", "code", "i"}, key

    @pytest.mark.parametrize("locale", TEXTS.locales)
    def test_have_short_button_labels(self, locale: str) -> None:
        words = Words(TEXTS, locale)
        for key in sorted(TEXTS.keys(locale)):
            if _BUTTONS.match(key):
                label = words.label(
                    key, amount=Money(20_000_000, "KES"), count=12, day=date(2027, 11, 30)
                )
                assert len(label) <= LABEL_CHARACTERS, f"{key}: {label}"

    @pytest.mark.parametrize("locale", TEXTS.locales)
    def test_have_words_for_every_question_and_answer(self, locale: str) -> None:
        words = Words(TEXTS, locale)
        for step in steps.STEPS:
            name = step.name.replace("_", "-")
            assert words.has(f"question-{name}")
            assert words.has(f"field-{name}")
            for key in step.choices:
                assert words.has(f"choice-{name}-{key.replace('_', '-')}")
        assert all(words.has(f"expected-{kind}") for kind in StepKind)

    @pytest.mark.parametrize("locale", TEXTS.locales)
    def test_have_words_for_every_product_and_what_it_asks(self, locale: str) -> None:
        words = Words(TEXTS, locale)
        for body in catalog.read(Settings(_env_file=None).products_file):
            product = LoanProduct(1, Body.model_validate(body))
            assert words.has(f"product-{product.code}")
            assert all(words.has(f"frequency-{rhythm}") for rhythm in product.rhythms)
            for question in product.body.questions:
                name = question.code.replace("_", "-")
                assert words.has(f"question-{name}")
                assert words.has(f"field-{name}")
                assert all(words.has(f"choice-{name}-{key}") for key in question.choices)

    def test_of_spanish_keep_their_accents(self) -> None:
        written = set(re.findall(r"\w+", " ".join(patterns("es").values()).lower()))

        assert not written & {"numero", "codigo", "prestamo", "telefono", "dia", "aqui", "asi"}


def codes() -> set[str]:
    """Every anticipated refusal of every room."""
    root = LOCALES.parent.parent
    for room in ("kit", "notifications", "servicing", "scoring", "kyc", "onboarding", "api"):
        for path in sorted((root / room).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            importlib.import_module(".".join(part for part in parts if part != "__init__"))
    found, waiting = set(), [DomainError]
    while waiting:
        for error in waiting.pop().__subclasses__():
            waiting.append(error)
            if "code" in vars(error) and not error.__module__.startswith("tests."):
                found.add(error.code)
    return found


class TestRefusals:
    @pytest.mark.parametrize("locale", TEXTS.locales)
    def test_all_have_a_sentence(self, locale: str) -> None:
        words = Words(TEXTS, locale)
        missing = {code for code in codes() if not words.has(f"error-{code.replace('_', '-')}")}

        assert missing == set()

    @pytest.mark.parametrize("locale", TEXTS.locales)
    def test_of_the_engine_are_said_in_the_language_of_the_chat(self, locale: str) -> None:
        words = Words(TEXTS, locale)

        def said(reason: str) -> str:
            return words.refusal(ChangeNotPossible(reason=reason, because=why.code(reason)))

        sentences = {each: said(f"{each}") for each in Why}
        assert said("must be 7") not in sentences.values()
        assert not [each for each, sentence in sentences.items() if each in sentence]
        assert not variables(locale)["error-change-not-possible"] - {"because"}

    def test_write_amounts_as_the_locale_does(self) -> None:
        class TooMuch(DomainError):
            code = "amount_not_offered"

        error = TooMuch(least="5000.00", most="200000.00", currency="KES")

        assert Words(TEXTS, "en").refusal(error).endswith("KES 5,000 to KES 200,000.")

    def test_without_the_right_variables_is_still_a_sentence(self) -> None:
        class TooYoungOrSo(DomainError):
            code = "too_young"

        assert "try again" in Words(TEXTS, "en").refusal(TooYoungOrSo())


class TestTypedAmounts:
    @pytest.mark.parametrize(
        ("typed", "read"),
        [
            ("30.000", "30000"),
            ("30,000", "30000"),
            ("1.234.567,5", "1234567.5"),
            ("1,234,567.50", "1234567.50"),
            ("30000,50", "30000.50"),
            ("12.5k", "12.5k"),
            ("KES 65.000", "KES 65000"),
            ("1.2345", "1.2345"),
            ("many", "many"),
        ],
    )
    def test_are_read_as_half_the_world_or_the_other_writes_them(
        self, typed: str, read: str
    ) -> None:
        assert plain_amount(typed, "KES") == read

    def test_keep_three_decimals_where_the_currency_has_them(self) -> None:
        assert plain_amount("1,234.567", "KWD") == "1234.567"


class TestStrangersWords:
    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
            ("\u202egnp.exe", "gnp.exe"),
            ("a\x00b\u200bc\nd", "abc d"),
            ("\uff1cscript\uff1e", "&lt;script&gt;"),
            ("Ñandú & Žofie", "Ñandú &amp; Žofie"),
        ],
    )
    def test_are_harmless_in_a_message(self, written: str, shown: str) -> None:
        assert Words(TEXTS, "en")("answer-given", answer=written) == f"✓ {shown}"

    def test_are_cut(self) -> None:
        assert [len(plain("é" * n)) for n in (10, 2_000, 5_000)] == [10, 2_000, 2_000]
