"""The schedule as a picture: what is drawn can be seen, and it fits on a phone."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image

from servicing.papers import picture
from servicing.papers.plan import Plan, PlanRow

FIRST = date(2026, 12, 20)
PAID, LATE, TODAY = "#2b8a57", "#c0392b", "#1f6feb"
PRINCIPAL, INTEREST, FEES = "#3d6d9e", "#e39a3b", "#8c6bb1"
TELEGRAM_LARGEST = 1280


def plan(
    dates: int, *, paid: int = 0, part: int = 0, on: date = FIRST, interest: int = 90_000
) -> Plan:
    rows = []
    for n in range(dates):
        due = 450_000 + interest + 30_000
        unpaid = 0 if n < paid else due - part if n == paid else due
        day = FIRST + timedelta(days=30 * n)
        rows.append(PlanRow(n + 1, day, 450_000, interest, 30_000, unpaid))
    return Plan("L-7QF2MX", "KES", on, tuple(rows))


def drawn(found: Plan, locale: str = "en") -> Image.Image:
    return Image.open(io.BytesIO(picture.png(found, locale))).convert("RGB")


def colored(image: Image.Image, color: str) -> int:
    """How many pixels have just this color."""
    wanted = tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
    return sum(count for count, found in image.getcolors(1 << 24) or [] if found == wanted)


class TestAPicture:
    def test_is_the_same_bytes_for_the_same_plan(self) -> None:
        assert picture.png(plan(6), "en") == picture.png(plan(6), "en")
        assert picture.png(plan(6), "en") != picture.png(plan(6), "es")

    @pytest.mark.parametrize("dates", [1, 6, 12, 13, 52, 365])
    @pytest.mark.parametrize("paid", [0, 1, 12])
    def test_is_not_made_smaller_by_telegram(self, dates: int, paid: int) -> None:
        image = drawn(plan(dates, paid=min(paid, dates), on=FIRST + timedelta(days=30 * paid)))

        assert image.width == picture.WIDTH
        assert image.height <= TELEGRAM_LARGEST

    def test_has_as_much_of_a_color_as_there_is_of_a_part(self) -> None:
        image = drawn(plan(6))
        legend = 24 * 24

        principal, interest, fees = (
            colored(image, color) - legend for color in (PRINCIPAL, INTEREST, FEES)
        )
        assert principal / interest == pytest.approx(5, rel=0.05)
        assert principal / fees == pytest.approx(15, rel=0.15)

    def test_leaves_out_parts_that_are_nothing(self) -> None:
        assert colored(drawn(plan(6)), INTEREST) > 0
        assert colored(drawn(plan(6, interest=0)), INTEREST) == 0

    def test_shows_what_is_paid(self) -> None:
        assert colored(drawn(plan(6)), PAID) == 0
        by_paid = [colored(drawn(plan(6, paid=n)), PAID) for n in (1, 2, 6)]
        assert by_paid == sorted(by_paid)
        part = drawn(plan(6, paid=1, part=100_000))
        assert colored(part, PAID) > by_paid[0]

    def test_marks_what_is_late_in_red(self) -> None:
        assert colored(drawn(plan(6, on=FIRST)), LATE) == 0
        assert colored(drawn(plan(6, on=FIRST + timedelta(days=1))), LATE) > 0
        assert colored(drawn(plan(6, paid=1, on=FIRST + timedelta(days=1))), LATE) == 0

    def test_draws_today_between_the_dates(self) -> None:
        heights = []
        for passed in (0, 1, 3, 6):
            image = drawn(plan(6, on=FIRST + timedelta(days=30 * passed - 5)))
            where = image.point(lambda value: value).load()
            blue = [y for y in range(image.height) if where[60, y] == (31, 111, 235)]  # type: ignore[index]
            heights.append(min(blue))
        assert heights == sorted(set(heights))

    def test_draws_today_only_where_it_is(self) -> None:
        far = plan(52, paid=0, on=FIRST + timedelta(days=30 * 40))

        assert colored(drawn(far), TODAY) == 0
        assert colored(drawn(plan(52, paid=40, on=far.on)), TODAY) > 0

    def test_of_nothing_is_still_a_picture(self) -> None:
        assert drawn(plan(0)).height < 500
