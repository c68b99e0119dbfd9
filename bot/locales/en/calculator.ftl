# The price of a loan, before anything is known about the person.
calculator-title = <b>What does a loan cost?</b>
calculator-intro = Change the amount and the time. We keep nothing about you here.
calculator-asked = You borrow: <b>{ $amount }</b>
calculator-received = You receive: <b>{ $amount }</b>
calculator-total = You pay back in all: <b>{ $amount }</b>
calculator-interest = Interest: { $amount }
calculator-fees-deducted = Fees, taken from the loan: { $amount }
calculator-fees-other = Other fees: { $amount }
calculator-no-fees = Fees: none
calculator-apr = Cost in a year (APR): { $percent }
calculator-when = <b>When you pay</b>
calculator-late = If you pay late: { $percent } of the late amount is added after { $days ->
        [one] { $days } day
       *[other] { $days } days
    }.
part-principal = Principal
part-interest = Interest
part-fees = Fees
part-due = To pay
calculator-apply = ✅ Apply for this loan
calculator-no-products = There is no loan on offer at the moment. Please come back later.

product-personal = In installments
product-bullet = Pay back at once
term-day = { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
term-week = { $count ->
        [one] { $count } week
       *[other] { $count } weeks
    }
term-month = { $count ->
        [one] { $count } month
       *[other] { $count } months
    }
