"""A lender's book by a seed, as rows: decided, answered, lent, paid or not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Base
from kit.ids import new_id, reference
from onboarding.models import Application, Borrower, Case, Offer
from onboarding.states import ApplicationStatus, CaseKind, CaseStatus
from scoring import versions
from scoring.model.predictor import Model
from scoring.models import Decision
from scoring.policy import Outcome
from scoring.watching import drift
from servicing.models import Installment, Loan
from servicing.states import LoanStatus
from tests.scoring import cases

CUT_OFF = 0.3
AMOUNTS = (5_000, 100_000)


def model_that_remembers(folder: Path) -> tuple[str, str]:
    """Manifest and trees of a model that keeps how its training rows were spread."""
    model = cases.amount_model(folder)
    dice = np.random.default_rng(1)
    rows = [decided_values(model, int(dice.uniform(*AMOUNTS))) for _ in range(2_000)]
    spread = {
        "scores": drift.reference([pd for pd, _ in rows]).to_json(),
        "features": {
            name: drift.reference([values[name] for _, values in rows]).to_json()
            for name in model.names
        },
    }
    manifest = cases.write(
        folder, (folder / "model.txt").read_text(), model.manifest.columns,
        training={"spread": spread},
    )  # fmt: skip
    return manifest.to_text(), (folder / "model.txt").read_text()


def decided_values(model: Model, amount_minor: int) -> tuple[float, dict[str, Any]]:
    from scoring import features

    values = features.values(cases.asking(amount_minor=amount_minor), model.names)
    return float(model.pds([model.row(values)])[0]), values


@dataclass
class Book:
    session: AsyncSession
    model: Model
    now: datetime
    dice: np.random.Generator

    @classmethod
    async def of(
        cls, session: AsyncSession, texts: tuple[str, str], now: datetime, *, seed: int = 1
    ) -> "Book":
        model = await versions.register_model(session, *texts, actor="system", now=now)
        return cls(session, model, now, np.random.default_rng(seed))

    async def decides(
        self, rows: int, *, days_ago: int, riskier: float = 0.0, larger: int = 0, **asked: Any
    ) -> None:
        """So many applications on one day; what was lent then is paid back or not by now."""
        made: list[Base] = []
        for _ in range(rows):
            amount = int(self.dice.uniform(*AMOUNTS)) + larger
            made += self._one(amount, self.now - timedelta(days=days_ago), riskier, asked)
        for kind in (Borrower, Decision, Application, Offer, Case, Loan, Installment):
            self.session.add_all(row for row in made if isinstance(row, kind))
            await self.session.flush()

    def _one(self, amount: int, at: datetime, riskier: float, asked: dict[str, Any]) -> list[Base]:
        pd, values = decided_values(self.model, amount)
        snapshot = cases.asking(
            amount_minor=amount, age_years=int(self.dice.integers(19, 70)), **asked
        )
        borrower = Borrower(
            id=new_id(), reference=reference("B"), locale="en", timezone="Africa/Nairobi",
            telegram_id=int(self.dice.integers(1, 2**50)), created_at=at,
        )  # fmt: skip
        approved = pd <= CUT_OFF
        decision = Decision(
            id=new_id(), application_id=new_id(), attempt=1, snapshot=snapshot.to_json(),
            model_sha256=self.model.sha256, policy_sha256="0" * 64, pd=pd, grade="A",
            outcome=Outcome.APPROVE if approved else Outcome.DECLINE, currency="USD",
            limit_minor=amount, approved_minor=amount if approved else 0,
            reasons=[] if approved else ["risk_is_too_high"], created_at=at,
            contributions=[
                {"feature": name, "value": value, "log_odds": 0.1} for name, value in values.items()
            ],
        )  # fmt: skip
        application = Application(
            id=decision.application_id, borrower_id=borrower.id, reference=reference("A"),
            status=ApplicationStatus.ACCEPTED if approved else ApplicationStatus.DECLINED,
            decision_id=decision.id, created_at=at,
        )  # fmt: skip
        rest = self._lent(application, amount, at, pd + riskier) if approved else []
        return [borrower, decision, application, *rest]

    def _lent(self, application: Application, amount: int, at: datetime, risk: float) -> list[Base]:
        on = at.date()
        bad = self.dice.random() < risk
        loan = Loan(
            id=new_id(), application_id=application.id, borrower_id=application.borrower_id,
            reference=reference("L"), status=LoanStatus.ACTIVE, terms={}, rules={}, currency="USD",
            principal_minor=amount, disbursed_on=on, created_at=at,
        )  # fmt: skip
        due = on + timedelta(days=60)
        installment = Installment(
            id=new_id(), loan_id=loan.id, n=1, due_on=due, accrues_from=on, accrues_until=due,
            principal_minor=amount, settled_on=None if bad else due,
        )  # fmt: skip
        offer = Offer(
            id=new_id(), application_id=application.id, limit_minor=amount, amount_minor=amount,
            currency="USD", term="2m", terms=[], created_at=at, expires_at=at,
        )  # fmt: skip
        return [loan, installment, offer]

    async def staff_decides(self, application: Application, verdict: str) -> None:
        self.session.add(
            Case(
                id=new_id(), reference=reference("C"), kind=CaseKind.CREDIT,
                status=CaseStatus.RESOLVED, borrower_id=application.borrower_id,
                application_id=application.id, reasons=[], verdict=verdict,
                opened_at=self.now, due_at=self.now, resolved_at=self.now,
            )
        )  # fmt: skip
        await self.session.flush()
