"""Early warnings of a loan, each with what shows it."""

from dataclasses import replace
from datetime import UTC, date, datetime

from scoring import warnings
from scoring.warnings import LoanFacts

AT = datetime(2026, 11, 20, tzinfo=UTC)
QUIET = LoanFacts(
    loan="loan:1", days_past_due=0, pd_then=0.08, pd_now=None, promised_on=None,
    chat_blocked_at=None, sms_stopped_at=None, phone_bad_at=None, has_chat=True,
    payout_differs_from=None,
)  # fmt: skip


def signs(**changes: object) -> dict[str, dict[str, object]]:
    facts = replace(QUIET, **changes)  # type: ignore[arg-type]
    return {alert.kind: dict(alert.evidence) for alert in warnings.of(facts)}


class TestWarnings:
    def test_says_nothing_of_a_loan_in_order(self) -> None:
        assert warnings.of(QUIET) == []

    def test_leaves_the_first_late_days_to_reminders(self) -> None:
        assert signs(days_past_due=4) == {}
        assert signs(days_past_due=5) == {"loan_overdue": {"days_past_due": 5}}

    def test_a_score_fell_when_it_is_half_as_much_again_and_five_points(self) -> None:
        assert signs(pd_now=0.12) == {}
        assert signs(pd_then=0.3, pd_now=0.4) == {}
        assert signs(pd_now=0.14) == {"loan_score_fell": {"pd_then": 0.08, "pd_now": 0.14}}

    def test_a_promise_is_broken_by_the_first_late_day(self) -> None:
        agreed = date(2026, 11, 1)

        assert signs(promised_on=agreed) == {}
        assert signs(promised_on=agreed, days_past_due=1) == {
            "loan_promise_broken": {"agreed_on": "2026-11-01", "days_past_due": 1}
        }

    def test_contact_is_lost_when_nothing_reaches(self) -> None:
        assert signs(chat_blocked_at=AT) == {}
        assert signs(has_chat=False) == {}
        assert signs(chat_blocked_at=AT, phone_bad_at=AT) == {
            "loan_contact_lost": {
                "chat_blocked_at": AT.isoformat(), "phone_bad_at": AT.isoformat(),
            }
        }  # fmt: skip
        assert set(signs(has_chat=False, sms_stopped_at=AT)) == {"loan_contact_lost"}

    def test_money_that_goes_elsewhere_is_told_with_the_loan_before(self) -> None:
        assert signs(payout_differs_from="L-1") == {
            "loan_payout_changed": {"other_than_of_loan": "L-1"}
        }
