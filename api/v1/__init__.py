"""Routes for staff programs: load, call one domain function, show the result."""

from fastapi import APIRouter

from api.v1 import sessions


def routes() -> APIRouter:
    router = APIRouter()
    for module in (sessions,):
        router.include_router(module.router)
    router.include_router(sessions.door)
    return router
