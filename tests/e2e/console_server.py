"""The web application in a thread of its own, on books with something to do in them."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import uvicorn

import api.staff
from api.app import create_app
from api.roles import Role
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from servicing import incidents, suspense
from servicing.disbursements import PAYOUTS
from servicing.ledger import sealing
from servicing.models import Payout
from servicing.order_reviews import list_with
from servicing.states import OrderStatus
from tests.servicing.lending import START, Lender, kes

PASSWORD = "four words nobody guesses"
MARKED = "<b>W9</b>"
"""A reference that a payer wrote, and that must stay text."""


class Fixed(SystemClock):
    """Products' time for the books; staff sessions live in real time."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


@dataclass(frozen=True)
class Desk:
    base: str
    about: str
    """What the books are about: the reference of the loan that runs, or the id of a case."""


Fill = Callable[[Lender, Sessions, Vault], Awaitable[str]]


@contextmanager
def serving(
    database_url: str,
    vault: Vault,
    var: Path,
    fill: Fill | None = None,
    services: Mapping[type, object] = MappingProxyType({}),
) -> Iterator[Desk]:
    """One loop for the database and the server: connections belong to the loop that made them."""
    ready, stop = threading.Event(), threading.Event()
    told: list[Desk] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work = _serve(database_url, vault, var, fill or _books, services, told, ready, stop)
            asyncio.run(work)
        except BaseException as failure:
            failed.append(failure)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        ready.wait(120)
        if failed:
            raise failed[0]
        yield told[0]
    finally:
        stop.set()
        thread.join(30)


async def _serve(
    database_url: str,
    vault: Vault,
    var: Path,
    fill: Fill,
    services: Mapping[type, object],
    told: list[Desk],
    ready: threading.Event,
    stop: threading.Event,
) -> None:
    engine = create_engine(database_url)
    sessions = sessions_of(engine, vault)
    lender = Lender(sessions, datetime(2026, 11, 20, 7, tzinfo=UTC))
    about = await fill(lender, sessions, vault)
    settings = Settings(database_url=database_url, var=var, metrics_token="metrics")
    app = create_app(settings, sessions, Fixed(lender.now), vault, services=services)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.ensure_future(server.serve())
    while not server.started and not running.done():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    told.append(Desk(f"http://127.0.0.1:{port}", about))
    ready.set()
    while not stop.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    server.should_exit = True
    await running
    await engine.dispose()


async def _books(lender: Lender, sessions: Sessions, vault: Vault) -> str:
    """A loan that runs and is paid in part, one whose payout needs a person, money and a
    contradiction without an owner, and three of staff."""
    loan = await lender.lends()
    await lender.receives(loan, kes(500))
    await lender.closes_days_until(START + timedelta(days=3))
    await lender.lends(principal="12500")
    doubtful = await lender.opens(principal="8000")
    await lender.pays_out(doubtful)
    failed = await lender.opens(principal="5000")
    await hire(sessions, lender, {"Carl": Role.COLLECTOR, "Ada": Role.ADMIN, "Aude": Role.AUDITOR})
    async with unit_of_work(sessions) as session:
        for each in await list_with(session, PAYOUTS, OrderStatus.PENDING):
            if each.loan_id == doubtful.id:
                each.status = OrderStatus.NEEDS_REVIEW
        for payout in await list_with(session, PAYOUTS, OrderStatus.CREATED):
            assert isinstance(payout, Payout)
            if payout.loan_id == failed.id:
                payout.status, payout.failure_code = OrderStatus.FAILED, "unknown_account"
        await suspense.receive(
            session, reference=f"wallet:{MARKED}", reason="unknown_reference", amount=kes(700),
            on=START, now=lender.now, rail="wallet",
        )  # fmt: skip
        await incidents.report(
            session, kind="payout_denied_by_rail", subject="wallet:W7", now=lender.now,
            ours="8000.00 KES", theirs="None",
        )  # fmt: skip
    await sealing.seal_all(sessions)
    async with unit_of_work(sessions) as session:
        assert vault.signer is not None
        await sealing.sign(session, vault.signer, now=lender.now)
    return loan.reference


async def hire(sessions: Sessions, lender: Lender, members: Mapping[str, Role]) -> None:
    """They all know the one password."""
    password = await api.staff.hash_password(PASSWORD)
    async with unit_of_work(sessions) as session:
        for name, role in members.items():
            member, _ = await api.staff.add(session, name=name, role=role, now=lender.now)
            await api.staff.set_password(session, member, password, now=lender.now)
