"""Seals and proofs over the API: for those who watch money, in the form that the verifier reads."""

import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from servicing.ledger import sealing
from servicing.ledger.models import Entry
from tests.api.conftest import SetClock
from tests.servicing import outsider
from tests.servicing.lending import Lender, kes


@pytest.fixture
async def lender(sessions: Sessions, clock: SetClock, vault: Vault) -> Lender:
    """One whose ledger was signed twice."""
    lender = Lender(sessions, clock.at)
    assert vault.signer is not None
    for _ in range(2):
        loan = await lender.lends()
        await lender.receives(loan, kes(100))
        async with unit_of_work(sessions) as session:
            await sealing.seal(session)
            await sealing.sign(session, vault.signer, now=clock.at)
    return lender


async def test_checkpoints_are_listed_newest_first(
    aude: httpx.AsyncClient, lender: Lender, vault: Vault
) -> None:
    answer = (await aude.get("/v1/ledger/checkpoints?limit=1")).json()

    assert vault.signer is not None
    assert answer["public_key"] == vault.signer.public
    (newest,) = answer["checkpoints"]
    assert newest["size"] == answer["sealed"] == answer["next"]
    older = (await aude.get(f"/v1/ledger/checkpoints?before={answer['next']}")).json()
    assert [row["size"] for row in older["checkpoints"]] == [newest["size"] // 2]
    assert older["next"] is None


async def test_an_entry_is_proven(
    aude: httpx.AsyncClient, lender: Lender, vault: Vault, tmp_path: Path
) -> None:
    async with lender.sessions() as session:
        entry = await session.scalar(sa.select(Entry).order_by(Entry.id))
    assert entry is not None
    answer = await aude.get(f"/v1/ledger/entries/{entry.id}/proof")
    file = tmp_path / "proof.json"
    file.write_bytes(answer.content)

    assert vault.signer is not None
    status, said = outsider.checks("--key", vault.signer.public, file)
    assert status == 0, said
    assert entry.reference in said


async def test_a_past_is_proven(
    aude: httpx.AsyncClient, lender: Lender, vault: Vault, tmp_path: Path
) -> None:
    listed = (await aude.get("/v1/ledger/checkpoints")).json()["checkpoints"]
    new, old = (row["size"] for row in listed)
    answer = await aude.get(f"/v1/ledger/checkpoints/{new}/consistency?since={old}")
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(answer.json()))

    assert vault.signer is not None
    status, said = outsider.checks("--key", vault.signer.public, file)
    assert (status, said) == (0, f"The ledger of {new} entries begins with the one of {old}.")


async def test_what_cannot_be_proven_is_said(aude: httpx.AsyncClient, lender: Lender) -> None:
    loan = await lender.lends()
    async with lender.sessions() as session:
        fresh = await session.scalar(sa.select(Entry.id).where(Entry.loan_id == loan.id))
    for path, status, code in (
        (f"entries/{uuid4()}/proof", 404, "ledger_entry_not_found"),
        (f"entries/{fresh}/proof", 409, "ledger_entry_not_sealed"),
        ("checkpoints/9/consistency?since=1", 404, "ledger_checkpoint_not_found"),
    ):
        answer = await aude.get(f"/v1/ledger/{path}")
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_underwriter_sees_no_seals(uma: httpx.AsyncClient) -> None:
    assert (await uma.get("/v1/ledger/checkpoints")).status_code == 403
