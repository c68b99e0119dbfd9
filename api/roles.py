"""Who may do what: one table. A route that is not in it is refused to everybody."""

from enum import StrEnum


class Role(StrEnum):
    UNDERWRITER = "underwriter"
    COLLECTOR = "collector"
    AUDITOR = "auditor"
    ADMIN = "admin"
    ANALYST = "analyst"


_U, _C, _A, _ADMIN, _ANALYST = Role
_EVERYBODY = frozenset(Role)
_DECIDES = frozenset({_U})
_REVIEWS = frozenset({_U, _A})
_SERVES = frozenset({_U, _C, _A})
_CALLS = frozenset({_U, _C})
_COLLECTS = frozenset({_C})
_WATCHES_MONEY = frozenset({_C, _A, _ADMIN})
_TREASURES = frozenset({_C, _ADMIN})
_OVERSEES = frozenset({_A, _ADMIN})
_ACTS = frozenset({_U, _C, _ADMIN, _ANALYST})
_RUNS = frozenset({_ADMIN})
_ERASES = frozenset({_U, _ADMIN})
_ANALYSES = frozenset({_ANALYST, _A, _ADMIN})
_TRIES = frozenset({_ANALYST})
_PROMOTES = frozenset({_ANALYST, _ADMIN})
_WATCHES_RISK = _ANALYSES | _DECIDES
_NOTES = frozenset({_U, _C, _ANALYST, _ADMIN})

MATRIX: dict[str, frozenset[Role]] = {
    "get_me": _EVERYBODY,
    "change_password": _EVERYBODY,
    "delete_session": _EVERYBODY,
    "list_cases": _SERVES,
    "get_case": _REVIEWS,
    "assign_case": _DECIDES,
    "ask_borrower": _DECIDES,
    "ask_pictures": _DECIDES,
    "add_case_note": _DECIDES,
    "approve_case": _DECIDES,
    "decline_case": _DECIDES,
    "close_case": _DECIDES,
    "read_evidence": _REVIEWS,
    "get_borrower": _SERVES,
    "reveal_borrower": _CALLS,
    "reset_phone": _CALLS,
    "erase_borrower": _ERASES,
    "get_conversation": _SERVES,
    "list_messages": _SERVES,
    "list_applications": _REVIEWS,
    "get_application": _REVIEWS,
    "list_guarantees": _SERVES,
    "create_group": _DECIDES,
    "list_groups": _SERVES,
    "get_group": _SERVES,
    "add_group_member": _DECIDES,
    "remove_group_member": _DECIDES,
    "list_loans": _SERVES,
    "get_loan": _SERVES,
    "list_loan_ledger": _SERVES,
    "get_statement": _SERVES,
    "get_schedule_picture": _SERVES,
    "get_schedule_calendar": _SERVES,
    "get_statement_paper": _SERVES,
    "get_receipt": _SERVES,
    "receive_repayment": _TREASURES,
    "preview_amendment": _SERVES,
    "list_amendments": _SERVES,
    "propose_amendment": _CALLS,
    "approve_amendment": _CALLS,
    "refuse_amendment": _CALLS,
    "reverse_amendment": _CALLS,
    "list_merchants": _EVERYBODY,
    "create_merchant": _RUNS,
    "close_merchant": _RUNS,
    "list_payouts": _WATCHES_MONEY,
    "get_payout_history": _WATCHES_MONEY,
    "get_payment_request_history": _WATCHES_MONEY,
    "get_refund_history": _WATCHES_MONEY,
    "list_suspense": _WATCHES_MONEY,
    "list_incidents": _WATCHES_MONEY,
    "list_breaks": _WATCHES_MONEY,
    "list_payment_requests": _WATCHES_MONEY,
    "list_reconciliations": _WATCHES_MONEY,
    "list_refunds": _WATCHES_MONEY,
    "assign_suspense": _TREASURES,
    "refund_suspense": _TREASURES,
    "own_suspense": _TREASURES,
    "send_suspense_back": _TREASURES,
    "settle_refund": _TREASURES,
    "fail_refund": _TREASURES,
    "charge_repayment_back": _TREASURES,
    "write_repayment_off": _TREASURES,
    "write_suspense_off": _TREASURES,
    "reconcile_again": _TREASURES,
    "explain_break": _TREASURES,
    "put_break_right": _TREASURES,
    "write_break_off": _TREASURES,
    "own_break": _TREASURES,
    "resolve_incident": _TREASURES,
    "preview_return": _WATCHES_MONEY,
    "take_back_payout": _TREASURES,
    "settle_payout": _TREASURES,
    "fail_payout": _TREASURES,
    "settle_payment_request": _TREASURES,
    "fail_payment_request": _TREASURES,
    "retry_payout": _RUNS,
    "cancel_payout": _RUNS,
    "list_funders": _WATCHES_MONEY,
    "create_funder": _RUNS,
    "list_pools": _WATCHES_MONEY,
    "create_pool": _RUNS,
    "set_pool_policy": _TREASURES,
    "add_stake": _TREASURES,
    "pay_in_capital": _TREASURES,
    "reinvest_return": _TREASURES,
    "list_withdrawals": _WATCHES_MONEY,
    "agree_withdrawal": _TREASURES,
    "pay_withdrawal": _TREASURES,
    "cancel_withdrawal": _TREASURES,
    "get_cash": _WATCHES_MONEY,
    "set_floor": _TREASURES,
    "set_opening_balance": _TREASURES,
    "get_forecast": _WATCHES_MONEY,
    "list_held_payouts": _WATCHES_MONEY,
    "release_payout": _TREASURES,
    "cancel_held_payout": _RUNS,
    "get_funder_statement": _WATCHES_MONEY,
    "get_funder_statement_paper": _WATCHES_MONEY,
    "list_proposals": _EVERYBODY,
    "withdraw_proposal": _ACTS,
    "get_trial_balance": _OVERSEES,
    "list_account_entries": _OVERSEES,
    "list_journal": _OVERSEES,
    "get_ledger_entry": _SERVES | _OVERSEES,
    "list_day_closes": _WATCHES_MONEY,
    "list_checkpoints": _WATCHES_MONEY,
    "get_consistency_proof": _WATCHES_MONEY,
    "get_entry_proof": _WATCHES_MONEY,
    "get_portfolio": _EVERYBODY,
    "get_late_portfolio": _EVERYBODY,
    "get_late_loans": _SERVES,
    "reassess_loan": _DECIDES,
    "get_watching": _WATCHES_RISK,
    "get_watching_course": _WATCHES_RISK,
    "get_drift_picture": _WATCHES_RISK,
    "get_fairness_picture": _WATCHES_RISK,
    "get_decision_inputs": _WATCHES_RISK,
    "list_risk_alerts": _WATCHES_RISK | _COLLECTS,
    "note_risk_alert": _NOTES,
    "list_audit": _OVERSEES,
    "list_risk_models": _ANALYSES,
    "list_risk_policies": _ANALYSES,
    "get_line_up": _ANALYSES,
    "list_line_up_history": _ANALYSES,
    "compare_risk": _ANALYSES,
    "register_risk_model": _TRIES,
    "register_risk_policy": _TRIES,
    "replay_decision": _ANALYSES,
    "replay_risk": _ANALYSES,
    "try_risk": _TRIES,
    "set_shadow": _PROMOTES,
    "promote_risk": _PROMOTES,
    "contest_risk": _PROMOTES,
    "end_contest": _PROMOTES,
    "roll_back_risk": _PROMOTES,
    "list_dead_jobs": _OVERSEES,
    "retry_job": _RUNS,
}
"""Names of the route functions under `/v1` and the roles that may call them."""


def allows(route: str, role: Role) -> bool:
    return role in MATRIX.get(route, frozenset())
