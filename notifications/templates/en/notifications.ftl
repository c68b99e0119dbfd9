# Chat texts are HTML. SMS texts fit one GSM-7 part (160 characters) with the longest values.

otp_code-sms = { $code } is your { $lender } code. It works for { $minutes } minutes. Write it only in our chat; nobody else may ask for it.

identity_passed-telegram = ✅ Your identity is confirmed.
identity_passed-sms = { $lender }: your identity is confirmed. Open the chat to go on.
identity_passed-button = Go on

identity_refused-telegram = We could not confirm that the document and the selfie show the same person, so we cannot go on. If you think this is a mistake, write /human and a person will look at it.
identity_refused-sms = { $lender }: we could not confirm your identity. Open the chat to see what you can do.
identity_refused-button = Talk to a person

identity_needs_person-telegram = A colleague will look at your photos as well. You need not send them again.
identity_needs_person-sms = { $lender }: a colleague will look at your photos as well. You need not send them again.

application_news-telegram = There is news about your application { $reference }.
application_news-sms = { $lender }: there is news about your application { $reference }. Open the chat to read it.
application_news-button = See the news

staff_question-telegram =
    <b>A question about your application</b>
    { $question }
staff_question-sms = { $lender }: we have a question about your application. Open the chat to answer it.
staff_question-button = Answer

phone_reset-telegram = 📱 We have removed your old phone number, as you asked. Please share your new one here: press the button.
phone_reset-button = Share my number

pictures_wanted-telegram = 📷 Please send { $pictures ->
        [document] a new photo of your document
        [selfie] a new photo of your face
       *[both] new photos of your document and of your face
    }: { $reason ->
        [blurred] we could not see everything sharply.
        [too_dark] it was too dark to see everything.
        [glare] light was shining on the picture.
        [cut_off] something was cut off or covered.
        [expired] the document is out of date, and we need one that is valid.
        [wrong_document] we need your identity card or your passport.
       *[faces_differ] we could not see that both pictures show you.
    }
pictures_wanted-sms = { $lender }: we need new photos from you. Open the chat to see which and why.
pictures_wanted-button = Send it

disbursed-telegram = 💸 <b>{ $amount }</b> is paid out. Loan { $loan }: /loan shows what you owe and when.
disbursed-sms = { $lender }: { $amount } is paid out. Loan { $loan }.

disbursement_failed-telegram = We could not send { $amount } to your wallet. You owe nothing. A colleague is looking at it and will write here.
disbursement_failed-sms = { $lender }: we could not send { $amount } to your wallet. You owe nothing. We will write to you.

payout_returned-telegram = The { $amount } that we sent you came back to us: your wallet or bank did not keep it. You owe nothing, and no interest runs. A colleague is looking at it and will write here.
payout_returned-sms = { $lender }: the { $amount } that we sent you came back to us. You owe nothing. We will write to you.

payout_set_aside-telegram = The { $amount } that we sent you for loan { $loan } came back to us after you had repaid it. The money is yours. A colleague will send it to you and write here.
payout_set_aside-sms = { $lender }: { $amount } for loan { $loan } came back to us after you had repaid it. It is yours: we will send it and write to you.

disbursement_held-telegram = Your loan { $loan } is agreed. <b>{ $amount }</b> will come a little later: { $why ->
        [borrower] with what you owe already it is more than we may lend to one person today.
        [limit] we may lend only so much to loans like yours at a time. It comes when some of them are repaid.
       *[no_money] we are waiting for money to lend.
    } You owe nothing until it is there, and your dates count from that day. There is nothing you have to do. If you no longer want it, write /human and a person will cancel it.
disbursement_held-sms = { $lender }: loan { $loan } is agreed. { $amount } comes a little later: { $why ->
        [borrower] it is more than we may lend to one person today.
        [limit] our limit for such loans is reached.
       *[no_money] we wait for money to lend.
    } Until then you owe nothing.

disbursement_canceled-telegram = Loan { $loan } is canceled: <b>{ $amount }</b> was not sent, and none of it will be. You owe nothing. You can apply again whenever you like: /apply
disbursement_canceled-sms = { $lender }: loan { $loan } is canceled. { $amount } was not sent. You owe nothing.

top_up_undone-telegram = <b>{ $amount }</b> on top of loan { $loan } did not reach you. You owe nothing of it, and the loan is as it was: /loan
top_up_undone-sms = { $lender }: { $amount } on top of loan { $loan } did not reach you. You owe nothing of it.

repayment_received-telegram = ✅ We received <b>{ $amount }</b> for loan { $loan }. Thank you. Left to pay: { $balance }.
repayment_received-sms = { $lender }: we received { $amount } for loan { $loan }. Left to pay: { $balance }. Thank you.
repayment_received-button = Receipt (PDF)

paid_ahead-telegram = You paid more than was due for loan { $loan }. It can make the loan end sooner, or your payments smaller: you choose.
paid_ahead-sms = { $lender }: you paid more than was due for loan { $loan }. It can end sooner, or with smaller payments: choose in the chat.
paid_ahead-button = Choose

payment_declined-telegram = Your wallet did not pay <b>{ $amount }</b>, and nothing was taken. You can try again with /pay, or send the money yourself with the reference { $loan }.
payment_declined-sms = { $lender }: your wallet did not pay { $amount }; nothing was taken. Try again in the chat, or send it with reference { $loan }.
payment_declined-button = Try again

invoice_refused-telegram = We could not make an invoice for <b>{ $amount }</b> by card, and nothing was taken. Please choose another amount or another way with /pay, or send the money yourself with the reference { $loan }.
invoice_refused-sms = { $lender }: no invoice for { $amount } by card could be made; nothing was taken. Choose another way, or send it with reference { $loan }.
invoice_refused-button = Pay another way

payment_taken_back-telegram = Your payment of <b>{ $amount }</b> for loan { $loan } was taken back by your bank or wallet, so it no longer counts. See what is owed now with /loan. If you did not ask for it, talk to us.
payment_taken_back-sms = { $lender }: your payment of { $amount } for loan { $loan } was taken back by your bank or wallet and no longer counts. See the chat, or call us.
payment_taken_back-button = Pay

refunded-telegram = We sent you <b>{ $amount }</b> back: you had paid it and loan { $loan } did not need it.
refunded-sms = { $lender }: we sent you { $amount } back; loan { $loan } did not need it.

loan_closed-telegram = 🎉 We received <b>{ $amount }</b>. Loan { $loan } is fully repaid: you owe nothing. Thank you!
loan_closed-sms = { $lender }: we received { $amount }. Loan { $loan } is fully repaid, you owe nothing. Thank you.
loan_closed-button = Receipt (PDF)

reminder_before_due-telegram = A reminder: <b>{ $amount }</b> for loan { $loan } is due on { $due_on }. Paying takes a minute: /pay, or send it yourself with the reference <b>{ $loan }</b>.
reminder_before_due-sms = { $lender }: { $amount } is due on { $due_on }. Pay in the chat or with reference { $loan }. STOP ends SMS.
reminder_before_due-button = Pay now

reminder_due_today-telegram = <b>{ $amount }</b> for loan { $loan } is due today. Paying takes a minute: /pay, or send it yourself with the reference <b>{ $loan }</b>.
reminder_due_today-sms = { $lender }: { $amount } is due today. Pay in the chat or with reference { $loan }. STOP ends SMS.
reminder_due_today-button = Pay now

reminder_overdue-telegram = <b>{ $amount }</b> for loan { $loan } was due on { $due_on }. You can still put it right today: /pay. If you cannot pay now, tell us with /human and we will look for a way.
reminder_overdue-sms = { $lender }: { $amount } was due on { $due_on }. Pay with reference { $loan }, or talk to us in the chat. STOP ends SMS.
reminder_overdue-button = Pay now

late_fee_charged-telegram = A late fee of { $fee } was added to loan { $loan }, as the agreement says. To pay now: <b>{ $amount }</b>.
late_fee_charged-sms = { $lender }: a late fee of { $fee } was added to loan { $loan }. To pay now: { $amount }.
late_fee_charged-button = Pay now

collection_nudge-telegram = { $days ->
        [one] Loan { $loan } is one day late: <b>{ $amount }</b> is open.
       *[other] Loan { $loan } is { $days } days late: <b>{ $amount }</b> is open.
    } We are sure you want to put this right. Pay with /pay, or write /human: a person will find a plan with you.
collection_nudge-sms = { $lender }: { $amount } of loan { $loan } is { $days ->
        [one] 1 day
       *[other] { $days } days
    } late. Pay or ask us for a plan in the chat. STOP ends SMS.
collection_nudge-button = Pay now

sms_help-sms = { $lender }: we write to you in Telegram; there you pay, ask and read your loan. Reply STOP to end SMS, START to get them again.

guarantee_asked-telegram = <b>{ $name }</b> asks you to answer for a loan. Read first what it means. You owe nothing unless you agree.
guarantee_asked-sms = { $lender }: { $name } asks you to answer for a loan. Read it: { $site }/g/{ $invite } You owe nothing unless you agree.
guarantee_asked-button = Read it

guarantee_given-telegram = ✅ The answer for your application { $reference } is yes. We go on.
guarantee_given-sms = { $lender }: somebody answers for your application { $reference } now. We go on.
guarantee_given-button = See where I am

guarantee_refused-telegram = Somebody whom we asked does not answer for your application { $reference }. See what you can do.
guarantee_refused-sms = { $lender }: somebody does not answer for your application { $reference }. Open the chat to see what you can do.
guarantee_refused-button = See what I can do

guarantee_released-telegram = You need not answer for the loan any more. You owe nothing.
guarantee_released-sms = { $lender }: you need not answer for the loan any more. You owe nothing.

guarantee_late-telegram = Loan { $loan }, for which you answer, is { $days } days late: <b>{ $amount }</b> is open. Please speak with the borrower, or write /human.
guarantee_late-sms = { $lender }: loan { $loan }, for which you answer, is { $days } days late: { $amount }. Talk to us in the chat. STOP ends SMS.

amendment_proposed-telegram = We suggest a change to loan { $loan }. Nothing changes unless you agree. To see it before and after: /loan
amendment_proposed-sms = { $lender }: we suggest a change to loan { $loan }. Look at it in the chat: /loan
amendment_proposed-button = See what we suggest

amendment_applied-telegram = Loan { $loan } was changed. Your schedule as it is now: /loan
amendment_applied-sms = { $lender }: loan { $loan } was changed. Your schedule is in the chat: /loan
