"""What people have resolved stays to be found: money placed or given back, incidents, breaks."""

from datetime import timedelta

from kit.db import unit_of_work
from servicing import incidents, suspense
from tests.api.conftest import Enter, Sit
from tests.api.test_console_rooms import compares, incoming
from tests.api.test_exports import read_csv
from tests.servicing.lending import START, Lender, kes

WHY = {"reason": "we asked him"}


async def waits(lender: Lender, *names: str) -> list[str]:
    async with unit_of_work(lender.sessions) as session:
        for n, name in enumerate(names):
            await suspense.receive(
                session, reference=f"wallet:{name}", reason="no_such_loan", amount=kes(450),
                on=START, now=lender.now + timedelta(minutes=n), rail="wallet",
            )  # fmt: skip
        return [str(item.id) for item in await suspense.list_open(session)]


class TestMoney:
    async def test_that_was_given_back_is_listed_newest_first(
        self, enter: Enter, lender: Lender
    ) -> None:
        carl, ada = await enter("Carl"), await enter("Ada")
        first, then, open_ = await waits(lender, "A1", "A2", "A3")
        for item_id, name in ((then, "X2"), (first, "X1")):
            for one in (carl, ada):
                await one.post(f"/v1/suspense/{item_id}/refund", json=WHY | {"reference": name})

        over = (await carl.get("/v1/suspense", params={"is_over": "true"})).json()["items"]
        first_of = {"is_over": "true", "limit": "1"}
        page = (await carl.get("/v1/suspense", params=first_of)).json()["items"]
        rest = (await carl.get("/v1/suspense", params=first_of | {"after": page[0]["id"]})).json()
        file = await carl.get("/v1/suspense", params={"is_over": "true", "format": "csv"})

        assert [row["id"] for row in over] == [then, first]
        assert [row["refund_reference"] for row in over] == ["X2", "X1"]
        assert all(row["resolved_at"] and row["proposals"] == [] for row in over)
        assert [row["id"] for row in (*page, *rest["items"])] == [then, first]
        titles, *rows = read_csv(file.content)
        assert titles[-2:] == ["Left", "Given back by"]
        assert [row[-1] for row in rows] == ["X2", "X1"]
        waiting = (await carl.get("/v1/suspense")).json()["items"]
        assert [(row["id"], row["resolved_at"]) for row in waiting] == [(open_, None)]

    async def test_is_found_at_the_console(self, sit: Sit, enter: Enter, lender: Lender) -> None:
        [item_id] = await waits(lender, "A1")
        carl = await sit("Carl")
        before = await carl.reads("/suspense?is_over=true")
        for name in ("Carl", "Ada"):
            body = WHY | {"reference": "X1"}
            await (await enter(name)).post(f"/v1/suspense/{item_id}/refund", json=body)

        shown = await carl.opens("/suspense", is_over="true")
        file = await carl.opens("/suspense", is_over="true", format="csv")

        assert "Nothing was placed or given back yet." in before
        assert f'href="/console/suspense/{item_id}"' in shown.text
        assert "Nothing waits." in await carl.reads("/suspense?is_over=")
        assert read_csv(file.content)[1][-1] == "X1"


async def test_incidents_that_were_resolved_are_listed(
    sit: Sit, enter: Enter, lender: Lender
) -> None:
    async with unit_of_work(lender.sessions) as session:
        for subject in ("wallet:E1", "wallet:E2"):
            await incidents.report(
                session, kind="payout_unknown_to_us", subject=subject, now=lender.now
            )
        [first, _] = await incidents.list_open(session)
    carl, ada = await enter("Carl"), await enter("Ada")
    for one in (carl, ada):
        await one.post(f"/v1/incidents/{first.id}/resolve", json=WHY)

    over = (await carl.get("/v1/incidents", params={"is_over": "true"})).json()["items"]
    shown = await (await sit("Carl")).reads("/incidents?is_over=true")

    assert [(row["subject"], bool(row["resolved_at"])) for row in over] == [("wallet:E1", True)]
    assert "wallet:E1" in shown
    assert "wallet:E2" not in shown


async def test_breaks_that_were_resolved_are_listed(sit: Sit, enter: Enter, lender: Lender) -> None:
    found = await compares(lender, incoming("I9", "nobody"), incoming("I8", "nobody"))
    carl, ada = await enter("Carl"), await enter("Ada")
    for one in (carl, ada):
        await one.post(f"/v1/reconciliation/breaks/{found}/explain", json=WHY)

    over = (await carl.get("/v1/reconciliation/breaks", params={"is_over": "true"})).json()
    shown = await (await sit("Carl")).opens("/reconciliation", is_over="true")

    assert [(row["id"], row["resolution"]) for row in over["items"]] == [(found, "explained")]
    assert "Breaks that are over" in shown.text
    assert shown.text.count('href="/console/breaks/') == 1
