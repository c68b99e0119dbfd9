"""Who may do what: one table. A route that is not in it is refused to everybody."""

from enum import StrEnum


class Role(StrEnum):
    UNDERWRITER = "underwriter"
    COLLECTOR = "collector"
    AUDITOR = "auditor"
    ADMIN = "admin"


_U, _C, _A, _ADMIN = Role
_ALL = frozenset(Role)
_DECIDES = frozenset({_U})
_READS_PERSONS = frozenset({_U, _A})
_SERVES = frozenset({_U, _C, _A})
_COLLECTS = frozenset({_C})
_OVERSEES = frozenset({_A, _ADMIN})
_RUNS = frozenset({_ADMIN})

MATRIX: dict[str, frozenset[Role]] = {
    "get_me": _ALL,
    "change_password": _ALL,
    "delete_session": _ALL,
}
"""Names of the route functions under `/v1` and the roles that may call them."""


def allows(route: str, role: Role) -> bool:
    return role in MATRIX.get(route, frozenset())
