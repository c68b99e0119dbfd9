"""What an inspection of a world has found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    rule: str
    detail: str
