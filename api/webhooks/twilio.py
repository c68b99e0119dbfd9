"""Twilio's calls: receipts of our messages, and messages of borrowers. Signed, or refused."""

from typing import Annotated
from uuid import UUID
from xml.sax.saxutils import escape

from fastapi import APIRouter, Depends, Request, Response

from api.deps import Now, OurVault, Session, Wired
from api.webhooks import proofs
from notifications import inbound, receipts, signature

router = APIRouter(prefix="/webhooks/twilio", tags=["webhooks"])
_SIGNATURE = "x-twilio-signature"
_FIELDS_MAX = 200


async def _proven(request: Request, wiring: Wired) -> dict[str, str]:
    """The form, when Twilio signed it for our public address."""
    async with request.form(max_files=0, max_fields=_FIELDS_MAX) as fields:
        form = {name: value for name, value in fields.items() if isinstance(value, str)}
    url = signature.public_url(wiring.settings, request.url.path, request.url.query)
    token = wiring.settings.twilio_auth_token.get_secret_value()
    if not signature.valid(token, url, form, request.headers.get(_SIGNATURE)):
        raise proofs.WebhookForged()
    return form


# Named before the session: a stranger's slow upload must not hold a transaction open.
Form = Annotated[dict[str, str], Depends(_proven)]


@router.post("/status/{delivery_id}", response_class=Response)
async def receive_status(delivery_id: UUID, form: Form, session: Session, now: Now) -> Response:
    """Receipts repeat and overtake each other: what tells nothing new is taken and forgotten."""
    await receipts.apply(
        session,
        delivery_id=delivery_id,
        sid=_required(form, "MessageSid"),
        status=_required(form, "MessageStatus"),
        error_code=form.get("ErrorCode") or None,
        now=now,
    )
    return Response(status_code=204)


@router.post("/inbound", response_class=Response)
async def receive_message(
    form: Form, session: Session, vault: OurVault, wiring: Wired, now: Now
) -> Response:
    """The same `MessageSid` again changes nothing."""
    answer = await inbound.receive(
        session,
        vault,
        sid=_required(form, "MessageSid"),
        from_phone=_required(form, "From"),
        body=form.get("Body", "").replace("\0", ""),
        lender=wiring.settings.lender_name,
        now=now,
    )
    said = f"<Message>{escape(answer)}</Message>" if answer else ""
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>',
        media_type="text/xml",
    )


def _required(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value or "\0" in value or len(value) > 80:
        raise proofs.WebhookNotUnderstood(field=name, reason="is missing or not readable")
    return value
