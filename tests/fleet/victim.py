"""`kopa run` as a process that is made to be killed: forked with everything imported.

It is the program itself but for three things: its clock is the test's, it counts what it has in
hand, and it has one more door, through which a test opens loans without a chat, and closes days
without waiting for the hour.
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

from cli import quick_start

quick_start.import_aiogram()

from fastapi import FastAPI, Request, Response  # noqa: E402 - aiogram first costs a third of it
from pydantic import BaseModel  # noqa: E402
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: E402
from starlette.middleware.base import RequestResponseEndpoint  # noqa: E402

from api import problems  # noqa: E402
from bot.dispatcher import UpdateDispatcher  # noqa: E402
from cli import run  # noqa: E402
from cli.installation import Installation  # noqa: E402
from kit import crypto, jobs  # noqa: E402
from kit.clock import ShiftedClock, business_date  # noqa: E402
from kit.crypto import Vault  # noqa: E402
from kit.db import insert_once, unit_of_work  # noqa: E402
from onboarding.models import Borrower  # noqa: E402
from servicing import origination, rules, terms  # noqa: E402
from tests.fleet.acts import DAY_CLOSE, DISBURSEMENT, ORIGINATION, REPAYMENT, Acts  # noqa: E402
from tests.servicing.lending import RULES, TERMS  # noqa: E402

WEEKS = 2
_JOBS = {
    "servicing.disburse": DISBURSEMENT,
    "servicing.close_days": DAY_CLOSE,
    "servicing.close_part": DAY_CLOSE,
}
_web = run._web


class Wish(BaseModel):
    application_id: UUID
    borrower_id: UUID
    account: str


def start(environment: Mapping[str, str], log: Path, shift: timedelta, acts: Acts) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fleet.warmth"])
    victim = context.Process(target=_run, args=(dict(environment), log, shift, acts), daemon=True)
    victim.start()
    return victim


def _run(environment: dict[str, str], log: Path, shift: timedelta, acts: Acts) -> None:
    Thread(target=_dies_with_the_tests, daemon=True).start()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(log.parent)  # A developer's .env is none of ours.
    clock = ShiftedClock(shift)
    changed: Any = run
    changed.SystemClock = lambda: clock
    changed._web = partial(_watched, acts)
    for name, act in _JOBS.items():
        job = jobs.JOBS[name]
        jobs.JOBS[name] = replace(job, run=_counted(job.run, acts, act))
    run.run.main([], standalone_mode=False)


def _dies_with_the_tests() -> None:
    """The server that forked it lives as long as its children: it would not tell."""
    tests = multiprocessing.parent_process()
    assert tests is not None
    tests.join()
    os.kill(os.getpid(), signal.SIGKILL)


def _counted(
    work: Callable[..., Awaitable[None]], acts: Acts, act: str
) -> Callable[..., Awaitable[None]]:
    async def counted(context: jobs.Context, **arguments: Any) -> None:
        with acts.doing(act):
            await work(context, **arguments)

    return counted


def _watched(
    acts: Acts,
    installation: Installation,
    dispatcher: UpdateDispatcher,
    programs: dict[str, FastAPI],
) -> FastAPI:
    door = _door(installation, acts)
    app = _web(installation, dispatcher, {**programs, "/door": door})

    @app.middleware("http")
    async def count(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if not request.url.path.startswith("/webhooks/rail/"):
            return await call_next(request)
        came = json.loads(await request.body())["transfer"]["direction"] == "incoming"
        with acts.doing(REPAYMENT if came else DISBURSEMENT):
            return await call_next(request)

    return app


def _door(installation: Installation, acts: Acts) -> FastAPI:
    app = FastAPI()
    problems.install(app)  # It refuses like every other door.

    @app.post("/door/loans", status_code=201)
    async def open_loan(wish: Wish) -> str:
        with acts.doing(ORIGINATION):
            return await _open(installation, wish)

    @app.post("/door/days", status_code=202)
    async def close_days(key: str) -> None:
        async with unit_of_work(installation.sessions) as session:
            await jobs.enqueue(session, "servicing.close_days", key=f"close_days:{key}")

    return app


async def _open(installation: Installation, wish: Wish) -> str:
    now = installation.clock.now()
    today = business_date(now, installation.settings.timezone)
    asked = {
        "principal": "1000",  # The sandbox has a million to lend.
        "frequency": "week",
        "installments": WEEKS,
        "disbursed_on": today.isoformat(),
    }
    async with unit_of_work(installation.sessions) as session:
        await _know(session, installation.vault, wish, now)
        loan = await origination.open_loan(
            session,
            installation.vault,
            application_id=wish.application_id,
            borrower_id=wish.borrower_id,
            terms=terms.parse({**TERMS, **asked}),
            rules=rules.parse(RULES, "KES"),
            account=wish.account,
            on=today,
            now=now,
        )
    return loan.reference


async def _know(session: AsyncSession, vault: Vault, wish: Wish, now: datetime) -> None:
    """Whoever is paid has a name."""
    key = await crypto.person_key(session, vault, wish.borrower_id, now=now)
    await insert_once(
        session,
        Borrower,
        id=wish.borrower_id,
        reference=wish.borrower_id.hex[:20],
        locale="en",
        timezone="Africa/Nairobi",
        full_name_sealed=key.seal(f"borrowers.full_name_sealed.{wish.borrower_id}", "Amina"),
        created_at=now,
    )
