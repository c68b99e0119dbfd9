"""What pages read from addresses and forms: a field left empty is not there."""

from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator

from api.console.door import Desk
from onboarding.states import CaseStatus
from servicing.states import LoanStatus, OrderStatus

M = TypeVar("M", bound=BaseModel)
_OR_NONE = BeforeValidator(lambda given: given or None)

Day = Annotated[date | None, _OR_NONE]
Words = Annotated[str | None, _OR_NONE]
Key = Annotated[UUID | None, _OR_NONE]
Number = Annotated[int | None, _OR_NONE]
OrderState = Annotated[OrderStatus | None, _OR_NONE]
LoanState = Annotated[LoanStatus | None, _OR_NONE]
CaseState = Annotated[CaseStatus | None, _OR_NONE]


def read(desk: Desk, shape: type[M]) -> M:
    """The same shape, and so the same rules, as the API's. Raises ValidationError."""
    known = {name: text for name, text in desk.typed.items() if name in shape.model_fields}
    return shape.model_validate(known)


def moment_of(desk: Desk, field: str) -> None:
    """A browser sends the date and time of the wall; they are meant in the lender's zone."""
    try:
        typed = datetime.fromisoformat(desk.typed.get(field, ""))
    except ValueError:
        return  # Whoever reads the form says so.
    if typed.tzinfo is None:
        desk.typed[field] = typed.replace(tzinfo=ZoneInfo(desk.zone)).isoformat()


def bps_of(desk: Desk, field: str) -> None:
    """People type per cent; `share` becomes `share_bps`."""
    try:
        desk.typed[f"{field}_bps"] = str(round(float(desk.typed.get(field, "")) * 100))
    except (ValueError, OverflowError):
        desk.typed[f"{field}_bps"] = ""  # Whoever reads the form says so.
