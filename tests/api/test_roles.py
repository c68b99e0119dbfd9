"""Every route against every role: deny by default, and nothing is open by mistake."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest

from api import roles
from api.app import lay_out
from api.roles import Role
from tests.api.conftest import CAST, Enter

PUBLIC = {
    ("POST", "/v1/session"),
    ("GET", "/v1/products"),
    ("POST", "/v1/quote"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
}
"""Open to anybody. Webhooks ask for a proof of their own."""
NOBODY = "00000000-0000-7000-8000-000000000000"


@cache
def described() -> dict[str, Any]:
    return lay_out().openapi()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def guarded() -> list[tuple[str, str, str]]:
    return [
        (method, path, operation["operationId"])
        for method, path, operation in operations()
        if (method, path) not in PUBLIC and not path.startswith("/webhooks/")
    ]


def filled(path: str) -> str:
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + NOBODY + rest.partition("}")[2]
    return path


async def test_every_route_needs_a_token(stranger: httpx.AsyncClient) -> None:
    for method, path, _ in guarded():
        answer = await stranger.request(method, filled(path))

        assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("name", [name for name in CAST if name != "Usha"])
async def test_every_route_asks_the_table(enter: Enter, name: str) -> None:
    client, role = await enter(name), CAST[name]
    for method, path, route in sorted(guarded(), key=lambda each: each[2] == "delete_session"):
        answer = await client.request(method, filled(path))

        is_refused = answer.status_code == 403 and answer.json()["code"] == "role_forbids"
        assert is_refused is not roles.allows(route, role), (method, path, role)


def test_the_table_names_the_routes_that_exist() -> None:
    assert {route for _, _, route in guarded()} == set(roles.MATRIX)


def test_a_route_that_is_not_in_the_table_is_for_nobody() -> None:
    assert not any(roles.allows("new_route", role) for role in Role)


def test_the_public_routes_exist() -> None:
    assert {(method, path) for method, path, _ in operations()} >= PUBLIC


async def test_the_description_for_people_runs_its_own_script_only(
    stranger: httpx.AsyncClient,
) -> None:
    page = await stranger.get("/docs")

    policy = page.headers["content-security-policy"]
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in policy
    assert "script-src" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert asset in page.text
        assert len((await stranger.get(f"/docs/{asset}")).content) > 100_000
    assert "https://" not in page.text
    assert (await stranger.get("/docs/../pyproject.toml")).status_code == 404
    assert (await stranger.get("/docs/secrets.js")).status_code == 404


def test_people_and_money_are_apart() -> None:
    """Who decides about borrowers does not touch money; who runs the machines sees no person."""
    assert roles.MATRIX["approve_case"] == {Role.UNDERWRITER}
    for route in ("receive_repayment", "assign_suspense", "retry_payout"):
        assert Role.UNDERWRITER not in roles.MATRIX[route]
    for route in ("read_evidence", "reveal_borrower", "get_conversation"):
        assert Role.ADMIN not in roles.MATRIX[route]


def test_the_description_is_openapi_3_1_and_names_the_token() -> None:
    assert described()["openapi"].startswith("3.1")
    assert described()["components"]["securitySchemes"]["staff token"]["scheme"] == "bearer"
    for method, path, route in guarded():
        operation = described()["paths"][path][method.lower()]
        assert operation["security"] == [{"staff token": []}], route
        assert operation["tags"], route
