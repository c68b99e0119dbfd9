# After the application is sent: waiting, questions, the answer, the offer.
summary-sent = ✅ <b>Your application is sent.</b>
status-sent = <b>We have your application.</b>
status-checking-photos = We are comparing your photos. This takes about a minute. We write to you here; you need not wait.
status-in-review = One of our people is looking at it. You need not do anything. We write to you here, within one working day.
status-question = <b>We have a question:</b>
    { $question }
status-question-hint = Please write your answer here.
status-question-answered = Thank you. We passed your answer on.

words-passed-on = ✓ I have passed your message on.
file-received = Thank you, I am passing your file on.
file-passed-on = ✓ I have passed your file on.

decision-declined = <b>We cannot give you this loan now.</b>
decision-reasons = The main reasons:
decision-change = What would change it: ask for { $amount } over { $term }.
decision-change-debts = What would change it: when your other debts take no more than { $debts } a month, the same loan of { $amount } over { $term } would be approved.
decision-change-no-debts = What would change it: without other debts to pay every month, the same loan of { $amount } over { $term } would be approved.
decision-declined-next = You may try again when something has changed. If you think this is wrong, a person will look again: press “Talk to a person”.

reason-income-not-confirmed = We could not confirm your income.
reason-not-lawful-any-more = The law does not allow a loan at this price any more.
reason-obligations-too-high = Your payments on other loans are too high.
reason-information-contradicts = Some of your answers do not agree with each other.
reason-repayment-history = Loans before were not paid back on time.
reason-suspected-fraud = We could not confirm that your details are true.

offer-approved = 🎉 <b>Your loan of { $limit } is approved.</b>
offer-counter = <b>We can lend you { $limit }</b> of the { $asked } that you asked for.
offer-rate = Your interest rate: <b>{ $percent } a year</b>
offer-until = This offer is good until { $day }. You may take less.
offer-accept = ✅ I take this loan
offer-facts = 📑 As PDF
offer-facts-title = What this loan costs
offer-facts-sent = The offer as a paper. You can read it in peace, or show it to somebody.
offer-refuse = ❌ I do not want it
offer-back = ⬅️ Back to the offer
offer-code =
    <b>Which code did we send you?</b>
    Write the { $digits } digits from the SMS. The code is your signature.
offer-code-signs = You sign for { $amount } and pay back { $total } in all.
offer-accepted = ✅ <b>Agreed.</b> The money is on its way to your wallet.
offer-accepted-shop = ✅ <b>Agreed.</b> The money is on its way to the shop.
offer-expired = <b>The offer has ended.</b> You can apply again.

# Proofs that are wanted again.
proof-picture = <b>We need a new photo from you.</b>
proof-phone-given = ✓ Thank you, your new number is confirmed.
proof-phone = <b>We need your new phone number.</b>

# Who answers for a loan.
guarantee-waiting =
    <b>We have asked the person whom you named.</b>
    We go on when they say yes, and write to you here.
guarantee-name-another =
    <b>We need somebody else who answers for you.</b>
    The person whom you named does not, or not any more. Share another contact here, or write the phone number.
guarantee-group-waiting =
    <b>We have asked your group.</b>
    We go on when everybody has said yes, and write to you here.
guarantee-group-no =
    <b>Somebody in your group does not answer for this loan.</b>
    It cannot go on. You can stop it with /cancel.
button-another-guarantor = 👤 Name somebody else
guarantee-title = <b>{ $name } asks you to answer for a loan.</b>
guarantee-share = If { $name } does not pay, you pay { $share } % of what is open, <b>{ $most }</b> at most.
guarantee-free = You owe nothing unless you agree. You can take it back until the money is paid out.
guarantee-code-signs = With the code you agree to answer for this loan.
guarantee-consented = ✅ <b>You answer for this loan.</b> We tell you if a payment is late.
guarantee-declined = You do not answer for this loan. You owe nothing.
guarantee-withdrawn = You have taken it back: you do not answer for this loan any more.
guarantee-released = Nobody needs your answer any more. You owe nothing.
button-guarantee-agree = ✅ I answer for this loan
button-guarantee-decline = ❌ No
button-guarantee-withdraw = ↩️ Take it back
