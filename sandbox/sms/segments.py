"""How many segments a message takes: GSM-7 with its extension table, or UCS-2."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
_GSM = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENDED, 2)}


def count(body: str) -> int:
    if all(character in _GSM for character in body):
        return _packed([_GSM[character] for character in body], single=160, multi=153)
    return _packed([2 if ord(c) > 0xFFFF else 1 for c in body], single=70, multi=67)


def _packed(widths: list[int], *, single: int, multi: int) -> int:
    """A character of two units is never cut in half, so a segment may end one unit early."""
    if sum(widths) <= single:
        return 1
    segments, used = 1, 0
    for width in widths:
        if used + width > multi:
            segments, used = segments + 1, 0
        used += width
    return segments
