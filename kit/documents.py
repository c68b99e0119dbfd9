"""JSON that people and programs wrote: numbers keep their digits, and no key may stand twice."""

import json
from typing import Any

_DIGITS_MAX = 30
"""Longer whole numbers stay text: nobody means them, and reading them takes time."""


class Unreadable(ValueError):
    """Why, in words that follow the name of the document, or `key` when that stands twice."""

    def __init__(self, reason: str, key: str | None = None) -> None:
        super().__init__(reason)
        self.key = key


def read(raw: bytes) -> Any:
    try:
        return json.loads(
            raw.decode("utf-8-sig"),
            parse_float=str,
            parse_int=_whole,
            parse_constant=str,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise Unreadable("is not JSON that can be read") from None


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _DIGITS_MAX else text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for n, key in enumerate(keys) if key in keys[:n])
        raise Unreadable("must not be given twice", twice[:60])
    return found
