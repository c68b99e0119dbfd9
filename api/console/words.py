"""What the console calls things: codes in plain words, their color, refusals with a way on."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """The color of a word. The word itself says it too."""

    PLAIN = "plain"
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"


_TONES = {
    Tone.GOOD: "settled active closed applied holds clear resolved steady champion passed",
    Tone.BUSY: "pending submitting created unknown pending_disbursement consented paying"
    " challenger",
    Tone.WARN: "needs_review proposed returned held doubt waiting retaking",
    Tone.BAD: "failed written_off canceled refused missing_at_rail missing_here amount duplicate"
    " not_posted not_returned alarming adverse against",
}
_TONE_OF = {code: tone for tone, codes in _TONES.items() for code in codes.split()}
_SAID = {
    "us": "Here",
    "rail_transfer_known": "This money is in the books already",
    "parts_stand_already": "This money may be in the books already",
    "own": "The lender's own",
    "payable": "Earned, not paid",
    "rail": "Rail",
    "gsma": "GSMA Mobile Money",
    "iso20022": "Bank (ISO 20022)",
    "mpesa": "M-Pesa",
    "cash_momo": "Cash at mobile money",
}

DONE = {
    "proposed": "Proposed. It is done when another member of staff confirms it.",
    "confirmed": "Confirmed and done.",
    "withdrawn": "Withdrawn. Nothing was done.",
    "retried": "The money is sent again, as a payout of its own: the newest one of this list.",
    "asked": "The statement is fetched again. Open this page in a minute.",
    "canceled": "The loan was given up. No money went out and none will.",
    "taken": "The case is yours.",
    "decided": "Decided. The borrower is told what concerns them.",
    "pictures": "The borrower is asked for new pictures. The case goes on when they were checked.",
    "looks_on": "It looks on from now on: it assesses every application, and never acts.",
    "looks_away": "It looks on no more. What it has said stays.",
    "contest_ended": "The contest is over: the champion decides for everybody again.",
    "rolled_back": "Rolled back. The line-up below decides from now on.",
    "noted": "Your note is kept.",
    "run_again": "It runs again. If it dies once more, it comes back to this list.",
    "registered": "The funder is registered. Two people agree on a stake on the page of a pool.",
    "pool_made": "The pool is there. It lends when two people have agreed to its policy.",
    "kept_apart": "Kept for the funder: it is not lent any more. When it was paid, say so here.",
    "given_up": "It will not be paid. The money may be lent again.",
    "entered": "Entered. It counts from the day on which it was paid.",
    "password": "Your password is changed. Your other sessions have ended.",
}


@dataclass(frozen=True)
class Refusal:
    title: str
    what: str
    """Happened, and what to do now."""


REFUSALS = {
    "role_forbids": Refusal(
        "Not for your role",
        "Your role does not allow this. Nothing was done. Ask a colleague whose role allows it, or"
        " an administrator to change yours.",
    ),
    "form_not_ours": Refusal(
        "This form cannot be trusted",
        "It was opened before you signed in anew, or by another site. Nothing was done. Open the"
        " page again and send the form from there.",
    ),
    "refund_not_movable": Refusal(
        "The rail cannot move this amount",
        "It has cents, and this rail moves only whole units. Nothing was done. Give the money back"
        " outside, and then enter that payment here.",
    ),
    "second_staff_needed": Refusal(
        "A second person is needed",
        "You proposed this yourself. Another member of staff has to look at it and confirm.",
    ),
    "proposal_differs": Refusal(
        "Something else is proposed already",
        "Another proposal for the same record waits. Confirm that one, or withdraw it first.",
    ),
    "proposal_not_found": Refusal(
        "This proposal is over",
        "It was confirmed or withdrawn in the meantime. Nothing more was done.",
    ),
    "order_not_in_review": Refusal(
        "Nobody needs to decide this any more",
        "The rail has answered, or is still being asked. The page shows how it stands now.",
    ),
    "settled_before_ordered": Refusal(
        "That was before it was ordered",
        "Money of this order cannot have moved on a day before the order was made: this is another"
        " transfer, or another day. Nothing was done.",
    ),
    "payout_not_failed": Refusal(
        "Not proven to have failed",
        "Money may be sent again, or the loan given up, only when it is proven that the last payout"
        " moved nothing, or came back.",
    ),
    "payout_not_settled": Refusal(
        "Nothing of it to take back",
        "The payout never arrived, or what came back of it is in the books.",
    ),
    "return_not_proven": Refusal(
        "The rail has not said so",
        "Neither a message of the rail nor its statement says that this payout came back. Fetch the"
        " statement of that day; then it can be taken back.",
    ),
    "returned_amount_differs": Refusal(
        "Another amount came back",
        "Only a whole payout can be taken back. Ask the rail's people where the rest is; the"
        " incident and the break stay open until it is clear.",
    ),
    "return_not_possible": Refusal(
        "Something else was agreed since",
        "The loan was changed after this money, and the change cannot be without it. Take the"
        " changes back on the loan, the last one first; then take the payout back.",
    ),
    "payout_not_held": Refusal(
        "This payout does not wait for money", "It went out, or was given up, in the meantime."
    ),
    "funding_pool_not_found": Refusal("No such pool", "Choose one from the list of pools."),
    "funding_stake_not_found": Refusal("No such stake", "Choose one from its pool's page."),
    "funder_not_found": Refusal("No such funder", "Choose one from the list of funders."),
    "funding_name_taken": Refusal("This name is taken", "Choose another one. Nothing was done."),
    "opening_balance_is_so": Refusal(
        "The books have just this",
        "Nothing was changed. To correct it, type what really was there.",
    ),
    "funding_withdrawal_not_found": Refusal(
        "This withdrawal is over", "It was paid or given up in the meantime."
    ),
    "capital_not_free": Refusal(
        "Not that much is free", "It is lent, on its way to a borrower, promised, or not there."
    ),
    "capital_return_differs": Refusal(
        "The bank took back another amount",
        "Only a whole payment of a funder leaves his stake. Ask the rail's people where the rest"
        " is; the break stays open until it is clear.",
    ),
    "capital_reference_used": Refusal(
        "This payment is written down already",
        "As capital, as a borrower's, or as money that was given back. Check its reference.",
    ),
    "capital_amount_differs": Refusal(
        "The rail brought another amount",
        "It waits in suspense under this reference. Type the amount that stands there.",
    ),
    "invalid_terms": Refusal("Please check what you typed", "Nothing was done."),
    "invalid_amount": Refusal(
        "This is not an amount", "Type a number that is not below zero, as 50000 or 1250.50."
    ),
    "suspense_item_not_found": Refusal(
        "Placed already",
        "There is no such item, or it was placed in the meantime. What is left over from a loan"
        " that closed is given back, not placed on another one.",
    ),
    "refund_reference_used": Refusal(
        "This payment gave another item back",
        "One payment outside gives one item back. Check its reference.",
    ),
    "break_not_found": Refusal(
        "Resolved already", "There is no such break, or it was resolved or has mended by itself."
    ),
    "break_act_not_possible": Refusal(
        "This does not put it right",
        "The statement and our books differ in another way. Look at what the rail said of it, then"
        " choose another act, or explain it.",
    ),
    "money_of_a_loan": Refusal(
        "This was sent for a loan",
        "It is its payer's: have it repay that loan or another one, or give it back.",
    ),
    "more_than_by_hand": Refusal(
        "So much was not entered by hand",
        "What staff have entered by hand is less than this, or is at a rail already. If the lender"
        " added to it, say that he sent it.",
    ),
    "did_not_leave_twice": Refusal(
        "It did not leave twice",
        "Only what was paid by card, went back and is in the books as that can be lost so. At other"
        " rails write off the break; what a loan had left over goes back with its payment.",
    ),
    "written_off_before": Refusal(
        "Written off already", "That it left twice is in the books. Nothing more was done."
    ),
    "refund_under_way": Refusal(
        "A rail is giving it back", "Wait until the refund has settled or failed."
    ),
    "refund_at_provider": Refusal(
        "It was paid by card",
        "Give it back in the payment provider's dashboard, to the card it came from. Then say here"
        " by which payment it was given back.",
    ),
    "nobody_to_refund": Refusal(
        "Nobody to send it to",
        "Nobody knows whose money it is, or that borrower has no proven phone. Give it back by a"
        " payment outside, and say by which one.",
    ),
    "case_not_found": Refusal("No such case", "Look for it in the list of cases."),
    "case_resolved": Refusal("Decided already", "Somebody decided it in the meantime."),
    "pictures_awaited": Refusal(
        "New pictures are awaited", "The case goes on when the borrower has sent them."
    ),
    "file_not_found": Refusal("No such file", "It does not belong to this case."),
    "file_erased": Refusal(
        "This file was destroyed", "The time for which it may be kept was over (docs/custody.md)."
    ),
    "personal_data_erased": Refusal(
        "This person was erased", "Nothing that was known of them can be opened any more."
    ),
    "risk_alert_not_found": Refusal("No such alert", "Look for it in the list of risk alerts."),
    "risk_promotion_held": Refusal(
        "The gate holds it back",
        "Nothing was done. What speaks against it stands below. If you both know better, tick that"
        " you insist, and say why.",
    ),
    "risk_promotion_turned": Refusal(
        "The gate holds it back since it was proposed",
        "Nothing was done. What speaks against it stands below. Withdraw the proposal; if you both"
        " know better, propose it anew and insist.",
    ),
    "risk_seat_taken": Refusal(
        "It sits there already", "Nothing was done. It is done, or it decides more than that."
    ),
    "risk_seat_empty": Refusal(
        "Nobody sits there", "Somebody ended it in the meantime. Nothing more was done."
    ),
    "risk_nothing_before": Refusal(
        "Nothing to go back to", "Nothing decided before the champion that stands."
    ),
    "risk_line_up_moved": Refusal(
        "The line-up has changed",
        "Somebody else sits there by now, perhaps by your own click. Nothing more was done.",
    ),
    "risk_nothing_to_contest": Refusal(
        "No champion of just this product",
        "Promote one for it first, or contest the champion of every product.",
    ),
    "risk_version_not_found": Refusal(
        "Not kept here", "Register the model or policy first, or choose one from the lists."
    ),
    "job_not_dead": Refusal(
        "It is not dead any more", "Somebody ran it again in the meantime, or it never died."
    ),
    "borrower_not_found": Refusal("No such borrower", "Look for them by a reference or a phone."),
    "erasure_loan_owed": Refusal(
        "A loan is owed", "Whoever owes is not forgotten. Nothing was done."
    ),
    "erasure_application_open": Refusal(
        "An application is open", "It has to end first. Nothing was done."
    ),
    "erasure_case_open": Refusal("A case is open", "Resolve it first. Nothing was done."),
    "erasure_guarantee_stands": Refusal(
        "They answer for a loan", "Their guarantee has to end first. Nothing was done."
    ),
    "erasure_law_keeps": Refusal("The law keeps it", "It cannot be forgotten yet."),
    "too_many_reveals": Refusal(
        "Enough for today",
        "You have read as many persons in a day as the work needs. Ask a colleague.",
    ),
    "too_many_lookups": Refusal(
        "Enough for today",
        "You have looked for as many phone numbers in a day as the work needs. Look by a reference,"
        " or ask a colleague.",
    ),
    "phone_not_usable": Refusal(
        "This is no phone number", "Type it with its country code, as +254712000071."
    ),
    "phone_not_proven": Refusal(
        "No number to take back", "This borrower has no proven phone, or it was taken back already."
    ),
    "incident_not_found": Refusal(
        "Resolved already", "There is no such incident, or it was resolved in the meantime."
    ),
    "loan_not_found": Refusal(
        "No such loan", "Check the reference: it is on the borrower's papers."
    ),
    "loan_event_not_possible": Refusal(
        "The loan cannot be without it any more",
        "Something was agreed since that rests on it. Take that back first, the last one first."
        " Nothing was done.",
    ),
    "loan_not_repayable": Refusal(
        "This loan takes no money", "It is not paid out yet, or it is over. Choose a running loan."
    ),
    "repayment_not_found": Refusal("No such payment", "Look for it on the page of its loan."),
    "repayment_reversed": Refusal(
        "Taken back already",
        "This payment went back, and is in the books as that. Nothing more was done.",
    ),
    "order_not_found": Refusal("No such order", "Look for it in the list of payouts or requests."),
    "ledger_entry_not_found": Refusal("No such entry", "The ledger has no entry under this name."),
    "ledger_entry_not_sealed": Refusal(
        "Not signed yet",
        "The entry was posted a moment ago. Its proof comes with the next checkpoint, in minutes.",
    ),
    "ledger_checkpoint_not_found": Refusal(
        "No such checkpoint", "Nothing was signed at this size. Choose one from the list."
    ),
    "login_refused": Refusal(
        "That did not match", "The name or the password is not right. Try again."
    ),
    "too_many_logins": Refusal(
        "Too many tries", "Wait a few minutes, then try again. Nothing is lost."
    ),
    "password_too_weak": Refusal(
        "This password is too short", "Choose one of at least 12 characters."
    ),
    "paid_in_future": Refusal("That moment has not come yet", "Check the date and the time."),
    "route_not_found": Refusal(
        "There is no such page", "The address is wrong, or the record is gone. Use the menu."
    ),
    "invalid_request": Refusal(
        "Something in the address or the form cannot be read",
        "Nothing was done. Check what is marked and send it again.",
    ),
    "temporarily_unavailable": Refusal(
        "Not available for a moment",
        "The database or a service did not answer. Nothing was done. Try again in a few seconds.",
    ),
    "unexpected_error": Refusal(
        "Something went wrong on our side",
        "Nothing was changed. Try again; if it stays like this, give the number below to the people"
        " who run this installation.",
    ),
}


def refusal_of(code: str) -> Refusal:
    return REFUSALS.get(code) or Refusal(said(code), "This was refused. Nothing was done.")


WRONG = {
    "^[a-z0-9-]{2,40}$": "2 to 40 small letters, digits and dashes, without spaces",
    "^[A-Z]{3}$": "three capital letters, as KES",
    "missing": "is missing",
    "string_too_short": "is missing or too short",
    "string_too_long": "at most {max_length} characters",
    "int_parsing": "a whole number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "date_from_datetime_parsing": "a day of the calendar",
    "date_parsing": "a day of the calendar",
    "datetime_from_date_parsing": "a day with a time",
    "datetime_parsing": "a day with a time",
    "enum": "choose one of those that are offered",
    "literal_error": "choose one of those that are offered",
    "uuid_parsing": "choose one of those that are offered",
}
"""What is said of a field, by the pattern that it should have, or by the kind of the error."""
_FIELDS = {
    "code": "Name",
    "rate_ppm": "Rate, per cent",
    "loss_order": "Bears losses as number",
    "rank": "Asked as number",
    "floor": "Stays in the pool",
    "opening": "Was there",
    "due_on": "To be paid on",
    "paid_on": "Day on which it was paid",
}


def field(name: str) -> str:
    """As the forms call it."""
    return _FIELDS.get(name) or said(name)


def said(code: object) -> str:
    """`needs_review` reads as “Needs review”."""
    known = str(code)
    plain = known.replace("_", " ").replace(".", ": ")
    return _SAID.get(known) or plain[:1].upper() + plain[1:]


def tone_of(code: object) -> Tone:
    return _TONE_OF.get(str(code), Tone.PLAIN)


def open_breaks(count: int) -> str:
    if not count:
        return "No breaks"
    return f"{count} {'break' if count == 1 else 'breaks'} open"
