"""Many processes on PostgreSQL: whoever is killed or frozen in a payout, the money moves once."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest
import sqlalchemy as sa

from kit.jobs import sync_url
from tests.fleet.applicant import Applicant, Trouble
from tests.fleet.conftest import Fleet
from tests.fleet.programs import answers, says, until

HELD_SECONDS = 15.0
FOR_EVER = 3_600.0
PAID_OUT = "💸"
"""Stands only in the message that says that the rail has paid."""

pytestmark = pytest.mark.xdist_group("fleet")


def assert_one_payout(fleet: Fleet, person: Applicant) -> None:
    """At the rail, in our books, and in what the person was told."""
    (movement,) = person.movements()
    assert movement["amount"] == "29250.00"
    day = movement["at"][:10]
    statement = httpx.get(
        f"{fleet.outside}/sandbox/wallet/v1/statement",
        params={"day": day},
        headers={"Authorization": "Bearer sandbox"},
    )
    account = person.phone.wallet()["account"]
    lines = [line for line in statement.json()["lines"] if line["account"] == account]
    assert [line["direction"] for line in lines] == ["payout"]
    assert person.heard(PAID_OUT) == 1
    assert person.heard("is approved") == 1
    assert person.heard("Your identity is confirmed") <= 1
    verified = fleet.site.kopa("ledger", "verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["suspense"] == []


def gets_into_the_payout(person: Applicant, *troubles: tuple[str, float]) -> float:
    """Until the rail has the worker's call and does what was ordered; the instant of that."""
    trouble = Trouble(person.phone)
    for kind, seconds in troubles:
        trouble.order(kind, seconds=seconds)
    person.signs()
    until("the call reaches the rail", trouble.has_begun)
    return time.monotonic()


@contextmanager
def nobody_writes(fleet: Fleet, table: str) -> Iterator[None]:
    engine = sa.create_engine(sync_url(fleet.site.url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(sa.text(f"LOCK TABLE {table} IN SHARE MODE"))
        yield


def transactions(fleet: Fleet, state: str, of: str) -> int:
    """How many of the programs are in this state with a statement about this table."""
    rows = fleet.site.rows(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE :of"
        " AND pid <> pg_backend_pid() AND (state = :state OR wait_event_type = :state)",
        state=state, of=f"%INSERT INTO {of}%",
    )  # fmt: skip
    return len(rows)


class TestAFrozenApi:
    def test_in_a_transaction_loses_and_doubles_nothing(self, fleet: Fleet) -> None:
        """Telegram waits for an answer in vain, and tells the other one."""
        people = f"{fleet.outside}/sandbox/api/people"
        for name, phone in (("Dora", "+254711000001"), ("Efe", "+254711000002")):
            httpx.post(people, json={"first_name": name, "phone": phone}).raise_for_status()
        dora, efe = (fleet.site.phone(fleet.outside, name) for name in ("Dora", "Efe"))
        dora.says("/start")
        dora.sees("language", seconds=60)
        balancer, frozen = fleet.balancer, fleet.apis[0]
        ports, patience = balancer.ports, balancer.patience_seconds
        balancer.ports, balancer.patience_seconds = ports[:1], 5.0
        pressing = Thread(target=dora.presses, args=("English",))
        with nobody_writes(fleet, "telegram_updates"):
            pressing.start()
            until("it waits", lambda: transactions(fleet, "Lock", "telegram_updates"))
            frozen.signal(signal.SIGSTOP)
        until(
            "it holds what the other needs",
            lambda: transactions(fleet, "idle in transaction", "telegram_updates"),
        )
        balancer.ports = ports[1:]

        efe.says("/start")
        efe.sees("language", seconds=60)
        dora.sees("We keep nothing about you", seconds=90)
        pressing.join()
        frozen.signal(signal.SIGCONT)
        address = f"http://127.0.0.1:{ports[0]}/health/ready"
        until("the thawed one is back", answers(address), frozen)
        balancer.ports, balancer.patience_seconds = ports, patience

        said = [str(m.get("text", "")) for m in dora.messages() if m["from"]["is_bot"]]
        assert sum("We keep nothing about you" in text for text in said) == 1
        dora.presses("Apply")
        dora.sees("agree", seconds=60)


class TestFleet:
    def test_a_worker_killed_inside_a_payout_is_replaced(self, fleet: Fleet) -> None:
        amina = fleet.amina()
        amina.begins()
        amina.answers_until("income")
        assert all(fleet.balancer.served.values())
        fleet.apis[1].kill()  # The person notices nothing: the other one answers.
        amina.sends()

        # The rail pays, but its answer and its callback never come.
        gets_into_the_payout(amina, ("lose_answer", FOR_EVER), ("lose_callback", 0))
        busy = fleet.worker_of("disburse:")
        fleet.workers.pop(busy).kill()

        amina.phone.sees(PAID_OUT, seconds=60)
        (other,) = fleet.workers.values()
        until("the log says so", says(other, "worker.took_over"))
        assert_one_payout(fleet, amina)

    def test_a_frozen_worker_that_thaws_changes_nothing(self, fleet: Fleet) -> None:
        for name in ("three", "four")[: 2 - len(fleet.workers)]:
            fleet.add_worker(name)
        bot = fleet.site.start("bot", "bot")
        for worker in fleet.workers.values():
            until("a worker runs", says(worker, "is running"), worker)
        until("the bot polls", says(bot, "is polling"), bot)
        bruno = fleet.bruno()
        bruno.begins()
        bruno.sends()

        # The rail pays only later, when the other worker has asked and sent it again.
        held_at = gets_into_the_payout(bruno, ("delay", HELD_SECONDS))
        frozen = fleet.worker_of("disburse:")
        fleet.workers[frozen].signal(signal.SIGSTOP)
        bruno.phone.sees(PAID_OUT, seconds=60)
        fleet.workers[frozen].signal(signal.SIGCONT)

        until("the thawed worker is back", lambda: self._beats(fleet, frozen))
        for name in set(fleet.workers) - {frozen}:
            fleet.workers.pop(name).kill()
        time.sleep(max(0.0, held_at + HELD_SECONDS + 1 - time.monotonic()))
        assert_one_payout(fleet, bruno)
        self._pays_it_back(bruno)

    @staticmethod
    def _beats(fleet: Fleet, name: str) -> bool:
        found = fleet.site.rows(
            "SELECT 1 FROM worker_heartbeats WHERE executor_id = :name", name=name
        )
        return bool(found)

    @staticmethod
    def _pays_it_back(person: Applicant) -> None:
        person.phone.says("/pay")
        person.phone.presses("Everything")
        person.phone.sees("pays off your loan")
        person.phone.presses("Pay KES")
        person.phone.accepts_payment()
        person.phone.sees("fully repaid", seconds=60)
