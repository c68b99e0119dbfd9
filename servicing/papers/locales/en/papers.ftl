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
