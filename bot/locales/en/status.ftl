# After the application is sent: waiting, questions, the answer, the offer.
summary-sent = ✅ <b>Your application is sent.</b>
status-sent = <b>We have your application.</b>
status-checking-photos = We are comparing your photos. This takes about a minute. We write to you here; you need not wait.
status-in-review = One of our people is looking at it. You need not do anything. We write to you here, within one working day.
status-question = <b>We have a question:</b>
    { $question }
status-question-hint = Please write your answer here.
status-question-answered = Thank you. We passed your answer on.

decision-declined = <b>We cannot give you this loan now.</b>
decision-reasons = The main reasons:
decision-change = What would change it: ask for { $amount } over { $term }.
decision-declined-next = You may try again when something has changed. If you think this is wrong, a person will look again: press “Talk to a person”.

reason-income-not-confirmed = We could not confirm your income.
reason-obligations-too-high = Your payments on other loans are too high.
reason-information-contradicts = Some of your answers do not agree with each other.
reason-repayment-history = Loans before were not paid back on time.
reason-suspected-fraud = We could not confirm that your details are true.

offer-approved = 🎉 <b>Your loan of { $limit } is approved.</b>
offer-counter = <b>We can lend you { $limit }</b> of the { $asked } that you asked for.
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
offer-expired = <b>The offer has ended.</b> You can apply again.

# Proofs that are wanted again.
proof-picture = <b>We need a new photo from you.</b>
proof-phone-given = ✓ Thank you, your new number is confirmed.
proof-phone = <b>We need your new phone number.</b>
