"""One process on SQLite, killed at any moment: it starts again where the borrower was."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.fleet import programs
from tests.fleet.applicant import Applicant, Trouble, amina
from tests.fleet.programs import Program, Site, answers, until

pytestmark = pytest.mark.xdist_group("fleet")


@dataclass
class Embedded:
    """`kopa run` with its own sandbox, as a newcomer starts it."""

    site: Site
    port: int
    program: Program

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def falls_and_rises(self) -> None:
        self.program.kill()
        self.program = start(self.site, self.port)


def start(site: Site, port: int) -> Program:
    program = site.start("kopa", "run", "--port", str(port))
    until("the program is ready", answers(f"http://127.0.0.1:{port}/health/ready"), program)
    return program


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    folder = tmp_path_factory.mktemp("embedded")
    site = programs.site(folder, f"sqlite+aiosqlite:///{folder / 'kopa.db'}")
    port = programs.free_port()
    try:
        yield Embedded(site, port, start(site, port))
    finally:
        site.close()


def says_where_we_were(person: Applicant) -> None:
    person.phone.says("/start")
    person.sees_question()


def test_goes_on_at_the_same_question_and_pays_once(embedded: Embedded) -> None:
    person = amina(embedded.site.phone(embedded.base, "Amina"), embedded.site.folder)
    person.begins()
    person.answers_until("employment")

    embedded.falls_and_rises()
    says_where_we_were(person)

    person.answers_until("document")
    person.answers()
    embedded.falls_and_rises()  # Before or after the photo was looked at.
    person.sees_question()

    person.answers_until("wallet")
    embedded.falls_and_rises()
    person.answers()  # The old button, without asking anything first.
    person.sends()

    trouble = Trouble(person.phone)
    trouble.order("delay", seconds=3_600)
    person.signs()
    until("the call reaches the rail", trouble.has_begun)
    embedded.falls_and_rises()
    until("the money comes", person.movements)
    person.phone.sees("💸", seconds=60)

    assert len(person.movements()) == 1
    assert person.heard("💸") == 1
    verified = embedded.site.kopa("ledger", "verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["suspense"] == []


def test_a_second_owner_is_refused(embedded: Embedded) -> None:
    second = embedded.site.kopa("run", "--port", str(programs.free_port()))

    assert second.returncode == 1
    assert "Kopa runs already with" in second.stderr
    assert embedded.program.is_running
