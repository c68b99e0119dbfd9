"""Loans whose figures stand in Apache Fineract's public tests, told by our replay."""

from pathlib import Path

import pytest

from tests.servicing.pure import facts

STORIES = facts.read(Path(__file__).with_name("fineract_facts.txt"))


@pytest.mark.parametrize("story", STORIES, ids=[story.source for story in STORIES])
def test_is_told_as_there(story: facts.Story) -> None:
    assert story.looks, "a story without a table proves nothing"
    assert facts.differences(story) == []
