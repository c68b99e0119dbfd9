"""Statements about orders, built once for each kind: building one takes as long as running it."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from kit.db import one_of
from servicing.states import ASKABLE, OrderStatus


@cache
def loan_of(model: Any) -> Select[UUID]:
    return select(model.loan_id).where(model.id == bindparam("order_id"))


@cache
def named(model: Any) -> Select[Any]:
    return select(model).where(model.client_ref == bindparam("client_ref"))


@cache
def due(model: Any) -> Select[Any]:
    # A job may have died before its first step.
    never_begun = model.ask_at.is_(None) & (model.created_at <= bindparam("begun_by"))
    return (
        select(model)
        .where(
            one_of(model.status, (OrderStatus.CREATED, *ASKABLE)),
            (model.ask_at <= bindparam("now")) | never_begun,
        )
        .order_by(model.ask_at)
        .limit(500)
        .with_for_update(skip_locked=True)
    )
