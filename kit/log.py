"""Structured logs without personal data: one JSON line an event, secrets and persons masked."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_HIDDEN = re.compile(
    r"phone|name|address|birth|document|selfie|email|token|secret|password|otp|code$|text|body|account"
    r"|face|template|embedding|landmark|distance|likeness",
    re.IGNORECASE,
)
_SHOWN = frozenset({"code", "error_code", "status_code", "event", "job_name"})
# Phone numbers, bot tokens and long digit runs, wherever they stand in a value.
_TRACES = re.compile(r"\+?\d[\d \-]{7,}\d|\d{6,}:[\w-]{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MASK = "***"
_Event = MutableMapping[str, Any]


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: masks values by their key and by what they look like."""
    return {
        key: MASK if _HIDDEN.search(key) and key not in _SHOWN else _clean(value)
        for key, value in event.items()
    }


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return redact(None, "", value)
    if _is_measured(value):
        return MASK
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if not isinstance(value, str):
        return value
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    masked = _TRACES.sub(MASK, _UUID.sub(keep, value))
    return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], masked)


def _is_measured(value: object) -> bool:
    """Pictures, films and face templates, as bytes, arrays or rows of numbers."""
    if isinstance(value, list | tuple):
        return any(isinstance(item, float) for item in value)
    return isinstance(value, bytes | bytearray | memoryview) or hasattr(value, "__array__")


class _RedactingFormatter(logging.Formatter):
    """Lines of libraries pass the same mask as ours."""

    def format(self, record: logging.LogRecord) -> str:
        return str(_clean(super().format(record)))


def configure(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(_RedactingFormatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
