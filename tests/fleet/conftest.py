"""A fleet on PostgreSQL: the outside, two APIs behind one address, two workers; bots by choice."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import make_url

from tests.fleet import programs
from tests.fleet.applicant import Applicant, amina, bruno
from tests.fleet.balancer import Balancer, balancing
from tests.fleet.programs import Program, Site, answers, printed_variables, says, until
from tests.postgres import Server

DEAD_AFTER_SECONDS = 3.0
FORGOTTEN = {"options": "-cidle_in_transaction_session_timeout=15s"}
"""When the server ends the transaction of a program that is frozen."""


@dataclass
class Fleet:
    site: Site
    outside: str
    """The sandbox's address."""
    balancer: Balancer
    apis: list[Program]
    workers: dict[str, Program]

    def amina(self) -> Applicant:
        return amina(self.site.phone(self.outside, "Amina"), self.site.folder)

    def bruno(self) -> Applicant:
        return bruno(self.site.phone(self.outside, "Bruno"), self.site.folder)

    def add_worker(self, name: str) -> Program:
        self.workers[name] = self.site.start(name, "worker", KOPA_WORKER_ID=name)
        return self.workers[name]

    def worker_of(self, job: str) -> str:
        """Who has the job whose key begins like this in hand."""
        rows = until(
            f"somebody takes {job}",
            lambda: self.site.rows(
                "SELECT executor_id FROM dbos.workflow_status"
                " WHERE workflow_uuid LIKE :key AND status = 'PENDING'",
                key=f"{job}%",
            ),
        )
        (row,) = rows
        return str(row[0])


@pytest.fixture(scope="module")
def fleet(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """All programs start at once on an empty database."""
    name = f"kopa_template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_fleet"
    postgres.create(name)
    address = make_url(postgres.url(name)).update_query_dict(FORGOTTEN)
    port, ports = programs.free_port(), [programs.free_port(), programs.free_port()]
    with balancing(ports) as balancer:
        site = programs.site(
            tmp_path_factory.mktemp("fleet"),
            address.render_as_string(hide_password=False),
            KOPA_PUBLIC_URL=balancer.address,
            KOPA_WORKER_DEAD_AFTER_SECONDS=str(DEAD_AFTER_SECONDS),
        )
        try:
            yield _started(site, port, ports, balancer)
        finally:
            site.close()
    postgres.drop(name)


def _started(site: Site, port: int, ports: list[int], balancer: Balancer) -> Fleet:
    outside = site.start("sandbox", "sandbox", "--port", str(port))
    until("the sandbox prints", says(outside, "RAIL_WEBHOOK_SECRET="), outside)
    site.environment |= printed_variables(outside)
    site.environment["TELEGRAM_WEBHOOK_SECRET"] = "our-webhook-secret"
    base = f"http://127.0.0.1:{port}"
    apis = [site.start("api", "api", "--port", str(own), TELEGRAM_MODE="webhook") for own in ports]
    fleet = Fleet(site, base, balancer, apis, {})
    fleet.add_worker("one")
    fleet.add_worker("two")
    for own in ports:
        until("an API answers", answers(f"http://127.0.0.1:{own}/health/live"), *site.programs)
    for name, program in fleet.workers.items():
        until("a worker runs", says(program, f"Worker {name} is running"), *site.programs)
    return fleet
