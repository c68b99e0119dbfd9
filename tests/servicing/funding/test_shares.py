"""Dividing makes and loses nothing, whatever is divided between whomever."""

from hypothesis import given
from hypothesis import strategies as st

from servicing.funding.shares import Bearer, apportion, bear

AMOUNTS = st.integers(-(10**12), 10**12)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=8).filter(any)
BEARERS = st.lists(
    st.builds(
        Bearer,
        loss_order=st.integers(1, 3),
        weight=st.integers(1, 10**6),
        capital=st.integers(0, 10**6),
        borne=st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=6,
)


class TestApportion:
    @given(AMOUNTS, WEIGHTS)
    def test_gives_all_and_to_each_what_is_his(self, minor: int, weights: list[int]) -> None:
        parts = apportion(minor, weights)

        whole = sum(weights)
        assert sum(parts) == minor
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * whole - minor * weight) < whole


class TestBear:
    @given(st.integers(0, 10**7), BEARERS)
    def test_takes_no_more_than_there_is_first_loss_first(
        self, loss: int, bearers: list[Bearer]
    ) -> None:
        parts = bear(loss, bearers)

        assert sum(parts) == min(loss, sum(each.capital for each in bearers))
        for part, each in zip(parts, bearers, strict=True):
            assert 0 <= part <= each.capital
            if part:
                lower = [n for n, x in enumerate(bearers) if x.loss_order < each.loss_order]
                assert all(parts[n] == bearers[n].capital for n in lower)

    @given(st.integers(0, 10**7), BEARERS)
    def test_gives_back_to_the_safest_first(self, found: int, bearers: list[Bearer]) -> None:
        parts = bear(-found, bearers)

        assert -sum(parts) == min(found, sum(each.borne for each in bearers))
        for part, each in zip(parts, bearers, strict=True):
            assert 0 <= -part <= each.borne
            if part:
                safer = [n for n, x in enumerate(bearers) if x.loss_order > each.loss_order]
                assert all(-parts[n] == bearers[n].borne for n in safer)
