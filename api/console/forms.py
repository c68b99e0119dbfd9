"""What pages read from addresses and forms: a field left empty is not there."""

from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator

from api.console.door import Desk
from api.schemas import Amount
from kit.money import Money
from onboarding.states import CaseStatus
from servicing.states import LoanStatus, OrderStatus

M = TypeVar("M", bound=BaseModel)
_OR_NONE = BeforeValidator(lambda given: given or None)

Day = Annotated[date | None, _OR_NONE]
Words = Annotated[str | None, _OR_NONE]
Key = Annotated[UUID | None, _OR_NONE]
Flag = Annotated[bool | None, _OR_NONE]
Number = Annotated[int | None, _OR_NONE]
OrderState = Annotated[OrderStatus | None, _OR_NONE]
LoanState = Annotated[LoanStatus | None, _OR_NONE]
CaseState = Annotated[CaseStatus | None, _OR_NONE]


def read(desk: Desk, shape: type[M], **more: object) -> M:
    """The same shape, and so the same rules, as the API's; `more` is what does not stand in one
    field as it is. Raises ValidationError."""
    known = {name: text for name, text in desk.typed.items() if name in shape.model_fields}
    return shape.model_validate({**known, **more})


def amount_of(desk: Desk, currency: str) -> dict[str, str]:
    """The field `amount` with the currency that the page is about, as the API takes both. A
    proposal's amount has its currency behind it."""
    typed = desk.typed.get("amount", "").strip()
    return {"amount": typed.removesuffix(currency).strip(), "currency": currency}


def read_amount(given: dict[str, str]) -> Money:
    """Raises ValidationError."""
    return Amount.model_validate(given).money()


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
    _of_percent(desk, field, "bps", 100)


def ppm_of(desk: Desk, field: str) -> None:
    """People type per cent; `rate` becomes `rate_ppm`. A proposal has it already."""
    if field in desk.typed:
        _of_percent(desk, field, "ppm", 10_000)


def _of_percent(desk: Desk, field: str, unit: str, parts: int) -> None:
    try:
        desk.typed[f"{field}_{unit}"] = str(round(float(desk.typed.get(field, "")) * parts))
    except (ValueError, OverflowError):
        desk.typed[f"{field}_{unit}"] = ""  # Whoever reads the form says so.
