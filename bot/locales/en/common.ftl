# Buttons and sentences that many screens share.
language-name = English
language-question = <b>Hello! Which language do you speak?</b>
language-changed = I will speak English with you.
button-language = 🌐 Language
button-back = ⬅️ Back
button-help = ❓ Help
button-human = 🙋 Talk to a person
button-continue = ▶️ Continue
button-see-price = 🧮 See the price of a loan
button-my-loan = 📄 My loan
button-schedule = 📅 Payment dates
button-pay = 💳 Pay
button-change = 🔧 Change something
button-calendar = 🗓 For my calendar
button-statement = 📑 Statement (PDF)
button-receipts = 🧾 Receipts
button-status = 🔎 Where am I?
button-help-command = /help
button-cancel-yes = Yes, stop
button-cancel-no = No, go on

help =
    <b>How can I help?</b>

    /start – start, or go on where you stopped
    /status – where you are now
    /back – change your last answer
    /loan – your loan
    /schedule – your payment dates
    /pay – pay
    /language – another language
    /human – talk to a person
    /cancel – stop your application

    We never ask for your PIN or a password.
help-here = You can go on right here:

human-waiting =
    <b>A person will help you.</b>
    Your number is { $reference }. We answer here in this chat, by { $due } at the latest.
human-unknown =
    <b>We are happy to help.</b>
    First we need your consent to keep your messages. See the price of a loan and press “Apply for this loan”. A person can then talk to you.

stale-button = This button is old. Here is where you are now.
stale-toast = This button is old.
unexpected = I did not understand that. Please use the buttons, or write /help.
not-now-command = That is not possible at the moment.
nothing-to-go-back-to = This is the first question. You cannot go further back.
cancel-question = <b>Stop your application?</b> Your answers will not be used.
canceled = <b>Your application is stopped.</b> You can start again at any time.
cancel-nothing = There is no application to stop.
