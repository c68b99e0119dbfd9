"""The policy of a pool as people write it: words between commas, one limit a line."""

from collections.abc import Mapping, Sequence
from typing import Any

from servicing.fields import InvalidTerms

ACCEPTS = ("product", "country", "purpose", "employment")
"""A region is kept as a keyed hash: a pool cannot name one."""
_EXAMPLE = 'reads like "borrower 5 %", "product business 40 %" or "pool 300000"'


def typed_of(policy: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the form, filled with a policy that stands."""
    accepts = policy.get("accepts") or {}
    return {
        "rank": str(policy.get("rank", "")),
        "floor": str(policy.get("floor", "")),
        "limits": "\n".join(map(line_of, policy.get("limits") or ())),
        **{fact: ", ".join(map(str, accepts.get(fact, ()))) for fact in ACCEPTS},
    }


def line_of(limit: Mapping[str, Any]) -> str:
    most = f"{limit['percent']} %" if limit.get("percent") is not None else str(limit["amount"])
    return " ".join(str(each) for each in (limit["by"], limit.get("value"), most) if each)


def policy_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """As the API takes it. Raises InvalidTerms for a line that does not read as a limit; whether
    the rest makes sense is said by whoever takes it."""
    policy: dict[str, Any] = {}
    if rank := typed.get("rank", "").strip():
        policy["rank"] = int(rank) if rank.isascii() and rank.isdecimal() else rank
    if floor := typed.get("floor", "").strip():
        policy["floor"] = floor
    named = {fact: _parts(typed.get(fact, "")) for fact in ACCEPTS}
    if accepts := {fact: values for fact, values in named.items() if values}:
        policy["accepts"] = accepts
    lines = [line for line in typed.get("limits", "").splitlines() if line.strip()]
    if limits := [_limit(n, line) for n, line in enumerate(lines, 1)]:
        policy["limits"] = limits
    return policy


def _parts(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _limit(n: int, line: str) -> dict[str, str]:
    words = line.replace("%", " % ").split()
    is_percent = words[-1] == "%"
    if is_percent:
        words.pop()
    if len(words) < 2:
        raise InvalidTerms(field=f"limits, line {n}", reason=_EXAMPLE)
    by, *value, most = words
    limit = {"by": by.lower(), "percent" if is_percent else "amount": most}
    return limit | ({"value": " ".join(value)} if value else {})
