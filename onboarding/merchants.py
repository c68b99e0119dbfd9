"""Merchants: shops that staff have registered, and that are paid for what a borrower buys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import person_key, vault_of
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id
from onboarding.models import Merchant
from onboarding.states import MerchantStatus


class MerchantNotFound(DomainError):
    """No shop with this code can be paid now."""

    kind = Kind.NOT_FOUND
    code = "merchant_not_found"


class MerchantCodeTaken(DomainError):
    kind = Kind.CONFLICT
    code = "merchant_code_taken"


async def register(
    session: AsyncSession, *, code: str, name: str, account: str, actor: str, now: datetime
) -> Merchant:
    """Know a shop by the code that stands at its till."""
    code = code.upper()
    await lock_key(session, f"merchant:{code}")
    if await find(session, code) is not None:
        raise MerchantCodeTaken(merchant=code)
    merchant_id = new_id()
    key = await person_key(session, vault_of(session), merchant_id, now=now)
    merchant = Merchant(
        id=merchant_id,
        code=code,
        name=name,
        account_sealed=key.seal(_place(merchant_id), account),
        status=MerchantStatus.ACTIVE,
        created_at=now,
    )
    session.add(merchant)
    audit.record(
        session, actor=actor, action="merchant.registered", subject=f"merchant:{merchant_id}",
        now=now, code=code,
    )  # fmt: skip
    await session.flush()
    return merchant


async def close(session: AsyncSession, merchant_id: UUID, *, actor: str, now: datetime) -> Merchant:
    """No new loans for what this shop sells. Calling it again changes nothing."""
    merchant = await session.get(Merchant, merchant_id, with_for_update=True)
    if merchant is None:
        raise MerchantNotFound()
    if merchant.status is MerchantStatus.ACTIVE:
        merchant.status = MerchantStatus.CLOSED
        audit.record(
            session, actor=actor, action="merchant.closed", subject=f"merchant:{merchant_id}",
            now=now,
        )  # fmt: skip
    return merchant


async def find(session: AsyncSession, code: str) -> Merchant | None:
    found: Merchant | None = await session.scalar(select(Merchant).where(Merchant.code == code))
    return found


async def get_active(session: AsyncSession, code: str) -> Merchant:
    merchant = await find(session, code)
    if merchant is None or merchant.status is not MerchantStatus.ACTIVE:
        raise MerchantNotFound(merchant=code)
    return merchant


async def account_of(session: AsyncSession, merchant: Merchant, *, now: datetime) -> str:
    """Where the shop is paid."""
    key = await person_key(session, vault_of(session), merchant.id, now=now)
    return key.open_text(_place(merchant.id), merchant.account_sealed)


def _place(merchant_id: UUID) -> str:
    return f"merchants.account_sealed.{merchant_id}"
