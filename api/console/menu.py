"""The console's menu: what there is, and what of it a role sees."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    title: str
    path: str
    route: str
    """Whoever may call it in the API sees the page."""


@dataclass(frozen=True)
class Group:
    title: str
    entries: tuple[Entry, ...]


_MENU = (
    Group("", (Entry("Home", "/console", "get_me"),)),
    Group(
        "Money on its way",
        (
            Entry("Payouts", "/console/payouts", "list_payouts"),
            Entry("Payment requests", "/console/payment-requests", "list_payment_requests"),
            Entry("Refunds", "/console/refunds", "list_refunds"),
            Entry("Proposals", "/console/proposals", "list_proposals"),
        ),
    ),
    Group(
        "Needs a person",
        (
            Entry("Cases", "/console/cases", "list_cases"),
            Entry("Suspense", "/console/suspense", "list_suspense"),
            Entry("Incidents", "/console/incidents", "list_incidents"),
            Entry("Reconciliation", "/console/reconciliation", "list_breaks"),
            Entry("Jobs that died", "/console/jobs", "list_dead_jobs"),
        ),
    ),
    Group("People", (Entry("Borrowers", "/console/borrowers", "get_borrower"),)),
    Group(
        "Funding",
        (
            Entry("Pools and cash", "/console/funding", "list_pools"),
            Entry("Forecast", "/console/funding/forecast", "get_forecast"),
            Entry("Held payouts", "/console/funding/held", "list_held_payouts"),
        ),
    ),
    Group(
        "Risk",
        (
            Entry("Line-up", "/console/line-up", "get_line_up"),
            Entry("Watching", "/console/watching", "get_watching"),
            Entry("Risk alerts", "/console/risk-alerts", "list_risk_alerts"),
        ),
    ),
    Group(
        "Books",
        (
            Entry("Trial balance", "/console/ledger", "get_trial_balance"),
            Entry("Journal", "/console/ledger/journal", "list_journal"),
            Entry("Loans", "/console/loans", "list_loans"),
            Entry("Day close", "/console/day-closes", "list_day_closes"),
            Entry("Seals", "/console/seals", "list_checkpoints"),
            Entry("Audit trail", "/console/audit", "list_audit"),
        ),
    ),
)


def menu_of(may: Callable[[str], bool]) -> list[Group]:
    """What the role may open, and nothing else."""
    seen = [
        Group(group.title, tuple(each for each in group.entries if may(each.route)))
        for group in _MENU
    ]
    return [group for group in seen if group.entries]
