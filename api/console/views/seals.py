"""Seals and checkpoints: what was signed, whether it still holds, and copies to keep outside."""

import json

from fastapi import APIRouter
from fastapi.responses import Response

from api import ledger_tables
from api.console import drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile, attachment
from api.deps import OurVault, Session
from kit.crypto import Vault
from kit.db import unit_of_work
from servicing.ledger import proofs, sealing, standing, tampering

router = APIRouter(prefix=f"{HOME}/seals", include_in_schema=False)
_VERIFIED_AT_ONCE = 20_000
"""Entries; beyond that it is the work of a command."""


@router.get("", name="list_checkpoints")
async def show_seals(
    desk: AtDesk, session: Session, vault: OurVault, file: AskedFile, after: forms.Number = None
) -> Response:
    fetch = ledger_tables.checkpoints()
    if (answer := await file.of(ledger_tables.CHECKPOINTS, fetch)) is not None:
        return answer
    rows = await sealing.list_checkpoints(session, before=after, limit=drawing.PAGE_SIZE)
    newest = await sealing.newest(session)
    return drawing.page(
        desk,
        "seals.html",
        sealed=newest.seq if newest is not None else 0,
        last=await sealing.newest_checkpoint(session),
        public_key=vault.signer.public if vault.signer is not None else None,
        checkpoints=drawing.table(
            desk, ledger_tables.CHECKPOINTS, rows, after=drawing.last_key(rows, "size")
        ),
    )


@router.post("/verify", name="list_checkpoints")
async def verify(desk: AtDesk, vault: OurVault) -> Response:
    """Every entry, hash and signature, reckoned anew, in transactions of its own."""
    async with unit_of_work(desk.wiring.sessions) as session:
        newest = await sealing.newest(session)
    sealed = newest.seq if newest is not None else 0
    found = None
    if sealed <= _VERIFIED_AT_ONCE:
        found = await tampering.first(desk.wiring.sessions, _keys(desk, vault))
    return drawing.page(desk, "verified.html", sealed=sealed, most=_VERIFIED_AT_ONCE, found=found)


@router.get("/{size}", name="list_checkpoints")
async def show_checkpoint(size: int, desk: AtDesk, session: Session, vault: OurVault) -> Response:
    checkpoint = await standing.get(session, size)
    last = await sealing.newest_checkpoint(session)
    assert last is not None, "there is at least this one"
    return drawing.page(
        desk,
        "checkpoint.html",
        checkpoint=checkpoint,
        standing=await standing.of(session, checkpoint, _keys(desk, vault)),
        last=last,
    )


@router.get("/{size}/note.txt", name="list_checkpoints")
async def give_checkpoint(size: int, desk: AtDesk, session: Session) -> Response:
    return attachment((await standing.get(session, size)).note, f"checkpoint-{size}.txt")


@router.get("/{size}/consistency.txt", name="get_consistency_proof")
async def give_consistency(size: int, since: int, desk: AtDesk, session: Session) -> Response:
    proof = await proofs.between(session, since, size)
    return attachment(json.dumps(proof), f"consistency-{since}-{size}.txt")


def _keys(desk: Desk, vault: Vault) -> list[str]:
    ours = [vault.signer.public] if vault.signer is not None else []
    return [*ours, *desk.wiring.settings.previous_seal_keys]
