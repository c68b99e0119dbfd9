# The loan: what is owed, when, and how to pay it.
loan-title = <b>Your loan { $reference }</b>
loan-pending = The money is on its way to your wallet. We write to you when it has arrived.
loan-pending-shop = The money is on its way to the shop. We write to you when it has arrived.
loan-held = The money comes a little later: { $why ->
        [borrower] with what you owe already it is more than we may lend to one person today.
        [limit] we may lend only so much to loans like yours at a time.
       *[no_money] we are waiting for money to lend.
    } You owe nothing until it is there, and we write to you then. If you no longer want it: /human
loan-principal = Borrowed: { $amount }
loan-next = Next payment: <b>{ $amount }</b> on { $day }
loan-late = ⚠️ <b>{ $amount }</b> was due on { $day }.
    Please pay it today with /pay, or talk to a person: we will find a way.
loan-due-now = Due now: <b>{ $amount }</b>
loan-nothing-due = Nothing is due now.
loan-left = Left to pay in all: { $amount }
loan-payoff = To pay everything today: { $amount }
loan-credit = You have paid ahead: { $amount }
loan-none = You have no loan with us now.
loan-closed = 🎉 <b>Your loan is fully repaid.</b> Thank you! You owe nothing.
loan-canceled = <b>The money could not be paid out.</b> You owe nothing. You can apply again, or talk to a person.
loan-written-off = <b>Your loan is with our team.</b> Please talk to a person.

schedule-title = <b>Payment dates, loan { $reference }</b>
schedule-legend = ✓ paid · ! late

calendar-sent = Open this file: your payment dates go into the calendar of your phone, with a reminder the day before.
statement-sent = Your statement of { $day }.
receipts-title = <b>Which payment?</b>
receipts-none = You have not paid anything yet. Every payment gets a receipt.
receipts-row = { $day } · { $amount }
receipt-sent = Your receipt for { $amount }.

pay-title = <b>How much do you want to pay?</b>
pay-now = 💳 Due now: { $amount }
pay-next = 💳 Next: { $amount }
pay-all = 🏁 Everything: { $amount }
payoff-title = <b>{ $amount }</b> pays off your loan today. You owe nothing after that.
payoff-saves = You save <b>{ $saving }</b>: date by date you would still pay { $left }.
payoff-today = This is the amount of today. Interest is added every day.
pay-other = ✏️ Another amount
pay-other-hint = Write the amount you want to pay, for example 5000.
pay-confirm = Pay <b>{ $amount }</b>?
pay-button = 💳 Pay { $amount }
pay-requested = <b>Please confirm { $amount } in your wallet.</b> We write to you when the money has arrived.
pay-waiting = <b>A payment of { $amount } is waiting in your wallet.</b> Please confirm it there.
pay-card = 💳 Card, here in Telegram
pay-card-title = <b>How much do you want to pay by card?</b> I send you an invoice here. You give your card to the payment provider only; we never see it. For another amount, write it.
pay-card-button = 💳 By card: { $amount }
pay-card-sent = <b>Your invoice for { $amount } is coming.</b> Press the button below it to pay with your card. It can be paid for a day, and once.
pay-card-waiting = <b>An invoice for { $amount } is above in this chat.</b> You can pay it by card there, or choose again.
pay-card-later = I cannot check this payment just now, and nothing was taken. Please try again in a minute.
pay-no-wallet = The money of this loan went to the shop, and you have no confirmed phone with us: so there is no wallet that I can ask.
pay-by-reference = { $rail ->
        [mpesa] You can pay with M-Pesa yourself or at an agent: Pay Bill, business number <code>{ $payee }</code>, account number <code>{ $reference }</code>.
        [gsma] You can pay with mobile money yourself or at an agent: pay to <code>{ $payee }</code>, reference <code>{ $reference }</code>.
        [iso20022] You can pay by bank transfer to account <code>{ $payee }</code>. Write <code>{ $reference }</code> as the reference.
       *[other] You can send the money from your wallet yourself. Write <code>{ $reference }</code> as the reference.
    }
pay-not-yet = There is nothing to pay yet: the money is still on its way.
