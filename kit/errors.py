"""Anticipated errors with stable codes, and failures of the outside."""

from enum import StrEnum
from functools import partial
from typing import ClassVar


class Kind(StrEnum):
    """What sort of refusal this is: the API picks a status by it, the CLI an exit code."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """An anticipated refusal.

    `code` is stable and public: every locale has a sentence for it. `kind` picks the HTTP status.
    `params` fill in the sentence and never hold personal data.
    """

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str]

    def __init__(self, **params: object) -> None:
        details = ", ".join(f"{name}={value}" for name, value in params.items())
        super().__init__(f"{self.code} ({details})" if details else self.code)
        self.params = params

    def __reduce__(self) -> tuple[partial["DomainError"], tuple[()]]:
        """So that a refusal in another process arrives whole."""
        return partial(type(self), **self.params), ()


class TransientFailure(Exception):
    """The outside did not answer or said "later": trying again is right."""


class PermanentFailure(Exception):
    """The outside said no for good: a person or a fallback must act, trying again is useless."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class RestoreUnfinished(Exception):
    """The database came from a backup, and what may have left since is not known yet."""
