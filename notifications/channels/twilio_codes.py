"""What Twilio's error codes mean for us (twilio.com/docs/api/errors)."""

from datetime import timedelta

from notifications.channels.base import Refusal

_MEANING = {
    "20003": Refusal.ALARM,  # Our credentials are refused.
    "21211": Refusal.BAD_NUMBER,  # Not a phone number.
    "21408": Refusal.ALARM,  # The account may not send to this country.
    "21602": Refusal.PERMANENT,  # No body.
    "21603": Refusal.ALARM,  # No sender.
    "21606": Refusal.ALARM,  # The sender is not ours.
    "21610": Refusal.OPTED_OUT,  # The person answered STOP.
    "21612": Refusal.NOT_NOW,  # Not reachable with this sender.
    "21614": Refusal.BAD_NUMBER,  # Not a mobile phone.
    "21617": Refusal.PERMANENT,  # Too long.
    "30003": Refusal.NOT_NOW,  # The handset is off or out of reach.
    "30004": Refusal.PERMANENT,  # Blocked by the carrier or the person.
    "30005": Refusal.BAD_NUMBER,  # Unknown number.
    "30006": Refusal.BAD_NUMBER,  # A landline.
    "30007": Refusal.ALARM,  # Filtered as spam: sending on would make it worse.
    "30008": Refusal.NOT_NOW,  # Unknown error.
    "30034": Refusal.ALARM,  # The sender is not registered.
    "30863": Refusal.ALARM,  # The sender's registration was refused.
}

# How long to wait before each further attempt after these receipts.
PAUSES = {
    "30003": (timedelta(hours=4), timedelta(hours=20)),
    "30008": (timedelta(minutes=30),),
}


def meaning(code: str) -> Refusal:
    return _MEANING.get(code, Refusal.PERMANENT)
