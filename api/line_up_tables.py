"""The tables of the line-up: seats, what is kept to choose from, and what shadows said."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from api.exports import Column, Table
from kit.money import Money
from kit.tabular import Cell
from scoring.comparing import Agreement
from scoring.line_up import Pair
from scoring.models import RiskModel, RiskPolicy, Role, Seat
from scoring.whatif_shown import Change

EVERY_PRODUCT = "Every product"
_MINOR = "_minor"


@dataclass(frozen=True)
class Names:
    """How pages call models and policies: by name, and the beginning of the hash."""

    models: dict[str, str]
    policies: dict[str, str]

    def of(self, pair: Pair) -> tuple[str, str]:
        model, policy = pair.model_sha256, pair.policy_sha256
        return _named(self.models, model), _named(self.policies, policy)


def _named(names: dict[str, str], sha256: str) -> str:
    return f"{names.get(sha256, '')} {sha256[:8]}".strip()


@dataclass(frozen=True)
class Named:
    """A seat with the names of who sits there."""

    seat: Seat
    model: str
    policy: str


@dataclass(frozen=True)
class Said:
    """What a shadow said, with its names."""

    found: Agreement
    model: str
    policy: str


def pair_page(pair: Pair, product: str = "") -> str:
    asked = {"model": pair.model_sha256, "policy": pair.policy_sha256, "product": product}
    return f"/console/line-up/pair?{urlencode(asked)}"


def percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


_SEAT = (
    Column[Named]("Role", lambda row: row.seat.role),
    Column[Named]("Decides for", lambda row: row.seat.product or EVERY_PRODUCT),
    Column[Named](
        "Share",
        lambda row: f"{row.seat.share_bps / 100:g} %" if row.seat.role is Role.CHALLENGER else None,
    ),
    Column[Named](
        "Model", lambda row: row.model, lambda row: pair_page(Pair.of(row.seat), row.seat.product)
    ),
    Column[Named]("Policy", lambda row: row.policy),
    Column[Named]("Since", lambda row: row.seat.since),
    Column[Named]("By", lambda row: row.seat.seated_by),
    Column[Named]("Why", lambda row: row.seat.why),
)
SEATS: Table[Named] = Table("line-up", _SEAT)
HISTORY: Table[Named] = Table(
    "line-up-history",
    (
        *_SEAT,
        Column("Until", lambda row: row.seat.until),
        Column("Ended by", lambda row: row.seat.ended_by),
    ),
)


class Card:
    """The numbers of a model's card, as its manifest keeps them."""

    def __init__(self, row: RiskModel) -> None:
        manifest = json.loads(row.manifest)
        self.row = row
        self.training: dict[str, Any] = manifest["training"]
        self.metrics: dict[str, Any] = manifest["metrics"]

    def held(self, metric: str) -> str | None:
        return self._with_interval("cross_validated", metric)

    def trained_on(self, name: str) -> int | None:
        """`rows`, or `bad` of them."""
        found = self.training.get(name)
        return found if isinstance(found, int) else None

    @property
    def newest_auc(self) -> str | None:
        return self._with_interval("out_of_time", "auc")

    def _with_interval(self, rows: str, metric: str) -> str | None:
        """`0.698 [0.661, 0.732]`. Nobody checks what a manifest that was made by hand says here."""
        measured = self.metrics.get(rows)
        found = measured.get(metric) if isinstance(measured, dict) else None
        if not isinstance(found, dict):
            return None
        ends: list[Any] = [found.get(name) for name in ("value", "low", "high")]
        if not all(isinstance(end, float) or end in (0, 1) for end in ends):
            return None
        return "{:.3f} [{:.3f}, {:.3f}]".format(*ends)


MODELS: Table[Card] = Table(
    "risk-models",
    (
        Column("Model", lambda row: row.row.name),
        Column("Hash", lambda row: row.row.sha256[:12]),
        Column("AUC, held out", lambda row: row.held("auc")),
        Column("ECE", lambda row: row.held("ece")),
        Column("AUC, newest rows", lambda row: row.newest_auc),
        Column("Rows", lambda row: row.trained_on("rows")),
        Column("Bad", lambda row: row.trained_on("bad")),
        Column("Kept since", lambda row: row.row.registered_at),
        Column("By", lambda row: row.row.registered_by),
    ),
)

POLICIES: Table[RiskPolicy] = Table(
    "risk-policies",
    (
        Column("Policy", lambda row: row.name),
        Column("Hash", lambda row: row.sha256[:12]),
        Column("Kept since", lambda row: row.registered_at),
        Column("By", lambda row: row.registered_by),
    ),
)

SHADOWS: Table[Said] = Table(
    "shadows",
    (
        Column("Model", lambda row: row.model, lambda row: pair_page(row.found.pair)),
        Column("Policy", lambda row: row.policy),
        Column("Decisions", lambda row: row.found.count),
        Column("Same answer", lambda row: percent(row.found.same)),
        Column("Approved", lambda row: percent(row.found.approved)),
        Column("It would approve", lambda row: percent(row.found.would_approve)),
        Column("Expected bad", lambda row: percent(row.found.bad_rates[0])),
        Column("Of those it would approve", lambda row: percent(row.found.bad_rates[1])),
        Column("By its own probabilities", lambda row: percent(row.found.bad_rates[2])),
    ),
)


def _counted(row: Change, value: str | int) -> Cell:
    """Amounts as money, shares per cent, the rest as it is counted."""
    if row.kind.endswith(_MINOR):
        return Money(int(value), row.name)
    return percent(float(value)) if row.kind == "approval_share" else value


CHANGES: Table[Change] = Table(
    "what-if",
    (
        Column("Of", lambda row: row.kind.removesuffix(_MINOR), is_code=True),
        Column("Name", lambda row: row.name, is_code=True),
        Column("Before", lambda row: _counted(row, row.before)),
        Column("After", lambda row: _counted(row, row.after)),
    ),
)
