"""The line-up at the desk: who decides, what speaks for another, two who agree, a step back."""

import re
from dataclasses import replace
from html import unescape

import pytest

from kit import audit
from kit.db import Sessions, unit_of_work
from onboarding import catalog, successors
from scoring import line_up, policy, shadow, versions
from scoring.line_up import Pair
from scoring.model import loading
from scoring.models import Role
from scoring.queries import Period, made_in
from scoring.watching import gate
from tests.api.conftest import SetClock, Sit
from tests.api.desk import AtDesk
from tests.onboarding.people import SETTINGS
from tests.scoring import cases
from tests.scoring.test_replaying import book

DEFAULT = policy.DEFAULT.read_text(encoding="utf-8")
NOBODY = "00000000-0000-0000-0000-000000000000"
STRICTER = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 200")


@pytest.fixture
async def champion(sessions: Sessions, clock: SetClock) -> Pair:
    """Sixteen decisions, and the champion that made half of them."""
    default, _ = await book(sessions, clock.at, 16)
    async with unit_of_work(sessions) as session:
        await catalog.load(session, SETTINGS.products_file, now=clock.at)
        await line_up.take(
            session, Role.CHAMPION, default, actor=audit.SYSTEM, why="configured", now=clock.at
        )
    return default


@pytest.fixture
async def stricter(sessions: Sessions, champion: Pair, clock: SetClock) -> Pair:
    async with unit_of_work(sessions) as session:
        kept = await versions.register_policy(session, STRICTER, actor="system", now=clock.at)
    return replace(champion, policy_sha256=kept.sha256)


@pytest.fixture
async def renamed(sessions: Sessions, champion: Pair, clock: SetClock) -> Pair:
    """The same trees under another name: to the gate another model."""
    manifest = replace(cases.stock().manifest, name="renamed").to_text()
    _, trees = loading.texts(loading.STOCK)
    async with unit_of_work(sessions) as session:
        model = await versions.register_model(
            session, manifest, trees, actor="system", now=clock.at
        )
    return replace(champion, model_sha256=model.sha256)


def asked(pair: Pair) -> dict[str, str]:
    return {"model": pair.model_sha256, "policy": pair.policy_sha256}


def typed(pair: Pair, **more: str) -> dict[str, str]:
    return {
        "model_sha256": pair.model_sha256, "policy_sha256": pair.policy_sha256, "product": "",
        "reason": "fewer losses", **more,
    }  # fmt: skip


async def seats(sessions: Sessions) -> dict[Role, Pair]:
    async with unit_of_work(sessions) as session:
        return {each.role: Pair.of(each) for each in await line_up.standing(session)}


async def hidden(desk: AtDesk, page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', (await desk.opens(page)).text)
    assert found is not None
    return unescape(found[1])


class TestPage:
    async def test_says_what_to_do_where_nobody_sits(self, sit: Sit) -> None:
        ann = await sit("Ann")

        shown = await ann.reads("/line-up")

        assert "Nobody decides yet." in shown
        assert "kopa model train" in shown
        assert "Choose a model and a policy below" in shown

    async def test_shows_who_decides_and_what_is_kept(self, sit: Sit, champion: Pair) -> None:
        aude = await sit("Aude")

        shown = await aude.reads("/line-up")

        assert "Champion Every product" in shown
        assert "Kopa configured" in shown
        assert "0.698 [0.661, 0.732]" in shown
        assert "Roll back" not in shown  # An auditor looks.
        csv = (await aude.opens("/line-up", format="csv", part="models")).text
        assert "0.026 [0.026, 0.070]" in csv

    async def test_every_file_of_the_page_is_one(self, sit: Sit, champion: Pair) -> None:
        aude = await sit("Aude")
        links = re.findall(r'href="(\?[^"]*format=csv[^"]*)"', (await aude.opens("/line-up")).text)

        files = [await aude.opens(f"/line-up{unescape(link)}") for link in links]

        assert [each.headers["content-disposition"].split('"')[1][:-15] for each in files] == [
            "line-up", "risk-models", "risk-policies", "line-up-history",
        ]  # fmt: skip
        assert "champion" in files[0].text

    async def test_a_card_that_was_made_by_hand_leaves_out_what_is_no_number(
        self, sit: Sit, champion: Pair, sessions: Sessions, clock: SetClock
    ) -> None:
        stock = cases.stock().manifest
        _, trees = loading.texts(loading.STOCK)
        half = {"auc": {"value": 0.7}, "ece": {"value": "low", "low": None, "high": 1}}
        metrics = {"cross_validated": half, "out_of_time": "soon"}
        by_hand = replace(stock, name="by hand", metrics=metrics, training={"rows": {}})
        async with unit_of_work(sessions) as session:
            model = await versions.register_model(
                session, by_hand.to_text(), trees, actor="system", now=clock.at
            )
        ann = await sit("Ann")

        assert "by hand" in await ann.reads("/line-up")
        pair = replace(champion, model_sha256=model.sha256)
        assert "AUC Not measured 0.698 [" in await ann.reads("/line-up/pair", **asked(pair))

    async def test_is_for_those_who_analyse(self, sit: Sit, champion: Pair) -> None:
        carl = await sit("Carl")

        assert (await carl.opens("/line-up")).status_code == 403
        assert "Line-up" not in await carl.reads("")


class TestPair:
    async def test_the_gate_answers_line_by_line(self, sit: Sit, renamed: Pair) -> None:
        ann = await sit("Ann")

        shown = await ann.reads("/line-up/pair", **asked(renamed))

        assert "Enough loans to tell Against 0 loans with a known outcome" in shown
        assert "I insist although the gate holds it back" in shown

    async def test_a_policy_alone_is_not_for_the_gate(self, sit: Sit, stricter: Pair) -> None:
        ann = await sit("Ann")

        shown = await ann.reads("/line-up/pair", **asked(stricter))

        assert "It is the champion's own model" in shown
        assert "Sits as Nothing yet" in shown

    async def test_what_is_not_kept_is_refused_in_words(self, sit: Sit, champion: Pair) -> None:
        ann = await sit("Ann")

        unknown = await ann.opens(
            "/line-up/pair", **asked(replace(champion, policy_sha256="0" * 64))
        )
        wrong = await ann.opens("/line-up/pair", model="x", policy="y")

        assert (unknown.status_code, wrong.status_code) == (404, 422)
        assert "Not kept here" in unknown.text


class TestAgreement:
    async def test_two_promote_and_one_takes_it_back_once(
        self, sit: Sit, sessions: Sessions, champion: Pair, stricter: Pair
    ) -> None:
        ann, abel = await sit("Ann"), await sit("Abel")
        page = f"/line-up/pair?model={stricter.model_sha256}&policy={stricter.policy_sha256}"

        proposed = await ann.does("/line-up/promote", page=page, **typed(stricter))
        again = await ann.sends("/line-up/promote", page=page, **typed(stricter))
        assert "Proposed: champion for every product" in proposed
        assert (again.status_code, "A second person is needed" in again.text) == (403, True)
        assert "Confirm: make it the champion" not in await ann.reads(
            "/line-up/pair", **asked(stricter)
        )
        assert "Confirm: make it the champion" in await abel.reads(
            "/line-up/pair", **asked(stricter)
        )
        done = await abel.does("/line-up/promote", page=page, **typed(stricter))
        assert "Confirmed and done." in done
        assert (await seats(sessions))[Role.CHAMPION] == stricter

        seat = await hidden(abel, "/line-up", "seat")
        undo = {"seat": seat, "product": "", "reason": "losses"}
        back = await abel.does("/line-up/roll-back", page="/line-up", **undo)
        twice = await abel.sends("/line-up/roll-back", page="/line-up", **undo)
        assert "Rolled back." in back
        assert (twice.status_code, "The line-up has changed" in twice.text) == (409, True)
        assert await seats(sessions) == {Role.CHAMPION: champion}

    async def test_a_form_that_names_no_pair_is_refused(self, sit: Sit, champion: Pair) -> None:
        ann = await sit("Ann")
        body = {**typed(champion), "model_sha256": "x"}

        answer = await ann.sends("/line-up/promote", page="/line-up", **body)

        assert (answer.status_code, "The line-up" in answer.text) == (422, True)

    async def test_the_other_one_may_refuse(
        self, sit: Sit, sessions: Sessions, champion: Pair, stricter: Pair
    ) -> None:
        ann, abel = await sit("Ann"), await sit("Abel")
        await ann.does("/line-up/promote", page="/line-up", **typed(stricter))
        shown = await abel.opens("/line-up/pair", **asked(stricter))
        assert "Refuse it" in shown.text
        found = re.search(r'action="/console(/proposals/[^"]+)"', shown.text)
        assert found is not None

        refused = await abel.does(found[1], page="/line-up", then="/console/line-up")

        assert "Withdrawn. Nothing was done." in refused
        assert await seats(sessions) == {Role.CHAMPION: champion}

    async def test_a_model_that_proves_nothing_needs_two_who_insist(
        self, sit: Sit, sessions: Sessions, renamed: Pair
    ) -> None:
        ann, abel = await sit("Ann"), await sit("Abel")

        held = await ann.sends("/line-up/promote", page="/line-up", **typed(renamed))
        assert (held.status_code, "The gate holds it back" in held.text) == (409, True)
        await ann.does("/line-up/promote", page="/line-up", **typed(renamed, force="true"))
        assert "Although the gate holds it back" in await abel.reads(
            "/line-up/pair", **asked(renamed)
        )
        await abel.does("/line-up/promote", page="/line-up", **typed(renamed, force="true"))

        assert (await seats(sessions))[Role.CHAMPION] == renamed

    async def test_the_gate_may_change_its_mind_before_the_other_one_confirms(
        self, sit: Sit, sessions: Sessions, renamed: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ann, abel = await sit("Ann"), await sit("Abel")
        says = {"against": gate.Answer((gate.Check("better", passed=False, said="Worse."),)),
                "for": gate.NOT_ASKED}  # fmt: skip
        now = "for"

        async def ask_gate(*_: object, **__: object) -> gate.Answer:
            return says[now]

        async def shown() -> str:
            return (await abel.opens("/line-up/pair", **asked(renamed))).text

        monkeypatch.setattr(successors, "ask_gate", ask_gate)
        await ann.does("/line-up/promote", page="/line-up", **typed(renamed))
        now = "against"
        assert "The gate holds it back since it was proposed" in await shown()
        assert "Confirm: make it the champion" not in await shown()
        turned = await abel.sends("/line-up/promote", page="/line-up", **typed(renamed))
        assert (turned.status_code, "propose it anew and insist" in turned.text) == (409, True)
        found = re.search(r'action="/console(/proposals/[^"]+)"', await shown())
        assert found is not None
        await abel.does(found[1], page="/line-up", then="/console/line-up")

        await ann.does("/line-up/promote", page="/line-up", **typed(renamed, force="true"))
        assert "I insist although the gate holds it back" in await shown()
        assert 'type="hidden" name="force"' not in await shown()
        now = "for"
        assert "I insist" not in await shown()
        await abel.does("/line-up/promote", page="/line-up", **typed(renamed))
        assert (await seats(sessions))[Role.CHAMPION] == renamed

    async def test_a_challenger_comes_with_a_share_and_goes(
        self, sit: Sit, sessions: Sessions, champion: Pair, stricter: Pair
    ) -> None:
        ann, abel = await sit("Ann"), await sit("Abel")
        too_much = await ann.sends(
            "/line-up/challenge", page="/line-up", **typed(stricter, share="90")
        )
        assert too_much.status_code == 422
        await ann.does("/line-up/challenge", page="/line-up", **typed(stricter, share="12.5"))
        assert await hidden(
            abel, f"/line-up/pair?model={stricter.model_sha256}&policy={stricter.policy_sha256}",
            "share",
        ) == "12.5"  # fmt: skip

        sits = await abel.does(
            "/line-up/challenge", page="/line-up", **typed(stricter, share="12.5")
        )
        assert "Challenger Every product 12.5 %" in sits
        end = {"product": "", "reason": "enough"}
        late = await ann.sends("/line-up/end-contest", page="/line-up", seat=NOBODY, **end)
        assert (late.status_code, "The line-up has changed" in late.text) == (409, True)
        found = re.search(r'end-contest".*?name="seat" value="([^"]*)"', late.text, re.DOTALL)
        assert found is not None
        over = await ann.does("/line-up/end-contest", seat=found[1], **end)

        assert "The contest is over" in over
        assert await seats(sessions) == {Role.CHAMPION: champion}
        async with unit_of_work(sessions) as session:
            (left, *_) = await audit.list_events(session)
        assert (left.action, left.facts["why"]) == ("line_up.left", "enough")


class TestShadow:
    async def test_looks_on_and_is_compared(
        self, sit: Sit, sessions: Sessions, stricter: Pair, clock: SetClock
    ) -> None:
        ann = await sit("Ann")
        sits = await ann.does("/line-up/shadow", page="/line-up", **typed(stricter, on="true"))
        assert "It looks on from now on" in sits
        async with unit_of_work(sessions) as session:
            for made in (await session.scalars(made_in(Period(), only_standing=True))).all():
                await shadow.assess(session, made.id, now=clock.at)

        page = await ann.opens("/line-up/pair", **asked(stricter))
        whole = await ann.opens("/line-up")

        assert page.text.count("<svg") == 2
        other = await ann.opens("/line-up/pair", **asked(stricter), product="harvest")
        assert other.text.count("<svg") == 0  # All sixteen asked for another product.
        assert "16 decisions, " in page.text
        assert whole.text.count("<svg") == 1
        assert "It would approve" in whole.text
        csv = (await ann.opens("/line-up", format="csv", part="shadows")).text
        assert "Model,Policy,Decisions" in csv
        off = await ann.does("/line-up/shadow", page="/line-up", **typed(stricter, on="false"))
        assert "It looks on no more." in off


class TestWhatIf:
    async def test_assesses_the_last_month_again(self, sit: Sit, stricter: Pair) -> None:
        ann = await sit("Ann")

        page = await ann.opens("/line-up/what-if", **asked(stricter))
        shown = await ann.reads("/line-up/what-if", **asked(stricter))
        csv = (await ann.opens("/line-up/what-if", **asked(stricter), format="csv")).text

        assert page.text.count("<svg") == 1
        assert "16 stored applications assessed again" in shown
        assert "Examples" in shown
        assert "approval_share" in csv

    async def test_says_when_nothing_was_decided(self, sit: Sit, champion: Pair) -> None:
        ann = await sit("Ann")

        shown = await ann.reads(
            "/line-up/what-if", **asked(champion), since="2026-01-01", until="2026-01-31"
        )

        assert "No application that would fall to it was decided in these days." in shown
        never = await ann.opens("/line-up/what-if", **asked(champion), until="9999-12-31")
        assert never.status_code == 422

    async def test_counts_what_would_fall_to_it(
        self, sit: Sit, sessions: Sessions, champion: Pair, stricter: Pair, clock: SetClock
    ) -> None:
        ann = await sit("Ann")

        async def tried(product: str) -> int:
            shown = await ann.reads("/line-up/what-if", **asked(stricter), product=product)
            found = re.search(r"(\d+) stored applications assessed again", shown)
            return int(found[1]) if found else 0

        assert [await tried(each) for each in ("", "personal", "harvest")] == [16, 16, 0]
        async with unit_of_work(sessions) as session:
            await line_up.take(
                session, Role.CHAMPION, champion, actor=audit.SYSTEM, why="its own", now=clock.at,
                product="personal",
            )  # fmt: skip
        assert [await tried(each) for each in ("", "personal", "harvest")] == [0, 16, 0]

    async def test_is_for_analysts(self, sit: Sit, champion: Pair) -> None:
        ada = await sit("Ada")

        assert (await ada.opens("/line-up/what-if", **asked(champion))).status_code == 403
