"""Text as Telegram stores it: cleaned, trimmed, measured in UTF-16 units, with found entities."""

import re
from dataclasses import dataclass, field

from sandbox.store import Json
from sandbox.telegram.refusals import bad_request

MESSAGE_LIMIT = 4096
CAPTION_LIMIT = 1024

# Line separators and the codes that turn writing direction around are dropped by Telegram.
_DROPPED = dict.fromkeys([*range(0x2028, 0x202F), 0x0D, 0x0333, 0x033F, 0x030A])
_CONTROLS = {code: " " for code in range(0x20) if code not in (0x0A, 0x0D)}
_CLEANING = {**_CONTROLS, **_DROPPED}

_FOUND = (
    ("url", re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/])")),
)
_OPAQUE = ("code", "pre", "text_link", "url", "email")


@dataclass
class Formatted:
    text: str
    entities: list[Json] = field(default_factory=list)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Lone surrogates, control codes and direction overrides never reach a chat."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.translate(_CLEANING)


def finished(raw: Formatted, limit: int, *, what: str) -> Formatted:
    """Trimmed, sorted, commands and links found, and no longer than allowed."""
    trimmed = _trimmed(raw)
    if utf16_length(trimmed.text) > limit:
        raise bad_request(f"{what} is too long")
    entities = [*trimmed.entities, *_found(trimmed)]
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(trimmed.text, entities)


def _trimmed(raw: Formatted) -> Formatted:
    text = raw.text.rstrip()
    lead = utf16_length(text) - utf16_length(text.lstrip())
    text = text.lstrip()
    end = utf16_length(text)
    entities = []
    for entity in raw.entities:
        start = max(entity["offset"] - lead, 0)
        length = min(entity["offset"] + entity["length"] - lead, end) - start
        if length > 0:
            entities.append({**entity, "offset": start, "length": length})
    return Formatted(text, entities)


def _found(formatted: Formatted) -> list[Json]:
    """What Telegram marks by itself, outside of code and links."""
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in formatted.entities
        if entity["type"] in _OPAQUE
    ]
    found: list[Json] = []
    for kind, pattern in _FOUND:
        for match in pattern.finditer(formatted.text):
            start = utf16_length(formatted.text[: match.start()])
            end = start + utf16_length(match.group())
            if any(start < other_end and other < end for other, other_end in taken):
                continue
            found.append({"type": kind, "offset": start, "length": end - start})
            taken.append((start, end))
    return found
