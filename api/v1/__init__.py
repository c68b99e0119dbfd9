"""Routes for staff programs: load, call one domain function, show the result."""

from fastapi import APIRouter

from api.v1 import (
    amendments,
    applications,
    arrears,
    books,
    borrowers,
    calculator,
    cases,
    evidence,
    funding,
    groups,
    guarantees,
    ledger,
    liquidity,
    loans,
    merchants,
    operations,
    papers,
    proposals,
    reconciliation,
    returns,
    risk,
    sessions,
    treasury,
    watching,
)


def include_in(parent: APIRouter) -> None:
    parent.include_router(sessions.door)
    parent.include_router(calculator.router)
    for module in (
        sessions,
        cases,
        evidence,
        borrowers,
        applications,
        guarantees,
        groups,
        loans,
        amendments,
        arrears,
        merchants,
        papers,
        treasury,
        funding,
        liquidity,
        reconciliation,
        returns,
        books,
        proposals,
        ledger,
        operations,
        risk,
        watching,
    ):
        parent.include_router(module.router)
