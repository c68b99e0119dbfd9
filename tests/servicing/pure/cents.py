"""Amounts of the worked examples, as text and as cents."""

from fractions import Fraction


def major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def major_to_minor(text: str) -> int:
    return round(Fraction(text) * 100)
