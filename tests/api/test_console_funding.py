"""Funding by console: two people open a pool, take capital in and pay it out; forms say before
what they would do, and keep what was typed when it is refused."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest

from api.console import charts
from kit.db import Sessions, unit_of_work
from servicing import suspense
from tests.api.conftest import Sit
from tests.api.desk import AtDesk, words
from tests.servicing.lending import START, Lender, kes

WHY = "as agreed on the phone"
POLICY = {"rank": "1", "floor": "5000", "limits": "pool 90 %\nborrower 60%", "product": "personal"}
_ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"


async def path_of(desk: AtDesk, page: str, kind: str) -> str:
    """Where the first link of this kind on the page leads."""
    found = re.search(f'href="/console(/funding/{kind}/{_ID})"', (await desk.opens(page)).text)
    assert found is not None, kind
    return found[1]


async def hidden(desk: AtDesk, page: str) -> dict[str, str]:
    """What the form sends that confirms the proposal of this page."""
    card = (await desk.opens(page)).text.partition('class="card proposal"')[2]
    form = card.partition('class="act">')[2].partition("</form>")[0]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found if name != "proof"}


async def both(carl: AtDesk, ada: AtDesk, page: str, verb: str, **typed: str) -> str:
    """One proposes by the form, the other one confirms what the page shows."""
    proposed = await carl.does(f"{page}/{verb}", reason=WHY, **typed)
    assert "You proposed this" in proposed
    return await ada.does(f"{page}/{verb}", reason="seen it too", **await hidden(ada, page))


@pytest.fixture
async def carl(sit: Sit) -> AtDesk:
    return await sit("Carl")


@pytest.fixture
async def ada(sit: Sit) -> AtDesk:
    return await sit("Ada")


@pytest.fixture
async def made(ada: AtDesk) -> str:
    """A pool that is not open."""
    await ada.does("/funding/pools", code="main", currency="KES", rail="wallet")
    return await path_of(ada, "/funding", "pools")


@pytest.fixture
async def pool(carl: AtDesk, ada: AtDesk, made: str) -> str:
    await both(carl, ada, made, "policy", **{**POLICY, "product": "", "floor": ""})
    return made


@pytest.fixture
async def stake(carl: AtDesk, ada: AtDesk, pool: str) -> str:
    """Of `<b>Sum</b>`, with 60,000."""
    await ada.does("/funding/funders", name="<b>Sum</b>")
    form = (await carl.opens(pool)).text
    funder = re.search(f'<option value="{_ID}"', form)
    assert funder is not None
    given = {"funder": funder[1], "terms": "share", "rate": "80", "loss_order": "2"}
    proposed = await carl.does(f"{pool}/stake", reason=WHY, **given)
    assert "Terms 80 % of the interest on what he funds Bears losses as number 2" in proposed
    await ada.does(f"{pool}/stake", reason="seen it too", **await hidden(ada, pool))
    page = await path_of(carl, pool, "stakes")
    await both(carl, ada, page, "in", amount="60000", reference="B-1")
    return page


class TestPools:
    async def test_are_made_by_an_administrator(self, carl: AtDesk, ada: AtDesk) -> None:
        given = {"code": "main", "currency": "KES", "rail": "wallet"}

        shown = await ada.does("/funding/pools", **given)
        twice = await ada.sends("/funding/pools", **given)
        odd = await ada.sends("/funding/pools", **{**given, "code": "Main & more"})
        his = await carl.sends("/funding/pools", **given)

        assert "It lends when two people have agreed to its policy" in shown
        assert (twice.status_code, "This name is taken" in words(twice)) == (409, True)
        assert 'name="code" value="main"' in twice.text
        assert odd.status_code == 422
        assert "Name: 2 to 40 small letters, digits and dashes, without spaces." in words(odd)
        assert "Main &amp; more" in odd.text
        assert his.status_code == 403
        assert "Make a pool" not in await carl.reads("/funding")

    async def test_are_opened_by_two_who_see_what_it_does(
        self, carl: AtDesk, ada: AtDesk, made: str
    ) -> None:
        looked = words(await carl.sends(f"{made}/policy", look="yes", **POLICY))
        before = await carl.reads(made)
        proposed = await carl.does(f"{made}/policy", reason=WHY, **POLICY)
        seen = await ada.reads(made)
        done = await ada.does(f"{made}/policy", reason=WHY, **await hidden(ada, made))

        assert "Has to stay in the pool KES 0 KES 5,000" in looked
        assert "Nobody agreed to a policy yet" in before
        assert "Proposed: a policy, which opens the pool By Carl" in proposed
        assert "Takes, product personal" in seen
        assert "borrower 60 % KES 0 KES 0" in seen
        assert "Pool main Open" in done
        assert "Stays in the pool 5000 KES" in done

    async def test_tell_the_terms_of_their_stakes(self, carl: AtDesk, stake: str) -> None:
        page = (await carl.opens(stake)).text
        [pool] = re.findall(r'href="/console(/funding/pools/[^"]+)"', page)

        assert "Share 80 % 2 60,000.00" in await carl.reads(pool)

    async def test_say_what_of_a_limit_is_used(
        self, carl: AtDesk, lender: Lender, pool: str, stake: str
    ) -> None:
        await lender.lends()

        shown = await carl.reads(pool)
        tighter = await carl.sends(
            f"{pool}/policy", look="yes", floor="31000", limits="borrower 20000"
        )

        assert "pool 90 % KES 54,000 KES 30,000" in shown
        assert "borrower 20000.00 Passed KES 20,000 KES 30,000" in words(tighter)
        assert "May be lent at once KES 30,000 KES 0" in words(tighter)

    async def test_of_a_policy_that_says_nonsense_keep_what_was_typed(
        self, carl: AtDesk, made: str
    ) -> None:
        for field, typed, said in (
            ("limits", "moon 5 %", "Limits, line 1: by: must be one of"),
            ("limits", "pool 90 %\n%", "Limits, line 2: reads like"),
            ("limits", "pool lots", "Limits, line 1: amount: must be an amount"),
            ("floor", "-1", "Stays in the pool: must not be negative"),
            ("floor", "10,000", "2 decimals, without commas."),
            ("rank", "first", "Asked as number: must be a whole number"),
        ):
            for button in ({"look": "yes"}, {"reason": WHY}):
                answer = await carl.sends(f"{made}/policy", **{field: typed}, **button)

                assert answer.status_code == 422, typed
                assert said in words(answer)
                assert typed in unescape(answer.text)
        empty = await carl.sends(f"{made}/policy", limits="pool 90 %", reason=" ")
        assert (empty.status_code, "Reason: " in words(empty)) == (422, True)
        assert "Nobody agreed to a policy yet" in await carl.reads(made)

    async def test_take_limits_and_reasons_of_more_lines_as_a_browser_sends_them(
        self, carl: AtDesk, made: str
    ) -> None:
        shown = await carl.does(
            f"{made}/policy", limits="pool 90 %\r\nborrower 5 %\r\n", reason="one\r\ntwo"
        )
        refused = await carl.sends(f"{made}/stake", reason="three\r\nfour", rate="x")

        assert "Why one two" in shown
        assert "pool 90 % KES 0 KES 0 borrower 5 %" in shown
        assert refused.status_code == 422
        assert "\ufffd" not in refused.text

    async def test_are_not_confirmed_by_whoever_proposed(
        self, carl: AtDesk, ada: AtDesk, made: str
    ) -> None:
        await carl.does(f"{made}/policy", reason=WHY, **POLICY)
        sent = await hidden(ada, made)

        alone = await carl.sends(f"{made}/policy", reason=WHY, **sent)
        other = await ada.sends(f"{made}/policy", reason=WHY, policy='{"rank": 2}')
        broken = await ada.sends(f"{made}/policy", reason=WHY, policy="[")

        assert (alone.status_code, "You proposed this yourself" in words(alone)) == (403, True)
        assert (other.status_code, "Something else is proposed" in words(other)) == (409, True)
        assert broken.status_code == 409
        assert "Not open yet" in await ada.reads(made)


class TestCapital:
    async def test_comes_by_two_who_see_what_it_does(
        self, carl: AtDesk, ada: AtDesk, stake: str
    ) -> None:
        looked = words(await carl.sends(f"{stake}/in", look="yes", amount="1000"))
        proposed = await carl.does(f"{stake}/in", reason=WHY, amount="1000.50", reference="B-2")
        done = await ada.does(f"{stake}/in", reason="so have I", **await hidden(ada, stake))
        again = await carl.sends(f"{stake}/in", amount="2", reference="B-2", reason=WHY)

        assert "Amount KES 1,000.50 Reference B-2" in proposed
        assert "Free to be lent KES 60,000 KES 61,000" in looked
        assert "Cash at the rail KES 60,000 KES 61,000" in looked
        assert "<b>Sum</b> in the pool main" in done
        assert "Capital KES 61,000.50" in done
        assert (again.status_code, "written down already" in words(again)) == (409, True)
        assert 'value="B-2"' in again.text

    async def test_is_kept_once_when_the_form_is_sent_again(self, carl: AtDesk, stake: str) -> None:
        page = (await carl.opens(stake)).text
        form = page.partition(f'action="/console{stake}/withdrawal"')[2].partition("</form>")[0]
        (once,) = re.findall(r'name="once" value="([\w-]+)"', form)
        given = {"of": "capital", "due_on": "2026-12-01", "amount": "10000", "once": once}
        sent = [await carl.sends(f"{stake}/withdrawal", **given) for _ in range(2)]

        assert {answer.headers["location"] for answer in sent} == {
            f"/console{stake}?said=kept_apart"
        }
        shown = await carl.reads(stake)
        assert "Withdrawing KES 10,000 " in shown
        assert shown.count("1 Dec 2026 Capital 10,000.00 KES") == 1

    async def test_that_waits_in_suspense_brings_no_cash_again(
        self, carl: AtDesk, ada: AtDesk, sessions: Sessions, now: datetime, stake: str
    ) -> None:
        """What is shown before, beside the proposal, and what has become of it."""
        async with unit_of_work(sessions) as session:
            await suspense.receive(
                session, reference="wallet:B-5", reason="unknown_reference", amount=kes(700),
                on=START, now=now, rail="wallet",
            )  # fmt: skip
        given = {"amount": "700", "reference": "B-5"}

        looked = words(await carl.sends(f"{stake}/in", look="yes", **given))
        named = words(await carl.sends(f"{stake}/in", look="yes", amount="700", reference="SUM 1"))
        other = await carl.sends(f"{stake}/in", look="yes", amount="70", reference="B-5")
        used = await carl.sends(f"{stake}/in", look="yes", amount="60000", reference="B-1")
        proposed = await carl.does(f"{stake}/in", reason=WHY, **given)
        await ada.does(f"{stake}/in", reason=WHY, **await hidden(ada, stake))

        for shown in (looked, proposed):
            assert "Free to be lent KES 60,000 KES 60,700" in shown
            assert "Cash at the rail KES 60,700 KES 60,700" in shown
            assert "Is it this money?" not in shown
        assert "Cash at the rail KES 60,700 KES 61,400" in named
        assert "Stays in suspense as wallet:B-5 Is it this money? KES 700 KES 700" in named
        assert (other.status_code, "waits in suspense" in words(other)) == (409, True)
        assert (used.status_code, "written down already" in words(used)) == (409, True)
        after = words(await carl.sends(f"{stake}/in", look="yes", amount="1"))
        assert "Cash at the rail KES 60,700 KES 60,701" in after

    async def test_is_shown_less_what_was_agreed_to_go_out_before(
        self, carl: AtDesk, stake: str
    ) -> None:
        given = {"due_on": "2026-12-01"}
        await carl.does(f"{stake}/withdrawal", of="capital", amount="20000", **given)
        await carl.does(f"{stake}/withdrawal", of="return", amount="30", **given)

        capital, earned = [
            words(await carl.sends(f"{stake}/withdrawal", look="yes", of=of, amount="10", **given))
            for of in ("capital", "return")
        ]

        assert "Free of this stake KES 40,000 KES 39,990" in capital
        for shown in (capital, earned):
            assert "Cash at the rail, once all is paid KES 39,970 KES 39,960" in shown
        assert "Earned and not paid, once all is paid Too little -KES 30 -KES 40" in earned

    async def test_is_refused_when_it_is_no_amount(self, carl: AtDesk, stake: str) -> None:
        for amount in ("", "much", "-5", "0", "1.234", "60000 USD", "9" * 30):
            for button in ({"look": "yes"}, {"reference": "B-9", "reason": WHY}):
                answer = await carl.sends(f"{stake}/in", amount=amount, **button)

                assert answer.status_code == 422, amount
                said = "Amount: at most 24" if len(amount) > 24 else "The amount must be"
                assert f"Please check what you typed {said}" in words(answer)
                assert f'name="amount" value="{amount}"' in answer.text

    async def test_goes_out_by_two_when_it_is_free(
        self, carl: AtDesk, ada: AtDesk, lender: Lender, stake: str
    ) -> None:
        await lender.lends()
        given = {"of": "capital", "due_on": "2026-12-01"}

        looked = words(await carl.sends(f"{stake}/withdrawal", look="yes", amount="40000", **given))
        too_much = await carl.sends(f"{stake}/withdrawal", amount="40000", **given)
        await carl.does(f"{stake}/withdrawal", amount="20000", **given)
        page = await path_of(ada, "/funding", "withdrawals")
        waits = await ada.reads(page)
        paid = await both(carl, ada, page, "out", reference="B-7")
        twice = await ada.sends(f"{page}/out", reference="B-8", reason=WHY)

        assert "Free of this stake Too little KES 30,000 -KES 10,000" in looked
        assert (too_much.status_code, "No more than 30000.00 KES" in words(too_much)) == (409, True)
        assert 'name="amount" value="40000"' in too_much.text
        assert "Capital of this stake KES 60,000 KES 40,000" in waits
        assert "Withdrawal of KES 20,000 Paid" in paid
        assert (twice.status_code, "This withdrawal is over" in words(twice)) == (404, True)
        assert "None is agreed" in await ada.reads(stake)

    async def test_that_is_not_paid_out_may_be_lent_again(self, carl: AtDesk, stake: str) -> None:
        given = {"of": "capital", "due_on": "2026-12-01", "amount": "20000"}
        agreed = await carl.does(f"{stake}/withdrawal", **given)
        page = await path_of(carl, stake, "withdrawals")

        shown = await carl.does(f"{page}/cancel")

        assert "Free KES 40,000" in agreed
        assert "It will not be paid" in shown
        assert "Free KES 60,000" in await carl.reads(stake)

    async def test_is_not_made_of_what_was_not_earned(self, carl: AtDesk, stake: str) -> None:
        answer = await carl.sends(f"{stake}/reinvest", amount="5", reason=WHY)

        assert (answer.status_code, "No more than 0.00 KES" in words(answer)) == (409, True)

    async def test_is_looked_at_and_not_moved_by_an_auditor(
        self, sit: Sit, stake: str, pool: str
    ) -> None:
        aude = await sit("Aude")

        shown = await aude.reads(stake)
        refused = await aude.sends(f"{stake}/in", amount="1", reference="B-9", reason=WHY)

        assert "Capital has come" not in shown
        assert "Change the policy" not in await aude.reads(pool)
        assert refused.status_code == 403

    async def test_of_nobody_is_not_found(self, carl: AtDesk) -> None:
        nobody = "00000000-0000-7000-8000-000000000000"
        for page in ("pools", "stakes", "withdrawals"):
            assert (await carl.opens(f"/funding/{page}/{nobody}")).status_code == 404


class TestFloors:
    async def test_are_set_by_two_who_see_what_may_leave(
        self, carl: AtDesk, ada: AtDesk, stake: str
    ) -> None:
        page = "/funding/cash/wallet/KES"

        listed = (await carl.opens("/funding")).text
        looked = words(await carl.sends(f"{page}/floor", look="yes", floor="70000"))
        done = await both(carl, ada, page, "floor", floor="500")
        proposals = await ada.reads("/proposals")

        assert f'href="/console{page}"' in listed
        assert "May leave Too little KES 60,000 -KES 10,000" in looked
        assert "Has to stay KES 500" in done
        assert "Nothing waits" in proposals

    async def test_stand_beside_what_was_there_at_first(
        self, carl: AtDesk, ada: AtDesk, stake: str
    ) -> None:
        page = "/funding/cash/wallet/KES"

        looked = words(await carl.sends(f"{page}/opening", look="yes", opening="1500"))
        done = await both(carl, ada, page, "opening", opening="1500")
        again = words(await carl.sends(f"{page}/opening", opening="1500", reason=WHY))

        assert "There before Kopa KES 0 KES 1,500" in looked
        assert "Cash at the rail KES 60,000 KES 61,500" in looked
        assert "Posted KES 61,500 Of it, there before Kopa KES 1,500" in done
        assert "The books have just this" in again

    async def test_are_found_by_rail_and_currency(self, carl: AtDesk) -> None:
        found = await carl.opens("/funding/cash", rail="mpesa", currency="KES")
        odd = await carl.opens("/funding/cash", rail="pigeons", currency="kes")

        assert found.headers["location"] == "/console/funding/cash/mpesa/KES"
        assert "No floor" in await carl.reads("/funding/cash/mpesa/KES")
        assert odd.status_code == 422

    async def test_are_not_below_nothing(self, carl: AtDesk, ada: AtDesk) -> None:
        for desk in (carl, ada):
            for floor in ("-5", "", "a lot"):
                answer = await desk.sends("/funding/cash/wallet/KES/floor", floor=floor, reason=WHY)

                assert (answer.status_code, "not an amount" in words(answer)) == (422, True), floor

    async def test_lead_from_the_list_of_what_waits_to_their_page(self, carl: AtDesk) -> None:
        await carl.does("/funding/cash/wallet/KES/floor", floor="500", reason=WHY)

        listed = (await carl.opens("/proposals")).text

        assert 'href="/console/funding/cash/wallet/KES"' in listed


class TestForecast:
    async def test_draws_what_comes_and_goes_and_what_has_to_stay(
        self, carl: AtDesk, ada: AtDesk, lender: Lender, stake: str
    ) -> None:
        await lender.lends()
        await both(carl, ada, "/funding/cash/wallet/KES", "floor", floor="500")
        await carl.does(f"{stake}/withdrawal", of="capital", due_on="2026-12-01", amount="20000")

        shown = await carl.opens("/funding/forecast", days="120", step="30")
        empty = (await carl.opens("/funding/forecast", rail="mpesa")).text

        assert 'class="floor"' in shown.text
        assert "has to stay: KES 500" in words(shown)
        assert shown.text.count('class="coming"') == 4
        assert ('class="floor"' in empty, 'class="coming"' in empty) == (False, False)

    def test_bars_stand_on_the_line_and_hang_below_it(self) -> None:
        coming = (START, (100, 200, 300), 0)
        leaving = (START + timedelta(days=7), (0, 0, 0), 100)

        drawn = charts.flows([coming, leaving], "KES")

        assert drawn is not None
        assert (drawn.zero, drawn.height) == (120.0, 160.0)
        first, second = drawn.flows
        assert (first.top, first.coming, first.leaving) == (40.0, 80.0, 0.0)
        assert (first.low, first.high) == (80.0, 0.0)
        assert (second.coming, second.leaving) == (0.0, 40.0)
        assert [mark.label for mark in drawn.levels] == ["-1", "0", "3"]
        assert charts.flows([(START, (0, 0, 0), 0)], "KES") is None

    def test_names_do_not_stand_on_each_other(self) -> None:
        drawn = charts.flows([(START, (0, 90_000, 90_000), 500)], "KES")
        near, far = (
            charts.band(1000, [(START, (1000, 1000, 1000))], "KES", floor=floor)
            for floor in (980, 300)
        )

        assert drawn is not None
        assert [mark.label for mark in drawn.levels] == ["0", "900"]
        assert near.floor is not None
        assert far.floor is not None
        assert near.floor_name > near.floor
        assert far.floor_name < far.floor


class TestTables:
    async def test_are_taken_away_whole(self, ada: AtDesk, carl: AtDesk, stake: str) -> None:
        given = {"of": "capital", "due_on": "2026-12-01", "amount": "20000"}
        await carl.does(f"{stake}/withdrawal", **given)

        for page, part, line in (
            ("/funding", "pools", "main,KES,wallet,60000.00"),
            ("/funding", "cash", "cash_wallet,KES,60000.00"),
            ("/funding", "funders", "<b>Sum</b>"),
            ("/funding", "withdrawals", "2026-12-01,capital,20000.00,KES"),
            (stake, "", "2026-12-01,capital,20000.00,KES"),
        ):
            asked = {"format": "csv"} | ({"part": part} if part else {})
            assert line in (await ada.opens(page, **asked)).text, (page, part)
