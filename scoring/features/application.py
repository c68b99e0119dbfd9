"""Features of what is asked and of what the applicant said about work, income and home."""

from scoring.features.registry import Value, feature
from scoring.snapshot import Employment, Snapshot

DAYS_PER_MONTH = 365 / 12

_EMPLOYMENT_RANK = {
    Employment.UNEMPLOYED: 0,
    Employment.UNDER_1_YEAR: 1,
    Employment.FROM_1_TO_4_YEARS: 2,
    Employment.FROM_4_TO_7_YEARS: 3,
    Employment.OVER_7_YEARS: 4,
}


@feature(monotone=1, reason="term_is_long")
def term_months(snapshot: Snapshot) -> Value:
    """Term of the loan in months."""
    return snapshot.application.term_days / DAYS_PER_MONTH


@feature(monotone=1, reason="loan_is_large_for_income")
def amount_to_income(snapshot: Snapshot) -> Value:
    """Amount asked over what is left of a month's income after obligations: months of income."""
    free = disposable_minor(snapshot)
    if free is None or free <= 0:
        return None
    return snapshot.application.amount_minor / free


@feature(monotone=1, reason="loan_is_large_for_income")
def installment_to_income(snapshot: Snapshot) -> Value:
    """Repayments per month over what is left of a month's income after obligations."""
    free = disposable_minor(snapshot)
    per_month = repayment_per_month_minor(snapshot)
    if free is None or free <= 0 or per_month is None:
        return None
    return per_month / free


@feature(monotone=1, reason="other_debts")
def obligations_to_income(snapshot: Snapshot) -> Value:
    """Other debts and duties per month over the month's income."""
    asked = snapshot.application
    if asked.monthly_obligations_minor is None or not asked.monthly_income_minor:
        return None
    return asked.monthly_obligations_minor / asked.monthly_income_minor


@feature(monotone=1, reason="other_debts")
def has_other_obligations(snapshot: Snapshot) -> Value:
    """1 when the applicant pays other debts or duties every month, 0 when none."""
    owed = snapshot.application.monthly_obligations_minor
    return None if owed is None else int(owed > 0)


@feature(monotone=-1, reason="short_time_in_work")
def employment_rank(snapshot: Snapshot) -> Value:
    """Time in the present work: 0 none, 1 under a year, 2 up to four, 3 up to seven, 4 longer."""
    employment = snapshot.application.employment
    return None if employment is None else _EMPLOYMENT_RANK[employment]


@feature(category=True, reason="kind_of_work")
def employment_type(snapshot: Snapshot) -> Value:
    """Kind of work."""
    kind = snapshot.application.employment_type
    return None if kind is None else kind.value


@feature(category=True, reason="purpose_of_loan")
def purpose(snapshot: Snapshot) -> Value:
    """What the loan is for."""
    return snapshot.application.purpose


@feature(category=True, reason="kind_of_residence")
def residence(snapshot: Snapshot) -> Value:
    """Owns, rents, or lives free of charge."""
    home = snapshot.application.residence
    return None if home is None else home.value


@feature(category=True)
def product(snapshot: Snapshot) -> Value:
    """The loan product asked for."""
    return snapshot.application.product


@feature()
def age_years(snapshot: Snapshot) -> Value:
    """Age in full years. For the age rule; a model may use it only where the law allows."""
    return snapshot.application.age_years


@feature()
def dependents(snapshot: Snapshot) -> Value:
    """People who live from the applicant's income."""
    return snapshot.application.dependents


@feature(monotone=1, reason="open_loan")
def existing_loans(snapshot: Snapshot) -> Value:
    """Open loans with us."""
    return snapshot.application.existing_loans


def disposable_minor(snapshot: Snapshot) -> int | None:
    """Income of a month less obligations. Obligations that nobody asked for count as none here."""
    asked = snapshot.application
    if asked.monthly_income_minor is None:
        return None
    income = asked.monthly_income_minor + (asked.side_income_minor or 0)
    return income - (asked.monthly_obligations_minor or 0)


def repayment_per_month_minor(snapshot: Snapshot) -> int | None:
    """What the installments come to in a month of 30 days, rounded up."""
    asked = snapshot.application
    if asked.installment_minor is None:
        return None
    return -(-asked.installment_minor * asked.installments * 30 // asked.term_days)
