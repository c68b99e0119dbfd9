# Changing a running loan: what can be done, what it costs, and the yes.
change-title = <b>What would help you?</b>
change-date = 📅 Pay one date later
change-break = ⏸ Take a break
change-date-offer = <b>Pay one date later:</b> the payment of { $day }, until { $latest } at the latest. All other dates stay.
change-break-offer = <b>Take a break:</b> the payment of { $day } and all after it, by { $latest } at the latest.
change-price = It costs { $price }.
change-paid-out = <b>You get { $amount } now.</b> It is part of what you pay back.
change-apr = Cost in a year (APR) of what is left: <b>{ $after }</b> instead of { $before }.
change-apr-same = Cost in a year (APR) of what is left: { $after }, as before.
change-free = It costs no fee.
change-left = You can do this { $count ->
        [one] once more
       *[other] { $count } times more
    } this year.
change-person = For anything else, talk to a person: we look for a way together.
change-which-day = <b>On which day do you want to pay instead of { $day }?</b>
change-day = { $day }
change-another-day = 📅 Another day
change-check = <b>This is what it means. Do you agree?</b>
change-costs = In all you pay <b>{ $extra } more</b>: { $after } instead of { $before }.
change-saves = In all you pay <b>{ $extra } less</b>: { $after } instead of { $before }.
change-same = In all you pay the same: { $after }.
change-dates = <b>Your payments then</b>
change-last-date = Your last payment: <b>{ $day }</b> instead of { $before }.
change-yes = ✅ Yes, I agree
change-done = ✅ <b>Done.</b> These are your dates now.

ahead-offer = <b>You pay ahead:</b> more than is due can make the loan end sooner, or each payment smaller.
ahead-shorter = 🏁 End sooner
ahead-smaller = 🪶 Smaller payments
ahead-shorter-check = <b>End sooner: fewer payments, each as now.</b>
ahead-smaller-check = <b>Smaller payments, on the same dates as now.</b>
ahead-chosen = ✅ <b>Done.</b> It also holds for what you pay ahead later; you can choose again.

suggestion-title = <b>We suggest a change to your loan.</b> Nothing changes unless you agree.
suggestion-button = 👀 See what we suggest
suggestion-reschedule = Other dates.
suggestion-pause = A pause.
suggestion-split = One payment in smaller parts.
suggestion-reage = What is late is shared over the dates that come.
suggestion-reamortize = What is left is shared anew over the dates that come.
suggestion-restructure = The rest of the loan on new terms.
suggestion-top_up = More money, together with the rest of the loan, on new terms.
suggestion-refinance = A new loan that pays off what you owe now.
suggestion-other = A change of your loan.
suggestion-agree = ✅ I agree
suggestion-decline = ❌ No, thank you
suggestion-agreed = <b>Thank you.</b> A colleague looks at it once more, and then we write to you.
suggestion-declined = <b>All right.</b> Nothing changes. If you want to talk about it, press “Talk to a person”.
