"""Generated pages say what the code says."""

from cli import docs


def test_the_page_of_states_is_fresh() -> None:
    assert docs.STATES.read_text(encoding="utf-8") == docs.states_page(), "run: make docs"


def test_the_page_of_features_is_fresh() -> None:
    assert docs.FEATURES.read_text(encoding="utf-8") == docs.features_page(), "run: make docs"


def test_the_page_of_the_default_policy_is_fresh() -> None:
    assert docs.POLICY.read_text(encoding="utf-8") == docs.policy_page(), "run: make docs"
