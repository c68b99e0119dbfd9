"""What a benchmark found: both sides, the ratio, the goal, and the machine it was found on."""

import os
import platform
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Goal:
    kind: Literal["at least", "above", "at most", "under"]
    limit: float

    def is_met(self, measured: float) -> bool:
        match self.kind:
            case "at least":
                return measured >= self.limit
            case "above":
                return measured > self.limit
            case "at most":
                return measured <= self.limit
            case "under":
                return measured < self.limit

    def __str__(self) -> str:
        return f"{self.kind} {self.limit:g}"


@dataclass(frozen=True)
class Line:
    """One comparison. Without `theirs` the goal is about our own number, else about the ratio."""

    what: str
    unit: str
    ours: float
    theirs: float | None = None
    against: str = ""
    goal: Goal | None = None
    """None: for information."""
    spread: tuple[float, float] | None = None
    """The lowest and the highest ratio of the turns."""

    @property
    def ratio(self) -> float | None:
        """Ours to theirs; None when there is nothing, or no number, to divide by."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def is_met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.goal.is_met(self.ours if self.ratio is None else self.ratio)

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": _short(self.ours),
            "theirs": _short(self.theirs),
            "against": self.against or None,
            "ratio": _short(self.ratio),
            "ratio_spread": [_short(end) for end in self.spread] if self.spread else None,
            "goal": str(self.goal) if self.goal else None,
            "met": self.is_met,
        }


@dataclass(frozen=True)
class Machine:
    cores: int
    load_average: tuple[float, float, float]
    """Over 1, 5 and 15 minutes. Above the number of cores, others were computing too."""
    python: str
    system: str


def machine() -> Machine:
    first, second, third = os.getloadavg()
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        load_average=(round(first, 2), round(second, 2), round(third, 2)),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
    )


@dataclass(frozen=True)
class Report:
    name: str
    lines: list[Line]
    before: Machine
    after: Machine

    @property
    def is_met(self) -> bool:
        return all(line.is_met is not False for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "met": self.is_met,
            "machine": asdict(self.before),
            "load_average_after": list(self.after.load_average),
            "lines": [line.to_json() for line in self.lines],
        }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
