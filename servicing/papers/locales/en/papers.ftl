# Papers that a borrower keeps.
schedule-title = Payment dates
schedule-subtitle = Loan { $reference } · amounts in { $currency }
schedule-paid = Paid { $paid } of { $due }
schedule-before = { $count ->
        [one] { $count } payment made
       *[other] { $count } payments made
    }
schedule-after = { $count ->
        [one] { $count } more, on { $day }
       *[other] { $count } more, until { $day }
    }
schedule-today = Today, { $day }

principal = Principal
interest = Interest
fees = Fees
paid = Paid

calendar-name = Loan { $reference }
calendar-event = Pay { $amount } (loan { $reference })
calendar-note = Payment { $n } of loan { $reference }. Pay in the chat with /pay, or send the money with the reference { $reference }.
calendar-alarm = Tomorrow: pay { $amount }

statement-title = Statement of account
statement-subtitle = Loan { $reference } · { $day } · amounts in { $currency }
statement-borrowed = Borrowed
statement-paid-out = Paid out on
statement-closed = Repaid on
statement-due = To pay now
statement-payoff = To pay everything on { $day }
statement-left = Left to pay if every date is kept
statement-credit = Paid ahead
statement-movements = What happened
statement-none = Nothing has happened yet.
statement-ahead = What is still to come
statement-day = Day
statement-what = What
statement-charged = Added
statement-received = Taken off
statement-balance = You owe
statement-amount = To pay
statement-note = A balance with a minus sign is money that you have paid ahead.

kind-disbursement = Loan paid out
kind-accrual = Interest and fees
kind-accrual-since = Interest and fees since { $day }
kind-late-fee = Late fee
kind-repayment = Your payment
kind-credit = From what you paid ahead
kind-write-off = No longer asked for
kind-waiver = Waived
kind-recovery = Paid after it was given up
kind-refinance = Paid off by a new loan
kind-goodwill = Given to you
kind-chargeback = Payment taken back
kind-refund = Paid back to you
kind-change = The loan was changed
kind-suspense = Paid too much
kind-reversal = Taken back
kind-other = Other

receipt-title = Receipt
receipt-subtitle = Loan { $reference }
receipt-amount = We received
receipt-on = Paid on
receipt-number = Number
receipt-used = What it paid
receipt-ahead = Paid ahead
receipt-penalties = Late fees
receipt-reversed = This payment was taken back on { $day }: it does not count.
receipt-thanks = Thank you.
receipt-proof-title = Proof
receipt-proof = This payment is entry number { $number } of our sealed ledger. Anybody can check that without us: give what this code says to verify_ledger.py, with our public key.

funder-title = Funder's statement
funder-subtitle = { $funder } · pool { $pool } · { $since } to { $until }
funder-capital = Capital
funder-work = At work in loans
funder-period = Period
funder-shared-out = Shared out so far until the end of
funder-returns = Returns
funder-risk = At risk at the end
funder-opening = At the beginning
funder-closing = At the end
funder-paid-in = Paid in
funder-reinvested = Left in the pool of what was earned
funder-taken-out = Taken out
funder-taken-back = Taken back by your bank
funder-losses = Losses
funder-recovered = Recovered
funder-deployed = Lent
funder-repaid = Principal repaid
funder-free = Free to be lent
funder-interest = Interest collected on your part
funder-fees = Kept by the lender
funder-earned = Earned
funder-paid-out = Paid to you
funder-payable = Earned and not yet paid
funder-irr = Return a year, money-weighted (IRR)
funder-twr = Return of the period, time-weighted (TWR)
funder-balance = Principal of running loans
funder-overdue = Of it overdue, with interest and fees
funder-par-1 = Of loans late by 1 day or more
funder-par-30 = Of loans late by more than 30 days
funder-par-60 = Of loans late by more than 60 days
funder-par-90 = Of loans late by more than 90 days
funder-expected-loss = Expected loss
funder-note = Interest counts when borrowers pay it. Where your part is the safer one, what others cover first counts as principal repaid.

invoice-title = Loan { $reference }
invoice-description = Payment of { $amount } to { $lender }. Your card is given to the payment provider only; we never see it.
