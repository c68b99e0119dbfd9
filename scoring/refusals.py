"""What makes a refusal readable on a command line: one English sentence beside the stable code."""

from typing import Any, ClassVar


class Sentence:
    """Mixed into a DomainError: `str()` is the sentence, filled in with the error's parameters."""

    sentence: ClassVar[str]
    params: dict[str, Any]

    def __str__(self) -> str:
        return self.sentence.format(**self.params)
