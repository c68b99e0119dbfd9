# One sentence for every anticipated refusal, by its code. Kind, short, says what to do.

# Not anticipated.
error-unexpected = Sorry, something went wrong on our side (number { $reference }). Nothing is lost; I am trying again.
error-unexpected-given-up = Sorry, this did not work (number { $reference }). Please try again, or write /human.
error-something-else = This did not work. Please try again, or write /human.

# Answers.
error-name-not-readable = Please write your first and last name in letters, as on your document.
error-date-not-readable = I cannot read this as a date. Please write day, month and year, for example 31.12.1990.
error-too-young = You must be at least { $years } years old to borrow from us.
error-text-not-readable = I cannot read this. Please write it in a few words.
error-amount-not-readable = I cannot read this as an amount. Please write digits, for example 25000.
error-amount-not-offered = Please choose an amount from { $least } to { $most }.
error-invalid-amount = I cannot read this as an amount. Please write digits, for example 25000.
error-number-not-readable = Please write a number in digits, for example 2.5.
error-answer-out-of-range = Please give an answer from { $least } to { $most }.
error-product-not-for-you = This loan is for people with other work or more income. Please choose another one.
error-guarantor-must-be-another = This is your own number. Please name somebody else.
error-merchant-not-found = We do not know a shop with this code. Please check it with the shop.
error-choice-not-known = Please press one of the buttons.
error-contact-expected = Please press the button below to share your number; do not type it.
error-not-your-contact = This is not your own number. Please share your own with the button below.
error-phone-not-usable = We cannot use this phone number. Please share a mobile number.
error-photo-expected = Please send a photo.
error-confirmation-expected = Please press a button: is it right, or which line is wrong?
error-document-number-not-readable = Please write the number as it stands on the document: letters and digits.
error-wallet-must-be-yours = We can pay only to the wallet of your own number.
error-too-many-messages = You have written { $most } messages in an hour. Please wait until we have read them.
error-message-empty = I cannot read this message. Please write it in words.
error-term-has-passed = The day on which you want to pay it back is too near. Please change it.
error-term-not-offered = Please choose one of the times on the buttons.
error-product-not-found = This loan is no longer on offer. Please choose another one.

# Codes.
error-code-wrong = { $left ->
        [one] This code is not right. You have one more try.
       *[other] This code is not right. You have { $left } more tries.
    }
error-code-expired = This code does not work any more. Please press “Send a new code”.
error-code-too-soon = { $seconds ->
        [one] Please wait one second; then we can send a new code.
       *[other] Please wait { $seconds } seconds; then we can send a new code.
    }
error-too-many-codes = We have sent too many codes today. Please try again tomorrow.

# Pictures.
error-picture-too-large = This file is larger than { $limit_mb } MB. Please send a smaller photo.
error-picture-format-unsupported = I can only read photos (JPEG, PNG or WebP). Please send a photo.
error-file-format-unsupported = I can only pass on photos and PDF documents.
error-picture-not-readable = I cannot open this photo. Please take a new one.
error-picture-too-many-pixels = This photo is too large for me. Please take it with your phone's normal camera.
error-picture-moves = This is a moving picture. Please send a photo.
error-picture-check-failed = I could not look at this photo. Please send it again.
error-picture-not-good = Please take this photo again.
error-picture-missing = A photo is missing. Please send it.

# Video notes.
error-challenge-expired = Your video note came too late.
error-clip-older-than-challenge = This video note was recorded before I asked. Please record a new one.
error-clip-forwarded = Please record the video note here, now; a forwarded one does not count.
error-act-unknown = This is not something that we ask for.
error-clip-too-large = This video note is larger than { $limit_mb } MB. Please record a shorter one.
error-clip-format-unsupported = I can only watch video notes. Hold the camera button of the chat to record one.
error-clip-not-readable = I cannot watch this video note: it is cut off or damaged. Please record it again.
error-clip-without-picture = I see no picture in this video note. Please record it again with the camera.
error-clip-too-many-pixels = This film is too large for me. Please record a video note with the camera button of the chat.
error-clip-too-long = This video note is longer than { $limit_seconds } seconds. Please record a shorter one.

# The journey.
error-not-registered = Please start with the price of a loan.
error-step-not-asked = This button is old. Here is where you are now.
error-no-open-application = You have no application at the moment.
error-not-all-answered = Some questions are still open.
error-nothing-before = This is the first question. You cannot go further back.
error-cannot-change = This answer cannot be changed any more. If it is wrong, write /human and tell a person.
error-already-borrowing = You have a loan with us. You can apply again when it is repaid.
error-no-offer = There is no offer at the moment.
error-offer-expired = The offer has ended. You can apply again.
error-loan-looked-at = A person has to look at something before your loan can start. Your offer stays here; please try again later, or write /human.
error-outside-offer = Please choose at most { $most }.
error-invalid-transition = That is not possible any more.
error-verification-not-collecting = We already have your photos.
error-verification-not-found = We have no photos from you.
error-verification-reason-missing = A reason is needed.
error-chat-belongs-to-another = This chat belongs to another person. Please write /human.
error-contact-not-found = We do not know this person.
error-borrower-not-found = We do not know this person.
error-personal-data-erased = Your data was erased, as you wished.
error-phone-not-proven = Please share your phone number first.
error-phone-not-e164 = We cannot use this phone number.
error-timezone-unknown = We do not know this time zone.
error-file-not-found = This file does not exist.

# Loans and money.
error-loan-not-found = You have no such loan.
error-loan-not-repayable = This loan cannot be paid now: it is not paid out yet, or it is over.
error-repayment-in-other-currency = Please pay in { $currency }.
error-no-wallet = The money of this loan went to the shop, and you have no confirmed phone with us: so there is no wallet that I can ask. /pay shows how else you can pay.
error-amount-above-payoff = { $most } is all that you owe. Please choose at most that.
error-repayment-not-found = There is no such payment.
error-payout-not-failed = The money may already be on its way. A person will look at it.
error-terms-not-serviced = We do not offer a loan like this.
error-invalid-terms = We do not offer a loan like this.
error-cap-passed = This loan would cost more than the law of { $place } allows ({ $source }): { $measure ->
        [nominal_percent_per_month] the nominal rate a month
        [effective_percent_per_month] the effective rate a month
        [cost_percent_per_day] the cost a day
        [fees_percent_of_principal] the fees
        [late_percent_per_month] the cost of being late, a month,
        [late_amount] the cost of being late
        [apr_eu_percent] the yearly cost
        [apr_in_percent] the yearly cost
       *[other] all that it can cost
    } would be { $value }, and { $most } is the most.
error-no-annual-rate = We cannot work out the cost of this loan.
error-ledger-checkpoint-not-found = We have signed no checkpoint at { $size } entries.
error-ledger-entry-already-reversed = This booking was already taken back.
error-ledger-entry-not-found = The ledger has no such booking.
error-ledger-entry-not-sealed = This booking was made a moment ago. Its proof comes with the next checkpoint, within minutes.
error-ledger-reference-reused = This booking exists and says something else.
error-rail-reference-reused = This payment was already received.
error-rail-transfer-known = This money is in the books already.
error-parts-stand-already = The payments of this sum may be in the books already.
error-settled-before-ordered = Money cannot have moved before it was ordered.
error-money-was-set-aside = This money waits for a person, or was given back.
error-rail-callback-malformed = The payment message cannot be read.
error-rail-not-found = This way of paying is not connected.
error-rail-signature-invalid = The payment message is not signed.
error-suspense-item-not-found = There is no such item.
error-money-of-a-loan = This money was sent for a loan.
error-more-than-by-hand = So much was not entered by hand.
error-did-not-leave-twice = This money did not leave us twice.
error-written-off-before = It was written off before.
error-refund-reference-used = This payment was used for another item already.
error-training-groups-too-small = Column { $column } does not have two groups of { $needed } rows to compare.
error-risk-alert-not-found = There is no such alert.
error-incident-not-found = There is no such incident.
error-refund-under-way = This money is on its way back to the borrower already.
error-refund-at-provider = This was paid by card. Give it back in the payment provider’s dashboard, then write here by which payment.
error-no-chat = We have no chat to send an invoice to. Please choose another way to pay.
error-invoice-not-payable = This invoice can no longer be paid, and nothing was taken. Please ask for a new one with /pay.
error-invoice-paid = This invoice is paid already, and nothing more was taken. Thank you!
error-invoice-differs = The amount of this invoice has changed, and nothing was taken. Please ask for a new one with /pay.
error-invoice-not-owed = You owe less than this by now, and nothing was taken. Please ask for a new invoice with /pay.
error-nobody-to-refund = Nobody knows whose money it is, or that person has no proven phone.
error-repayment-reversed = This payment was taken back before.
error-break-not-found = There is no such break, or it has mended.
error-break-act-not-possible = This does not put such a break right.
error-funder-not-found = There is no such funder.
error-funding-pool-not-found = There is no such pool.
error-funding-stake-not-found = There is no such stake.
error-funding-name-taken = There is one with this name already.
error-funding-withdrawal-not-found = There is no such withdrawal that waits.
error-opening-balance-is-so = The books have just this already.
error-pool-currency-differs = This pool is in { $currency }.
error-capital-not-free = Only { $free } is free: the rest is lent or promised.
error-capital-amount-differs = The rail brought { $waits } under this reference: it waits in suspense.
error-capital-reference-used = This payment has been written down before.
error-refund-not-movable = { $rail } moves only multiples of { $least } { $currency }. Give the money back outside and enter that payment, or leave it.
error-not-shared-out = Nothing since { $since } is shared out to the funders yet. That is done every night.
error-payout-not-held = No payout waits for money there.
error-payout-not-settled = There is nothing of this payout to take back: it never arrived, or it is in the books already.
error-return-not-proven = The payment network has not said that this money came back.
error-returned-amount-differs = Another amount came back than the one that had left: { $theirs } instead of { $ours }.
error-capital-return-differs = The funder's bank took back another amount than had come: { $theirs } instead of { $ours }.
error-return-not-possible = The loan was changed since, and the change cannot be without this money. Take the change back first.
error-order-not-found = There is no such order.
error-order-not-in-review = Nobody needs to decide this order.

# Staff.
error-merchant-code-taken = A shop with this code is registered.
error-application-not-found = There is no such application.
error-job-not-dead = This job has not failed.
error-day-not-reached = That day has not come yet.
error-paid-in-future = The day of the payment lies in the future.
error-case-not-found = There is no such case.
error-case-resolved = This case is closed.
error-decline-reasons-needed = One to four known reasons are needed.
error-case-needs-decision = This case needs a decision: approve or decline it.
error-pictures-awaited = New photos were asked for. The case goes on when they have been checked.
error-case-without-pictures = There are no photos to ask for again in this case.
error-second-staff-needed = A second person has to agree.
error-proposal-differs = Something else is proposed already. Confirm that, or withdraw it first.
error-proposal-not-found = There is no such proposal.
error-not-logged-in = Please log in.
error-login-refused = The name or the password is not right.
error-too-many-logins = Too many tries. Please wait a little.
error-too-many-reveals = You have opened too many files today.
error-too-many-lookups = You have looked for too many numbers today.
error-too-many-requests = Too many requests. Please wait a little.
error-metrics-closed = These numbers are not for everybody.
error-form-not-ours = This form is not from a page of ours. Please open the page again.
error-role-forbids = Your role does not allow this.
error-staff-not-found = There is no such member of staff.
error-staff-name-taken = This name is taken.
error-invalid-staff-name = This name cannot be used.
error-password-too-weak = This password is too weak.
error-idempotency-key-reused = This request was already made with other content.
error-service-not-connected = This service is not connected.
error-webhook-forged = The message is not signed.
error-webhook-not-understood = The message cannot be understood.
error-webhook-off = This service is switched off.

# Decisions and models.
error-decision-not-found = There is no such decision.
error-decision-made-by-another = The decision was made by another model or policy.
error-feature-unknown = There is no such feature.
error-policy-cases-refused = The cases cannot be used: { $problem }.
error-risk-version-not-found = No { $kind } begins with { $sha256 }. Register it first.
error-risk-version-ambiguous = More than one { $kind } begins with { $sha256 }. Give more of its hash.
error-model-not-for-applications = The model needs { $column }, which no application has.
error-risk-line-up-moved = Somebody else sits there by now: look at the line-up again.
error-risk-seat-taken = This model with this policy is the { $role } already.
error-risk-seat-empty = There is no such { $role } that could be taken off.
error-risk-nothing-before = Nothing decided before the champion that stands.
error-risk-nothing-to-contest = There is no champion of just these products to contest.
error-risk-promotion-held = The gate holds it back: { $problems }
error-risk-promotion-turned = The gate holds it back since it was proposed: { $problems } Withdraw it and propose it anew.
error-model-calibrator-unknown = The model cannot be used.
error-cluster-unreachable = The computing cluster cannot be reached.
error-cluster-worker-lost = A computing worker was lost.
error-rescoring-folder-of-another-run = The folder belongs to another run.
error-rescoring-rows-unreadable = The rows cannot be read.
error-growing-too-few-held-out = There are too few rows of both outcomes.
error-model-changed = The model was changed and cannot be used.
error-model-column-missing = The data has no column that the model needs.
error-model-definition-mismatch = The model does not fit this program.
error-model-disagrees = The model does not give its own stored answers.
error-model-library-mismatch = The model was made with another version.
error-model-manifest-unreadable = The model's manifest cannot be read.
error-model-not-found = There is no model.
error-model-scorecard-unreadable = The scorecard of the model cannot be read.
error-model-value-not-a-number = The data holds a value that is not a number.
error-index-refused = The index cannot be used.
error-policy-refused = The policy cannot be used.
error-snapshot-unreadable = The snapshot cannot be read.
error-training-column-mixed = A column mixes numbers and text.
error-training-data-too-large = The data is too large.
error-training-data-unreadable = The data cannot be read.
error-training-folder-in-use = The folder is already in use.
error-training-mapping-refused = The mapping cannot be used.
error-training-monotone-refused = The monotone directions cannot be used.
error-training-no-columns = No usable column is left.
error-training-nothing-learned = The data does not tell good from bad.
error-training-nothing-to-compare = { $folder } has no twin in points to compare with: name a second model.
error-training-target-constant = The target is the same in every row.
error-training-target-leaks = A column already holds the answer.
error-training-target-not-binary = The target must be 0 or 1.
error-training-target-too-rare = The target has too few rows of one kind.
error-training-time-missing = Some rows have no date.
error-training-time-stands-still = Column { $column } is the same in all rows, so no row is newer than another.
error-training-time-unordered = The column is no date that can be ordered.

# Guarantors and groups.
error-guarantor-missing = Not everybody who is to answer for this loan has said yes.
error-guarantor-already-asked = We have asked this person. Please name somebody else.
error-guarantee-not-found = We do not know this invitation. Please check it, or ask for a new one.
error-guarantee-not-asked = This was answered, or it is not needed any more.
error-too-late-to-withdraw = The money is paid out. It is too late to take it back.
error-payout-under-way = The money is on its way and cannot be stopped.
error-group-not-found = There is no such group.
error-already-in-group = This person is in a group.
error-member-unknown = Only people who have proven their phone can be in a group.
error-not-in-group = This loan is for groups of at least two people.
error-group-is-late = A loan in your group is more than { $days } days late. When it is paid, you can apply.
error-member-still-borrows = A loan in this group is running. Nobody can leave before it is repaid.
error-loan-event-not-possible = This cannot be done with this loan as it stands.
error-change-not-possible = The loan cannot be changed like this. { $because ->
        [no_such_due_date] No payment falls due on that day.
        [before_restructuring] That payment is from before the loan was changed.
        [nothing_left_to_pay] A payment has to be left that repays the loan.
        [nothing_left_to_come] No payment is left to come.
        [not_after_the_one_before] The new date has to be after the payment before it.
        [not_before_the_one_after] The new date has to be before the payment after it.
        [not_between_its_neighbors] The new dates have to lie between the payments around them.
        [not_after_reageing] The first new date has to be in the future.
        [not_after_the_change] The first new date has to be in the future.
        [no_such_payment] There is no such payment.
        [more_than_credit] That is more than was paid ahead.
        [more_than_owed] That is more than is owed.
        [more_than_payoff] That is more than what ends the loan.
        [in_another_pause] There is a break on these days already.
        [not_in_a_pause] There is no break on that day.
        [spread_anew] Its payments were shared anew before.
        [not_running] It is not running.
        [charged_off] It is not running, or was given up.
        [no_principal] Nothing of what was lent is owed any more.
        [written_off] It was given up.
        [not_paid_out] The money is not paid out yet.
        [overdue] A payment is late.
        [not_offered] This loan does not offer it.
       *[other] A person can help.
    }
error-change-not-offered = This change cannot be made now. A person can look for another way.
error-amendment-not-found = We do not know this change.
error-amendment-outdated = The loan has changed since. Please look at the change again.
error-top-up-under-way = Money for loan { $loan } is on its way. When it is there, the loan can be changed again.
error-consent-missing = The borrower has to agree first.
error-weights-missing = The file { $name } is not installed: make models brings it.
error-weights-altered = The file { $name } is not the one that was tested. Nothing was read with it.
error-weights-not-fetched = { $client } did not bring { $package }.
error-file-erased = This file was destroyed when the time for keeping it was over.
error-screening-list-not-readable = This is not a whole list of a publisher that we know: { $why }. Nothing of it was loaded.
error-screening-list-shrank = The new list has less than half of the { $before } entries that it had. If that is right, load it with --may-shrink.
error-screening-folder-not-readable = The folder { $folder } cannot be read.
error-erasure-loan-owed = A loan is still owed or on its way. The person can be forgotten when it is settled.
error-erasure-application-open = An application is still open. Decide or cancel it first.
error-erasure-case-open = A case of this person is still open. Resolve it first.
error-erasure-guarantee-stands = This person answers for somebody else’s loan that is not settled.
error-erasure-law-keeps = The law has us keep these records until { $until }: { $law }.
