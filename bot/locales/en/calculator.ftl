# The price of a loan, before anything is known about the person.
calculator-title = <b>What does a loan cost?</b>
calculator-intro = Change the amount and the time. We keep nothing about you here.
calculator-band =
    The price is decided when you apply, by the risk we see: interest from { $least } to { $most } a year (APR from { $least_apr } to { $most_apr }). You pay back in all from { $least_total } to { $most_total }.
    Here is the most that it can cost:
calculator-asked = You borrow: <b>{ $amount }</b>
calculator-received = You receive: <b>{ $amount }</b>
calculator-total = You pay back in all: <b>{ $amount }</b>
calculator-down-payment = Of that, on the first day: <b>{ $amount }</b>
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
calculator-penalty = If you pay late, { $kind ->
        [flat] { $amount } is added
        [percent] { $percent } of the late amount is added
        [both] { $percent } of the late amount and { $amount } are added
       *[daily] interest of { $percent } a year on the late amount is added
    } { $every ->
        [once] once for each payment
        [day] every day
        [week] every week
        [month] every month
       *[always] for every day
    }{ $days ->
        [0] .
        [one] , when you are more than { $days } day late.
       *[other] , when you are more than { $days } days late.
    }
calculator-penalty-each = For being late: not more than { $amount } for one payment.
calculator-penalty-most = For being late: not more than { $amount } in all.
calculator-follows-debt = Interest is counted by the day on what you owe: paying early costs less, paying late costs more.
part-day = Day
part-principal = Principal
part-interest = Interest
part-fees = Fees
part-due = To pay
calculator-apply = ✅ Apply for this loan
calculator-no-products = There is no loan on offer at the moment. Please come back later.

product-personal = In installments
product-bullet = Pay back at once
product-online = Small and quick
product-business = For my business
product-invoice = Money for an invoice
product-purchase = Buy in a shop
product-rural = Until the harvest
product-group = With my group
choose-another-product = The loan that you chose is for people with other work or more income. Please choose another one.
frequency-once = All at the end
frequency-day = Every day
frequency-week = Every week
frequency-week2 = Every two weeks
frequency-month = Every month
term-until = until { $day }
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
