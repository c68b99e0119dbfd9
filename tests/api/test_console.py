"""The console's door: who gets in, who sees what, and what forms have to prove."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select

import api.staff
from api import roles
from api.console import door, routes
from api.models import StaffSession
from api.roles import Role
from kit.db import Sessions, unit_of_work
from tests.api.conftest import CAST, Enter, SetClock, Sit, client_of
from tests.api.desk import AtDesk, words

NOBODY = "00000000-0000-7000-8000-000000000000"
_EXAMPLES = {"account": "loan_principal", "size": "1", "name": "console.css", "rest": "nowhere"}
_OPEN = {"show_door", "enter", "read_asset", "find_nothing"}
PASSWORD = "four words nobody guesses"


CONSOLE = APIRouter()
routes.include_in(CONSOLE)


def pages(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from pages(inner)


def filled(path: str) -> str:
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        path = before + _EXAMPLES.get(name.partition(":")[0], NOBODY) + after
    return path.removeprefix("/console")


def is_form(route: APIRoute) -> bool:
    return "POST" in (route.methods or ())


GUARDED = [route for route in pages(CONSOLE) if route.name not in _OPEN]


class TestPermissions:
    @pytest.mark.parametrize("name", [name for name in CAST if name != "Usha"])
    async def test_every_page_asks_the_table_of_roles(self, sit: Sit, name: str) -> None:
        desk, role = await sit(name), CAST[name]
        for route in sorted(GUARDED, key=lambda route: route.name == "delete_session"):
            path = filled(route.path)
            answer = await (desk.sends(path) if is_form(route) else desk.opens(path))

            refused = answer.status_code == 403 and "Not for your role" in words(answer)
            assert refused is not roles.allows(route.name, role), (route.path, role)
            assert answer.status_code < 500, (route.path, words(answer))

    async def test_every_page_needs_a_session(self, app: FastAPI) -> None:
        async with client_of(app) as stranger:
            for route in GUARDED:
                path = f"/console{filled(route.path)}"
                answer = await stranger.request("POST" if is_form(route) else "GET", path)

                if is_form(route):
                    assert answer.status_code == 403, path
                else:
                    assert answer.headers["location"].startswith("/console/sign-in?next="), path

    def test_pages_are_named_for_rows_of_the_table(self) -> None:
        assert {route.name for route in GUARDED} <= set(roles.MATRIX)

    @pytest.mark.parametrize("name", [name for name in CAST if name != "Usha"])
    async def test_the_menu_leads_nowhere_that_is_refused(self, sit: Sit, name: str) -> None:
        desk = await sit(name)
        menu = (await desk.opens("")).text.partition("<nav")[2].partition("</nav>")[0]
        paths = [part.partition('"')[0] for part in menu.split('href="/console')[1:]]

        for path in paths:
            assert (await desk.opens(path)).status_code == 200, (name, path)
        assert len(paths) > 3


class TestForms:
    async def test_without_a_proof_are_refused(self, sit: Sit) -> None:
        desk = await sit("Carl")
        forms = [route for route in GUARDED if is_form(route)]

        for route in forms:
            path = f"/console{filled(route.path)}"
            answer = await desk.http.post(path, data={})
            assert answer.status_code == 403, path
            assert "This form cannot be trusted" in words(answer)
        for proof in ("", "0" * 64, "é"):
            answer = await desk.http.post("/console/sign-out", data={"proof": proof})
            assert answer.status_code == 403
        assert (await desk.opens("")).status_code == 200
        assert len(forms) > 15

    async def test_of_somebody_else_are_refused(self, sit: Sit) -> None:
        carl, ada = await sit("Carl"), await sit("Ada")
        theirs = (await ada.opens("")).text.partition('name="proof" value="')[2][:64]

        answer = await carl.http.post("/console/sign-out", data={"proof": theirs})

        assert answer.status_code == 403

    async def test_with_too_many_fields_are_refused(self, sit: Sit) -> None:
        desk = await sit("Carl")

        answer = await desk.sends("/sign-out", **{f"f{n}": "x" for n in range(100)})

        assert answer.status_code == 403


class TestHeaders:
    async def test_let_nothing_run_and_nothing_be_kept(self, sit: Sit) -> None:
        desk = await sit("Ada")
        for path in ("", "/ledger", "/nowhere", "/sign-in"):
            answer = await desk.opens(path)
            policy = answer.headers["content-security-policy"]

            assert policy.startswith("default-src 'none'; style-src 'self'")
            assert "unsafe" not in policy
            assert "script-src" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-frame-options"] == "DENY"
            assert "<script" not in answer.text
            assert " style=" not in answer.text
            assert "http://" not in answer.text
            assert "https://" not in answer.text

    async def test_of_the_cookie_keep_it_at_home(
        self, app: FastAPI, sessions: Sessions, clock: SetClock
    ) -> None:
        await hires(sessions, "Grace", clock)
        async with client_of(app) as http:
            answer = await signs_in(http, "Grace")

        kept = [c for c in answer.headers.get_list("set-cookie") if "kopa_console=" in c]
        [cookie] = kept
        for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/console"):
            assert word in cookie


async def hires(sessions: Sessions, name: str, clock: SetClock) -> None:
    async with unit_of_work(sessions) as session:
        member, _ = await api.staff.add(session, name=name, role=Role.ADMIN, now=clock.at)
        password = await api.staff.hash_password(PASSWORD)
        await api.staff.set_password(session, member, password, now=clock.at)


async def signs_in(
    http: httpx.AsyncClient, name: str, *, password: str = PASSWORD, path: str = "/sign-in"
) -> httpx.Response:
    return await AtDesk(http).sends("/sign-in", page=path, name=name, password=password)


class TestSigningIn:
    async def test_leads_back_to_where_one_was(
        self, app: FastAPI, sessions: Sessions, clock: SetClock
    ) -> None:
        await hires(sessions, "Grace", clock)
        async with client_of(app) as http:
            door = await http.get("/console/ledger?until=2026-11-01")
            shown = await http.get(door.headers["location"])
            assert 'value="/console/ledger?until=2026-11-01"' in shown.text
            proof = shown.text.partition('name="proof" value="')[2][:64]
            answer = await http.post(
                "/console/sign-in",
                data={"proof": proof, "next": "/console/ledger?until=2026-11-01",
                      "name": "grace", "password": PASSWORD},
            )  # fmt: skip

            assert answer.headers["location"] == "/console/ledger?until=2026-11-01"
            assert (await http.get(answer.headers["location"])).status_code == 200

    async def test_leads_nowhere_else(
        self, app: FastAPI, sessions: Sessions, clock: SetClock
    ) -> None:
        await hires(sessions, "Grace", clock)
        async with client_of(app) as http:
            answer = await AtDesk(http).sends(
                "/sign-in", page="/sign-in", next="//evil.example", name="Grace", password=PASSWORD
            )

        assert answer.headers["location"] == "/console"
        for path in ("https://evil.example", "/console@evil", "/v1/me", "/console/\\evil", ""):
            assert door.path_within(path) == "/console", path
        assert door.path_within("/console/ledger?until=1") == "/console/ledger?until=1"

    async def test_begins_a_new_session_and_ends_the_old_one(
        self, app: FastAPI, sessions: Sessions, clock: SetClock
    ) -> None:
        await hires(sessions, "Grace", clock)
        async with client_of(app) as http:
            await signs_in(http, "Grace")
            first = http.cookies["kopa_console"]
            await signs_in(http, "Grace")
            second = http.cookies["kopa_console"]

        assert first != second
        async with sessions() as session:
            ended = {
                held.token_sha256: held.revoked_at is not None
                for held in await session.scalars(select(StaffSession))
            }
        assert ended == {api.staff.sha256(first): True, api.staff.sha256(second): False}

    async def test_ends_at_the_door(self, sit: Sit) -> None:
        desk = await sit("Carl")
        token = "token of Carl"

        answer = await desk.sends("/sign-out")
        desk.http.cookies.set("kopa_console", token, path="/console")
        again = await desk.opens("")

        assert answer.headers["location"] == "/console/sign-in"
        assert again.status_code == 303

    async def test_is_refused_in_the_same_words_and_keeps_the_name(
        self, app: FastAPI, sessions: Sessions, clock: SetClock
    ) -> None:
        await hires(sessions, "Grace", clock)
        async with client_of(app) as http:
            wrong = await signs_in(http, "Grace", password="not it at all")
            unknown = await signs_in(http, "Nobody", password="not it at all")

        assert (wrong.status_code, unknown.status_code) == (401, 401)
        assert "The name or the password is not right" in words(wrong)
        assert words(wrong) == words(unknown)
        assert 'value="Grace"' in wrong.text
        assert "not it at all" not in wrong.text

    async def test_is_slowed_down_like_the_api(self, app: FastAPI) -> None:
        async with client_of(app) as http:
            for _ in range(5):
                await signs_in(http, "Grace", password="guess")
            answer = await signs_in(http, "Grace", password="guess")

        assert "Too many tries" in words(answer)

    async def test_needs_the_page_of_the_door(self, app: FastAPI) -> None:
        async with client_of(app) as http:
            await http.get("/console/sign-in")
            answer = await http.post("/console/sign-in", data={"name": "x", "password": "y"})

        assert answer.status_code == 403

    async def test_with_a_one_time_token_leads_to_a_password(
        self, app: FastAPI, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            _, token = await api.staff.add(session, name="Noor", role=Role.COLLECTOR, now=clock.at)
        async with client_of(app) as http:
            desk = AtDesk(http)
            answer = await signs_in(http, "Noor", password=token)
            short = await desk.sends("/password", page="/password", password="short")
            home = await desk.does("/password", page="/password", password=PASSWORD)
            await desk.sends("/sign-out")
            again = await signs_in(http, "Noor")

        assert answer.headers["location"] == "/console/password"
        assert (short.status_code, "too short" in words(short)) == (422, True)
        assert "Your password is changed" in home
        assert again.headers["location"] == "/console"


class TestAnEndedSession:
    async def test_keeps_what_was_typed(
        self, sit: Sit, app: FastAPI, sessions: Sessions, clock: SetClock, wall: SetClock
    ) -> None:
        await hires(sessions, "Grace", clock)
        desk = await sit("Carl")
        path = f"/incidents/{NOBODY}/resolve"
        proof = (await desk.opens("")).text.partition('name="proof" value="')[2][:64]
        wall.at += timedelta(hours=9)

        door = await desk.http.post(
            f"/console{path}", data={"proof": proof, "reason": "I & <they> agree"}
        )
        kept = {"reason": "I & <they> agree", "resumes": "yes"}
        answer = await desk.http.post(
            "/console/sign-in",
            data={"proof": door.text.partition('name="proof" value="')[2][:64],
                  "next": f"/console{path}", "name": "Grace", "password": PASSWORD, **kept},
        )  # fmt: skip

        assert (door.status_code, "What you typed is kept" in words(door)) == (401, True)
        assert 'value="I &amp; &lt;they&gt; agree"' in door.text
        assert answer.status_code == 200
        assert f'action="/console{path}"' in answer.text
        assert 'value="I &amp; &lt;they&gt; agree"' in answer.text
        fresh = answer.text.partition('name="proof" value="')[2][:64]
        sent = await desk.http.post(f"/console{path}", data={"proof": fresh, "reason": "x"})
        assert sent.status_code == 404

    async def test_keeps_nothing_of_a_stranger(self, app: FastAPI) -> None:
        async with client_of(app) as http:
            answer = await http.post(
                f"/console/incidents/{NOBODY}/resolve", data={"reason": "click here"}
            )

        assert answer.status_code == 403
        assert "click here" not in answer.text


class TestRefusals:
    async def test_are_pages_with_a_way_on(self, sit: Sit) -> None:
        ada = await sit("Ada")
        for path, status, sentence in (
            ("/nowhere", 404, "There is no such page"),
            (f"/payouts/{NOBODY}", 404, "No such order"),
            ("/payouts?status=odd", 422, "cannot be read"),
            ("/ledger/accounts/odd", 422, "cannot be read"),
            (f"/ledger/entries/{NOBODY}", 404, "No such entry"),
            ("/seals/7", 404, "No such checkpoint"),
            ("/loans", 403, "Not for your role"),
        ):
            answer = await ada.opens(path)

            assert answer.status_code == status, path
            assert sentence in words(answer), path
            assert "Go to the first page" in words(answer), path
            assert "Sign out" in words(answer) or path == "/nowhere", path

    async def test_of_the_api_stay_json(self, enter: Enter) -> None:
        ada = await enter("Ada")

        answer = await ada.get("/v1/loans")

        assert answer.headers["content-type"] == "application/problem+json"
