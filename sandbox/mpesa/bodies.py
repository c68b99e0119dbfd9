"""What M-Pesa writes to the lender, in the shapes that Safaricom publishes."""

from sandbox.mpesa.state import ZONE, Mpesa
from sandbox.store import Json


def payout_result(mpesa: Mpesa, movement: Json, code: int, description: str) -> Json:
    result: Json = {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": description,
        "OriginatorConversationID": movement["originator"],
        "ConversationID": movement["conversation"],
        "TransactionID": movement["receipt"],
        "ReferenceData": {
            "ReferenceItem": {
                "Key": "QueueTimeoutURL",
                "Value": "https://internal.example/b2cresults/v1/submit",
            }
        },
    }
    if code == 0:
        at = movement["at"].astimezone(ZONE)
        result["ResultParameters"] = _parameters(
            TransactionAmount=-movement["shillings"],
            TransactionReceipt=movement["receipt"],
            ReceiverPartyPublicName=f"{movement['msisdn']} - NICHOLAS JOHN SONGOK",
            TransactionCompletedDateTime=at.strftime("%d.%m.%Y %H:%M:%S"),
            B2CUtilityAccountAvailableFunds=float(mpesa.float_left()),
            B2CWorkingAccountAvailableFunds=0.0,
            B2CRecipientIsRegisteredCustomer="Y",
            B2CChargesPaidAccountAvailableFunds=-1980.0,
        )
    return {"Result": result}


def status_result(mpesa: Mpesa, movement: Json | None, conversation: str) -> Json:
    """The answer to a question about a transaction; none is found is an answer too."""
    result: Json = {
        "ResultType": 0,
        "ResultCode": 0 if movement else 2032,
        "ResultDesc": "The service request is processed successfully."
        if movement
        else "The transaction receipt number does not exist.",
        "OriginatorConversationID": f"{conversation[-6:]}-1",
        "ConversationID": conversation,
        "TransactionID": "SG60000000",
        "ReferenceData": {"ReferenceItem": {"Key": "Occasion"}},
    }
    if movement is not None:
        at = int(movement["at"].astimezone(ZONE).strftime("%Y%m%d%H%M%S"))
        customer = f"{movement['msisdn']} - John Doe"
        ours = f"{mpesa.account.shortcode} - Kopa Lending"
        is_payout = movement["kind"] == "payout"
        result["ResultParameters"] = _parameters(
            DebitPartyName=ours if is_payout else customer,
            CreditPartyName=customer if is_payout else ours,
            OriginatorConversationID=movement["originator"] or None,
            InitiatedTime=at,
            DebitAccountType="Utility Account" if is_payout else "MMF Account For Customer",
            DebitPartyCharges="Fee For B2C Payment|KES|22.40" if is_payout else None,
            TransactionReason=None,
            ReasonType="Business Payment to Customer via API" if is_payout else "Pay Bill Online",
            TransactionStatus=movement["status"],
            FinalisedTime=at,
            Amount=float(abs(movement["shillings"])),
            ConversationID=movement.get("conversation"),
            ReceiptNo=movement["receipt"],
        )
    return {"Result": result}


def prompt_callback(prompt: Json, movement: Json | None) -> Json:
    callback: Json = {
        "MerchantRequestID": prompt["merchant"],
        "CheckoutRequestID": prompt["checkout"],
        "ResultCode": prompt["code"],
        "ResultDesc": prompt["description"],
    }
    if movement is not None:
        at = movement["at"].astimezone(ZONE)
        callback["CallbackMetadata"] = {
            "Item": [
                {"Name": "Amount", "Value": float(movement["shillings"])},
                {"Name": "MpesaReceiptNumber", "Value": movement["receipt"]},
                {"Name": "Balance"},
                {"Name": "TransactionDate", "Value": int(at.strftime("%Y%m%d%H%M%S"))},
                {"Name": "PhoneNumber", "Value": int(movement["msisdn"])},
            ]
        }
    return {"Body": {"stkCallback": callback}}


def payment(mpesa: Mpesa, movement: Json) -> Json:
    number = movement["msisdn"]
    return {
        "TransactionType": "Pay Bill",
        "TransID": movement["receipt"],
        "TransTime": movement["at"].astimezone(ZONE).strftime("%Y%m%d%H%M%S"),
        "TransAmount": f"{movement['shillings']}.00",
        "BusinessShortCode": mpesa.account.shortcode,
        "BillRefNumber": movement["reference"],
        "InvoiceNumber": "",
        "OrgAccountBalance": f"{mpesa.float_left()}.00",
        "ThirdPartyTransID": "",
        "MSISDN": f"{number[:5]}*****{number[-3:]}",
        "FirstName": "John",
        "MiddleName": "",
        "LastName": "Doe",
    }


def _parameters(**values: object) -> Json:
    return {
        "ResultParameter": [
            {"Key": key} if value is None else {"Key": key, "Value": value}
            for key, value in values.items()
        ]
    }
