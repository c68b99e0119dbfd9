"""Read the machine-readable zone of a page: strips first, then the whole page, by two recognizers.

Check digits say nothing about names, countries and sex: there two readings have to agree. When
only one recognizer works, its reading counts alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import cv2
import numpy as np

from kyc.documents import recognizers, strips, voices
from kyc.documents.mrz import Mrz
from kyc.documents.recognizers import TextLine
from kyc.documents.strips import Gray, Strip
from kyc.images import Pixels


@dataclass(frozen=True)
class Zone:
    mrz: Mrz | None
    """Accepted, or the best reading, or none."""
    quarters: int | None
    """Quarter turns against the clock after which the page is upright; None without a zone."""
    readings: tuple[Mrz, ...]
    """What each voice read, also when they do not agree."""
    is_accepted: bool = False
    """Every check holds, and the readings agree where there is none."""


def read(pixels: Pixels, *, on: date) -> Zone:
    """From the strips alone: half a second for an easy page; in bad light a second look."""
    gray = strips.gray_of(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    found = _read(gray, on)
    if found.is_accepted:
        return found
    other = _read(strips.evened(gray), on)
    return other if other.is_accepted or len(other.readings) > len(found.readings) else found


def _read(gray: Gray, on: date) -> Zone:
    best = Zone(None, None, ())
    for quarters, strip in _strips(gray):
        readings = list(_voices(strip, on))
        mrz = _settled(readings, on)
        if mrz is not None:
            return Zone(mrz, quarters, tuple(readings), is_accepted=True)
        if len(readings) > len(best.readings):
            best = Zone(_most_checks(readings), quarters, tuple(readings))
    return best


def upright(pixels: Pixels, zone: Zone) -> Pixels:
    """The picture turned as the zone says; as it is without one."""
    return np.ascontiguousarray(np.rot90(pixels, zone.quarters or 0))


def read_again(zone: Zone, page: Pixels, lines: Sequence[TextLine], *, on: date) -> Zone:
    """With the whole upright page as further voices."""
    readings = list(zone.readings)
    gray = strips.gray_of(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY))
    for voice in ([line.text for line in lines], recognizers.zone_lines(gray)):
        heard = voices.best(voice, on=on)
        if heard is not None and voices.is_plausible(heard):
            readings.append(heard)
    mrz = _settled(readings, on)
    if mrz is not None:
        return Zone(mrz, zone.quarters, tuple(readings), is_accepted=True)
    return Zone(_most_checks(readings), zone.quarters, tuple(readings))


def _strips(gray: Gray) -> Iterator[tuple[int, Strip]]:
    """As the page lies, then turned by a quarter; each upright, then upside down."""
    for quarters in (0, 1):
        for strip in strips.find(strips.turned(gray, quarters)):
            yield quarters, strip
            yield quarters + 2, strip.upside_down()


def _voices(strip: Strip, on: date) -> Iterator[Mrz]:
    rows = [recognizers.row_text(row) for row in strip.rows]
    if rows and not any("<" in voices.clean(row) for row in rows):
        return
    for lines in (recognizers.zone_lines(strip.picture), rows):
        heard = voices.best(lines, on=on)
        if heard is not None and voices.is_plausible(heard):
            yield heard


def _settled(readings: Sequence[Mrz], on: date) -> Mrz | None:
    least = 2 if recognizers.has_tesseract() else 1
    return voices.settle(readings, on=on, least=least)


def _most_checks(readings: Sequence[Mrz]) -> Mrz | None:
    return max(readings, key=lambda mrz: sum(mrz.checks.values()), default=None)
