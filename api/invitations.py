"""The page behind the link in a message to a guarantor, for people who have no chat with us."""

import html
from collections.abc import Awaitable, Callable
from datetime import date
from functools import cache
from pathlib import Path as File
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Wired, Wiring
from kit import text
from kit.db import unit_of_work
from kit.errors import DomainError
from kit.money import Money
from kit.text import Texts
from onboarding import codes, consents, guarantors
from onboarding.decisioning import Underwriter
from onboarding.guarantors import Linked
from onboarding.states import GuaranteeStatus

router = APIRouter(prefix="/g", include_in_schema=False)

Invite = Annotated[str, Path(pattern="^V-[0-9A-Z]{8}$")]
Act = Callable[[AsyncSession, Linked], Awaitable[DomainError | None]]
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}


@router.get("/{invite}", response_class=HTMLResponse)
async def show_invitation(invite: Invite, wiring: Wired) -> HTMLResponse:
    return await _page(wiring, invite, None)


@router.post("/{invite}/agree", response_class=HTMLResponse)
async def agree_to_invitation(invite: Invite, wiring: Wired) -> HTMLResponse:
    async def act(session: AsyncSession, linked: Linked) -> None:
        await guarantors.agree(
            session, linked.owner, invite, telegram_id=None, locale=linked.locale,
            now=wiring.clock.now(),
        )  # fmt: skip

    return await _done(wiring, invite, act)


@router.post("/{invite}/sign", response_class=HTMLResponse)
async def sign_invitation(invite: Invite, request: Request, wiring: Wired) -> HTMLResponse:
    typed = parse_qs((await request.body()).decode(errors="replace")).get("code", [""])[0]

    async def act(session: AsyncSession, linked: Linked) -> DomainError | None:
        if linked.owner is None:
            return guarantors.GuaranteeNotAsked()
        signed = await guarantors.consent(
            session, linked.owner, typed, wiring.service(Underwriter), now=wiring.clock.now()
        )
        return signed if isinstance(signed, DomainError) else None

    return await _done(wiring, invite, act)


@router.post("/{invite}/decline", response_class=HTMLResponse)
async def decline_invitation(invite: Invite, wiring: Wired) -> HTMLResponse:
    async def act(session: AsyncSession, linked: Linked) -> None:
        await guarantors.decline(session, linked.owner, invite, now=wiring.clock.now())

    return await _done(wiring, invite, act)


@router.post("/{invite}/withdraw", response_class=HTMLResponse)
async def withdraw_invitation(invite: Invite, wiring: Wired) -> HTMLResponse:
    async def act(session: AsyncSession, linked: Linked) -> DomainError | None:
        if linked.owner is None:
            return guarantors.GuaranteeNotAsked()
        await guarantors.withdraw(session, linked.owner, invite, now=wiring.clock.now())
        return None

    return await _done(wiring, invite, act)


async def _done(wiring: Wiring, invite: str, act: Act) -> HTMLResponse:
    """Carry it out in a transaction of its own, then show how things stand."""
    problem: DomainError | None
    try:
        async with unit_of_work(wiring.sessions) as session:
            problem = await act(session, await guarantors.by_link(session, invite))
    except DomainError as refused:
        problem = refused
    return await _page(wiring, invite, problem)


async def _page(wiring: Wiring, invite: str, problem: DomainError | None) -> HTMLResponse:
    now = wiring.clock.now()
    async with unit_of_work(wiring.sessions) as session:
        try:
            linked = await guarantors.by_link(session, invite)
            reading = await guarantors.read(session, linked.owner, invite, now=now)
        except DomainError:
            return _html("en", [_tag("p", _texts().format("en", "unknown"))], 404)
        waits = linked.owner is not None and await guarantors.waits_for_code(
            session, linked.owner, now=now
        )
    parts = _facts(reading, linked.locale)
    if problem is not None:
        parts.insert(0, _tag("p", _problem(problem, linked.locale)))
    return _html(linked.locale, [*parts, *_choices(reading, invite, waits, linked.locale)], 200)


def _facts(reading: guarantors.Reading, locale: str) -> list[str]:
    guarantee, facts = reading.guarantee, reading.guarantee.facts

    def money(amount: str) -> str:
        return text.money(Money.parse(amount, guarantee.currency), locale)

    def say(key: str, **params: Any) -> str:
        return _texts().format(locale, key, **params)

    rows = [
        _row(str(row["n"]), text.day(date.fromisoformat(row["due_on"]), locale), money(row["due"]))
        for row in facts["installments"]
    ]
    most = money(facts["answers_for"])
    return [
        _tag("h1", say("title", name=reading.name)),
        _tag("p", say(
            "loan", amount=money(facts["principal"]), total=money(facts["total_payable"])
        )),
        _tag("p", say(
            "share", name=reading.name, share=guarantee.share_percent, most=most
        )),
        _tag("h2", say("dates")),
        f"<table>{''.join(rows)}</table>",
    ]  # fmt: skip


def _choices(reading: guarantors.Reading, invite: str, waits: bool, locale: str) -> list[str]:
    status = reading.guarantee.status
    if status is not GuaranteeStatus.ASKED:
        said = [_tag("p", _texts().format(locale, f"state-{status}"))]
        return said + ([_form(invite, "withdraw", locale)] if reading.is_withdrawable else [])
    documents = [_tag("p", consents.summary(each, locale)) for each in consents.required()]
    free = _tag("p", _texts().format(locale, "free"))
    if waits:
        label = html.escape(_texts().format(locale, "code", digits=codes.DIGITS))
        field = (
            f'<label>{label} <input name="code" inputmode="numeric" '
            'autocomplete="one-time-code" required></label> '
        )
        return [
            free,
            _form(invite, "sign", locale, field),
            _form(invite, "agree", locale, "", "again"),
        ]
    return [*documents, free, _form(invite, "agree", locale), _form(invite, "decline", locale)]


def _form(invite: str, act: str, locale: str, field: str = "", label: str = "") -> str:
    button = _tag("button", _texts().format(locale, label or act))
    return f'<form method="post" action="/g/{invite}/{act}">{field}{button}</form>'


def _problem(problem: DomainError, locale: str) -> str:
    key = f"problem-{problem.code}"
    return _texts().format(locale, key if key in _texts().keys("en") else "problem")


def _row(*cells: str) -> str:
    return f"<tr>{''.join(_tag('td', cell) for cell in cells)}</tr>"


def _tag(name: str, words: str) -> str:
    return f"<{name}>{html.escape(words)}</{name}>"


def _html(locale: str, parts: list[str], status: int) -> HTMLResponse:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    page = f'<!doctype html><html lang="{locale}"><head>{head}<title>Kopa</title></head>'
    return HTMLResponse(f"{page}<body>{''.join(parts)}</body></html>", status, headers=_HEADERS)


@cache
def _texts() -> Texts:
    return Texts(File(__file__).parent / "texts")
