"""Rounds of SIGKILL: every round is a day on which loans are opened, paid out and repaid, and the
days before are closed. What was acknowledged is written down here, outside of the program.
"""

import json
import random
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx

from tests.fleet import programs, victim
from tests.fleet.acts import ACTS, Acts
from tests.fleet.programs import Site, answers, printed_variables, says, until

PEOPLE = 12
FIRST_LOANS = 3
LONGEST_PAUSE_SECONDS = 1.0
LONGEST_ACT_SECONDS = 0.05
RARE_SECONDS = 5.0
"""An act that has not begun by then does not happen today."""
QUIET_SECONDS = 240.0
_DAY = timedelta(days=1)


class Full(Exception):
    """The program refuses: there is no room."""


@dataclass
class Storm:
    """One installation, and what it has confirmed."""

    site: Site
    outside: str
    """The sandbox's address: it outlives every round."""
    dice: random.Random
    day: timedelta = timedelta()
    people: list[dict[str, Any]] = field(default_factory=list)
    wishes: list[dict[str, str]] = field(default_factory=list)
    """Applications whose loan nobody has confirmed yet."""
    opened: dict[str, str] = field(default_factory=dict)
    """Acknowledged: the reference of the loan, by application."""
    heard: set[tuple[str, str]] = field(default_factory=set)
    """Acknowledged: what the rail told about a transfer; its direction, and our name for it."""
    closed: set[str] = field(default_factory=set)
    """Days that were seen closed."""
    acts: Acts = field(default_factory=Acts)
    """Of the program that runs, or ran last."""
    struck: Counter[str] = field(default_factory=Counter)
    """What was under way when the program was killed."""
    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds."""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def begins(self) -> None:
        """With a few loans whose days are to be closed."""
        self.wishes = [self._wish() for _ in range(FIRST_LOANS)]
        self.calms_down()

    def round(self) -> None:
        """A day with a sudden end."""
        with self._spends("starts"):
            self.dawns()
            program = self.starts()
        with self._spends("works"):
            acts = [self.opens, self.opens, self.pays, self.pays, self.closes]
            threads = [Thread(target=self._tries, args=(act,)) for act in acts]
            for thread in threads:
                thread.start()
            self._waits_for_a_moment()
            program.kill()
            program.join()
            for thread in threads:
                thread.join()
        self.struck.update(self.acts.under_way() or ["none of them"])
        with self._spends("looks"):
            self.misses_nothing()

    def _waits_for_a_moment(self) -> None:
        """Within an act, the first or the second of its kind, or whenever it may be."""
        if (act := self.dice.choice([*ACTS, None])) is None:
            time.sleep(self.dice.uniform(0, LONGEST_PAUSE_SECONDS))
            return
        which = self.dice.randint(1, 2)
        deadline = time.monotonic() + RARE_SECONDS
        while self.acts.begun(act) < which and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(self.dice.uniform(0, LONGEST_ACT_SECONDS))

    @contextmanager
    def _spends(self, on: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.spent[on] += time.monotonic() - started

    def calms_down(self) -> None:
        """A day without an end: everything comes to its own."""
        with self._spends("calms down"):
            self.dawns()
            program = self.starts()
            try:
                while self.wishes:
                    self.opens()
                self._tries(self.closes)
                self.comes_to_rest(program)
            finally:
                program.kill()
                program.join()
            self.misses_nothing()

    def comes_to_rest(self, program: BaseProcess) -> None:
        deadline = time.monotonic() + QUIET_SECONDS
        while waits_for := self._waits_for():
            assert program.is_alive(), self._said()
            assert time.monotonic() < deadline, f"{waits_for}\n{self._said()}"
            time.sleep(0.2)

    def misses_nothing(self) -> None:
        """Whatever was acknowledged is there, and once."""
        loans = self._rows("SELECT application_id, reference FROM loans")
        assert len(loans) == len({application for application, _ in loans})
        there = {str(application).replace("-", ""): reference for application, reference in loans}
        for application, reference in self.opened.items():
            assert there.get(application) == reference, f"loan {application} is lost"
        self.heard |= self._acknowledged()
        lost = self.heard - set(self._booked())
        assert not lost, f"what the rail told is lost: {lost}"
        closed = {str(day) for (day,) in self._rows("SELECT business_date FROM day_closes")}
        assert closed >= self.closed
        self.closed = closed

    def moved_once(self) -> None:
        """Every shilling that moved at the rail stands in our books once, and no other one."""
        moved = Counter(
            _named(line["transfer"])
            for line in self._documents("movement")
            if line["transfer"] is not None
        )
        assert max(moved.values(), default=1) == 1
        assert self._booked() == moved

    def report(self) -> str:
        struck = ", ".join(f"{name} {count}" for name, count in sorted(self.struck.items()))
        spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.spent.items())
        return (
            f"{len(self.opened)} loans and {len(self.heard)} events of the rail acknowledged,"
            f" {len(self.closed)} days closed; under way when killed: {struck}; spent: {spent}"
        )

    def dawns(self) -> None:
        self.day += _DAY
        moved = {"days": 1}
        self.http.post(f"{self.outside}/sandbox/api/clock/move", json=moved).raise_for_status()

    def starts(self) -> BaseProcess:
        self.acts, log = Acts(), self.site.folder / "victim.log"
        program = victim.start(self.site.environment, log, self.day, self.acts)
        deadline = time.monotonic() + programs.START_SECONDS
        while not self._answers("/health/live"):
            assert program.is_alive(), self._said()
            assert time.monotonic() < deadline, self._said()
            time.sleep(0.05)
        return program

    def _answers(self, path: str) -> bool:
        try:
            return self.http.get(f"{self._base}{path}").is_success
        except httpx.HTTPError:
            return False

    def _tries(self, act: Callable[[], None]) -> None:
        with suppress(httpx.HTTPError):  # It is killed.
            act()

    def opens(self) -> None:
        """The oldest application that nobody has confirmed, or a new one."""
        wish = self.wishes.pop(0) if self.wishes else self._wish()
        try:
            answer = self.http.post(f"{self._base}/door/loans", json=wish)
            if answer.status_code == 503:
                raise Full
            assert answer.status_code == 201, answer.text
        except BaseException:
            self.wishes.append(wish)
            raise
        self.opened[wish["application_id"]] = answer.json()

    def _wish(self) -> dict[str, str]:
        person = self.dice.choice(self.people)
        names = {"application_id": uuid4().hex, "borrower_id": uuid4().hex}
        return {**names, "account": person["account"]}

    def pays(self) -> None:
        """Somebody sends a little to a loan, or more than all of it."""
        if not self.opened:
            return
        reference = self.dice.choice(list(self.opened.values())[-30:])
        amount = self.dice.choice(["100", "250", "1100"])
        person = self.dice.choice(self.people)
        address = f"{self.outside}/sandbox/api/people/{person['id']}/wallet/payments"
        body = {"amount": amount, "currency": "KES", "reference": reference}
        self.http.post(address, json=body).raise_for_status()

    def closes(self) -> None:
        key = str(self.day.days)
        answer = self.http.post(f"{self._base}/door/days", params={"key": key})
        assert answer.status_code == 202, answer.text

    def _acknowledged(self) -> set[tuple[str, str]]:
        settled = [t for t in self._documents("transfer") if t["status"] == "settled"]
        # The rail notes what it has to tell right after the transfer, and forgets it when it is
        # told: whatever was settled a while ago and is not waiting to be told was taken.
        time.sleep(0.05)
        told = [json.loads(event["body"]) for event in self._documents("callback")]
        waiting = {event["transfer"]["id"] for event in told}
        return {_named(transfer) for transfer in settled if transfer["id"] not in waiting}

    def _booked(self) -> Counter[tuple[str, str]]:
        """What of the rail's transfers is in our books, and how often."""
        paid = self._rows("SELECT client_ref FROM payouts WHERE status = 'settled'")
        came = self._rows("SELECT rail_reference FROM repayments")
        came += self._rows("SELECT reference FROM suspense_items WHERE reason <> 'overpaid'")
        return Counter([("payout", name) for (name,) in paid] + [("incoming", n) for (n,) in came])

    def _waits_for(self) -> list[Any]:
        """What is still on its way: callbacks, jobs, money."""
        busy = f"SELECT workflow_uuid FROM {self._engine} WHERE status IN ('PENDING', 'ENQUEUED')"
        waiting = "SELECT client_ref, status FROM payouts WHERE status <> 'settled'"
        return self._documents("callback") + self._rows(busy) + self._rows(waiting)

    @property
    def _engine(self) -> str:
        return "workflow_status" if "sqlite" in self.site.url else "dbos.workflow_status"

    @property
    def _base(self) -> str:
        return f"http://127.0.0.1:{self.site.environment['KOPA_PORT']}"

    def _rows(self, statement: str) -> list[Any]:
        return [tuple(row) for row in self.site.rows(statement)]

    def _documents(self, kind: str) -> list[dict[str, Any]]:
        file = self.site.folder / "var" / "sandbox" / "sandbox.sqlite"
        with closing(sqlite3.connect(file, timeout=30)) as connection:
            rows = connection.execute("SELECT body FROM documents WHERE kind = ?", (kind,))
            return [json.loads(body) for (body,) in rows]

    def _said(self) -> str:
        return (self.site.folder / "victim.log").read_text(errors="replace")[-6000:]


def _named(transfer: dict[str, Any]) -> tuple[str, str]:
    is_ours = transfer["direction"] == "payout"
    return transfer["direction"], transfer["reference"] if is_ours else f"wallet:{transfer['id']}"


@contextmanager
def brewing(folder: Path, url: str, seed: int) -> Iterator[Storm]:
    """A storm over the database `url`, with an outside of its own that no round touches."""
    outside, port = programs.free_port(), programs.free_port()
    site = programs.site(
        folder, url, KOPA_PORT=str(port), KOPA_SANDBOX="false", KOPA_WORKER_ID="victim",
        KOPA_JOB_POLLING_SECONDS="0.05", KOPA_LOG_LEVEL="ERROR", OMP_NUM_THREADS="1",
    )  # fmt: skip
    try:
        program = site.start("sandbox", "sandbox", "--port", str(outside))
        until("the sandbox prints", says(program, "RAIL_WEBHOOK_SECRET="), program)
        site.environment |= printed_variables(program)
        base = f"http://127.0.0.1:{outside}"
        until("the sandbox answers", answers(f"{base}/sandbox/api/people"), program)
        storm = Storm(site, base, random.Random(seed), people=_people(base))
        with storm.http:
            yield storm
    finally:
        site.close()


def _people(base: str) -> list[dict[str, Any]]:
    """Some with more money than they can spend."""
    people = f"{base}/sandbox/api/people"
    for n in range(PEOPLE):
        httpx.post(people, json={"first_name": f"P{n}", "phone": f"+25470000{n:04}"})
    found: list[dict[str, Any]] = httpx.get(people).raise_for_status().json()
    for person in found:
        address = f"{people}/{person['id']}/wallet/top-ups"
        httpx.post(address, json={"amount": "100000000", "currency": "KES"}).raise_for_status()
    return found
