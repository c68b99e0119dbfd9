# One question for each step.
step-of = Step { $step } of { $steps }
answer-now = Your answer now: <b>{ $answer }</b>
answer-given = ✓ { $answer }

question-phone =
    <b>What is your phone number?</b>
    Press the button below to share it. We send you a code by SMS.
question-phone-code =
    <b>Which code did we send you?</b>
    Write the { $digits } digits from the SMS.
question-full-name =
    <b>What is your full name?</b>
    Write it as on your identity document.
question-birth-date =
    <b>When were you born?</b>
    Write day, month and year, for example 31.12.1990.
question-region =
    <b>Where do you live?</b>
    Write your town and region.
question-employment = <b>How do you earn your living?</b>
question-employment-since = <b>For how long have you done this?</b>
question-residence = <b>What kind of home do you live in?</b>
question-dependents =
    <b>How many people live from your income?</b>
    Do not count yourself.
question-document =
    <b>Send a photo of your identity document.</b>
    Lay it on a table in good light. Your photo and all corners must be in the picture.
question-document-back =
    <b>Now the other side of your document.</b>
    The side with the rows of letters and <code>&lt;&lt;&lt;</code>, if it has one. All corners must be in the picture.
question-read-fields = <b>Is this what your document says?</b>
question-read-fields-hint = If a line is wrong, press its button. It helps nobody to leave a mistake in.
question-document-name =
    <b>Which name stands on the document?</b>
    Write it as it is printed there.
question-document-number =
    <b>Which number stands on the document?</b>
    Write its letters and digits.
question-document-birth-date =
    <b>Which date of birth stands on the document?</b>
    Write day, month and year, for example 31.12.1990.
question-document-expiry-date =
    <b>Until when is the document valid?</b>
    Write day, month and year, for example 31.12.2030.
read-field-typed = ↳ You wrote: <b>{ $answer }</b>. Please look which one is right.
question-selfie =
    <b>Send a photo of your face.</b>
    Look straight at the camera, in good light, without a hat or sunglasses.
question-product = <b>Which loan do you want?</b>
question-amount =
    <b>How much do you need?</b>
    Write an amount from { $least } to { $most }.
question-frequency = <b>How often do you want to pay?</b>
question-term = <b>For how long?</b>
question-guarantor =
    <b>Who answers for you?</b>
    This person pays { $share } % of the loan if you cannot. Share their contact, or write their phone number. We ask them when you send the application.
question-purpose = <b>What is the money for?</b>
question-income =
    <b>How much do you earn in a month?</b>
    Write the amount in { $currency }, for example 25000.
question-obligations =
    <b>How much do you pay on other loans in a month?</b>
    Write the amount in { $currency }. Write 0 if there are none.
question-wallet =
    <b>To which mobile wallet shall we pay?</b>
    It must be your own. Write its phone number.

# Questions of single products.
question-turnover =
    <b>For how much do you sell in a month?</b>
    Write the amount in { $currency }, for example 80000.
question-suppliers =
    <b>From whom do you buy your goods?</b>
    Write one or two names.
question-buyer =
    <b>Who has to pay the invoice?</b>
    Write the name of the company.
question-invoice-number = <b>What is the number of the invoice?</b>
question-invoice-amount =
    <b>How much is the invoice?</b>
    Write the amount in { $currency }, as on the invoice.
question-invoice-due-on =
    <b>When does the buyer have to pay it?</b>
    Write day, month and year, for example 31.12.2027. You pay back on that day.
question-merchant-code =
    <b>What is the code of the shop?</b>
    It stands at the till. The shop is paid directly.
question-crop = <b>What do you grow with this money?</b>
question-acreage =
    <b>On how many acres?</b>
    Write a number, for example 2.5.
question-expected-yield =
    <b>How many bags do you expect?</b>
    Write the number of bags of 90 kg.
question-harvest-month =
    <b>When is the harvest?</b>
    You pay back in the month after it.

photo-received = Thank you, I am looking at your photo. This takes a few seconds.
photo-is-read = ✓ Your photo is good. I am reading it: a few seconds more.
photo-good = ✓ Your photo is good.
photo-again = Please send it again:
photo-problem-picture-too-small = The picture is too small. Please send a larger one.
photo-problem-too-dark = It is too dark. Please find more light.
photo-problem-no-face = I cannot see a face. The whole face must be in the picture.
photo-problem-several-faces = I see more than one face. Only you should be in the picture.
photo-problem-face-too-small = The face is too small. Please come closer.
photo-problem-blurred = The picture is not sharp. Hold the phone still.
photo-problem-too-bright = It is too bright. Please turn away from the light.
photo-problem-glare = Light is shining on the document. Please tilt it a little.
photo-problem-no-document = I cannot see a document. Please lay it on a table and photograph the side with your portrait.
photo-problem-several-documents = I see more than one document. Please photograph only one.
photo-problem-from-screen = This looks like a photo of a screen. Please photograph the document itself.
photo-problem-cropped = Part of the document is cut off. Its four corners must be in the picture.
photo-problem-document-too-small = The document is too small. Please come closer until it fills the picture.
photo-problem-askew = The document is seen from the side. Please hold the phone straight above it.

phone-thanks = ✓ Thank you, I have your number.
button-share-phone = 📱 Share my phone number
button-send-code-again = ✉️ Send a new code
button-other-phone = 📱 Another number
button-use-my-phone = 📱 My own phone number
button-keep = 👍 Leave it as it is
button-read-right = ✅ That is right
button-no-back = Nothing stands there
button-typed-full-name = ✏️ What I wrote: name
button-typed-birth-date = ✏️ What I wrote: birth date
button-nothing = 0 – nothing
code-sent-again = We have sent you a new code.
code-after-stop = You have stopped our SMS, so the code cannot reach you. Send START to the number that our SMS came from, then ask for a new code.
code-after-stop-to = You have stopped our SMS, so the code cannot reach you. Send START by SMS to { $number }, then ask for a new code.
code-phone-bad = Our SMS do not arrive at this number. Please check it and share it again, or share another one: press “Another number”.
code-phone-unreachable = Our SMS do not arrive at your number. Please write /human, and a person will help you.

summary-title = <b>Is everything right?</b>
summary-line = { $name }: <b>{ $answer }</b>
summary-hint = Press a button to change an answer. When all is right, send it.
summary-photo = ✓ received
button-submit = ✅ All is right, send it
field-phone = Phone
field-phone-code = Code
field-full-name = Name
field-birth-date = Born
field-region = Place
field-employment = Work
field-employment-since = In this work
field-residence = Home
field-dependents = Dependents
field-document = Document
field-document-back = Document, other side
field-read-fields = What the document says
field-document-name = Name
field-document-number = Number
field-document-birth-date = Born
field-document-expiry-date = Valid until
field-selfie = Selfie
field-product = Loan
field-amount = Amount
field-frequency = How often
field-term = Time
field-guarantor = Guarantor
field-turnover = Monthly sales
field-suppliers = Suppliers
field-buyer = Buyer
field-invoice-number = Invoice
field-invoice-amount = Invoice amount
field-invoice-due-on = Invoice due
field-merchant-code = Shop
field-crop = Crop
field-acreage = Acres
field-expected-yield = Bags expected
field-harvest-month = Harvest
field-purpose = Purpose
field-income = Monthly income
field-obligations = Other loans
field-wallet = Wallet

choice-employment-salaried = I have a job with a salary
choice-employment-self-employed = I have my own business
choice-employment-casual = I do casual work
choice-employment-farmer = I am a farmer
choice-employment-pensioner = I am a pensioner
choice-employment-student = I am a student
choice-employment-none = I have no work now
choice-employment-since-under-1-year = Less than 1 year
choice-employment-since-1-to-4-years = 1 to 4 years
choice-employment-since-4-to-7-years = 4 to 7 years
choice-employment-since-over-7-years = More than 7 years
choice-residence-own = My own home
choice-residence-rent = I pay rent
choice-residence-free = I live with family, free
choice-dependents-0 = Nobody
choice-dependents-1 = 1
choice-dependents-2 = 2
choice-dependents-3 = 3
choice-dependents-4 = 4
choice-dependents-5 = 5 or more
choice-crop-maize = Maize
choice-crop-beans = Beans
choice-crop-potatoes = Potatoes
choice-crop-rice = Rice
choice-crop-vegetables = Vegetables
choice-crop-coffee = Coffee
choice-crop-tea = Tea
choice-crop-other = Something else
choice-purpose-business = My business
choice-purpose-stock = Goods to sell
choice-purpose-school = School fees
choice-purpose-medical = Doctor or medicine
choice-purpose-home = My home
choice-purpose-farming = Farming
choice-purpose-emergency = An emergency
choice-purpose-other = Something else

expected-contact = Please press the button below to share your own number.
expected-code = Please write the digits of the code from the SMS.
expected-text = Please answer in words, as a text message.
expected-date = Please write a date, for example 31.12.1990.
expected-choice = Please press one of the buttons.
expected-amount = Please write an amount in digits, for example 25000.
expected-number = Please write a number in digits, for example 2.5.
expected-phone = Please share the contact of that person, or write their phone number.
expected-photo = Please send a photo.
expected-confirm = Please press a button: is it right, or which line is wrong?
expected-wallet = Please press the button or write your own phone number.
edit-taken = ✓ I have changed your answer.
edit-not-taken = I cannot take this change any more. To change an answer, use the buttons.
