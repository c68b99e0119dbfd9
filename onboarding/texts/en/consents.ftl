privacy-1-summary = We keep your answers and photos, encrypted, to decide on your loan and to prove who you are.
privacy-1 =
    Privacy. We collect your Telegram account, phone number, name, birth date, place of living, work, income, monthly payments, wallet number, a photo of your identity document and a selfie. We use them to confirm who you are, to decide on your loan, to pay it out and to serve it. We compare the face on the document with your selfie by computer; whatever the computer is not sure about is looked at by a person. We also note how the form is filled in (how long answers take, how often they are corrected), to find fraud. We never read your contacts, messages or photos on the phone. Everything is encrypted with a key of your own. You may ask for a copy or for erasure at any time; records that the law wants kept stay under a pseudonym until that time is over.
credit_check-1-summary = A computer decides on your loan; you may always ask a person to look again.
credit_check-1 =
    Decision. A scoring model and written rules decide on your application. You are told the main reasons. If you think the answer is wrong, a person will look at it again; press “Talk to a person”. Whether you repay on time is kept in our records and counts in later decisions.
messages-1-summary = We message you here and by SMS about your loan: only you, never your family or friends.
messages-1 =
    Messages. We write to you in Telegram and by SMS about your application and your loan: codes, receipts, reminders. Reminders come between 8 in the morning and 7 in the evening. We never write to other people about your loan. Answer STOP to an SMS to end SMS reminders; codes and receipts that you ask for still arrive.
