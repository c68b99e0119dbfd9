"""Many different applicants by a seed: what replays and what-ifs are tried on."""

import random
from dataclasses import replace
from datetime import timedelta

from scoring.snapshot import Employment, FaceVerdict, History, Snapshot, TermOption
from tests.scoring import cases

_SIGNALS = ("phone_shared", "many_applications", "kyc_by_person", "face_shared")


def crowd(count: int, seed: int = 20261122) -> list[Snapshot]:
    """Good and bad, complete and with gaps, the same ones for the same seed."""
    dice = random.Random(seed)
    return [_somebody(dice, number) for number in range(count)]


def _somebody(dice: random.Random, number: int) -> Snapshot:
    amount = dice.randrange(5, 101) * 1_000
    terms = {90: 3, 180: 6, 365: 12}
    days = dice.choice(list(terms))

    def installment(of: int) -> int:
        return amount * (100 + of // 10) // 100 // terms[of]

    application = replace(
        cases.AMINA.application,
        amount_minor=amount,
        term_days=days,
        installments=terms[days],
        installment_minor=installment(days),
        monthly_income_minor=dice.choice([None, *range(15_000, 150_000, 7_000)]),
        monthly_obligations_minor=dice.choice([None, 0, 0, 4_000, 20_000]),
        employment=dice.choice([None, *Employment]),
        age_years=dice.choice([None, 17, *range(18, 80, 3)]),
        dependents=dice.choice([None, 0, 1, 2, 5]),
        existing_loans=dice.choice([0, 0, 0, 1]),
        options=tuple(
            TermOption(other, terms[other], installment(other)) for other in terms if other != days
        ),
    )
    history = History(
        loans_repaid=dice.choice([None, 0, 1, 4]), worst_dpd=dice.choice([None, 0, 3, 40, 120])
    )
    return replace(
        cases.AMINA,
        as_of=cases.AS_OF + timedelta(minutes=number),
        application=application,
        history=history,
        identity=replace(cases.AMINA.identity, face_verdict=dice.choice([*FaceVerdict] * 3)),
        signals=frozenset(dice.sample(_SIGNALS, dice.choice([0, 0, 0, 1, 2]))),
    )
