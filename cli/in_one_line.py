"""Anticipated refusals end a command with one sentence and exit code 2."""

import html
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from kit.errors import DomainError
from kit.text import DEFAULT_LOCALE
from scoring.refusals import Sentence

P = ParamSpec("P")
R = TypeVar("R")


class Refused(click.ClickException):
    exit_code = 2


def in_one_line(command: Callable[P, R]) -> Callable[P, R]:
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except DomainError as error:
            raise Refused(" ".join(sentence(error).split())) from None
        except OSError as error:
            raise Refused(f"{error.filename or 'a file'}: {error.strerror or error}") from None
        except ModuleNotFoundError as error:
            name = error.name or "a library"
            needed = f"{name} is not installed: this command needs `pip install kopa[train]`"
            raise Refused(needed) from None

    return run


def sentence(error: DomainError) -> str:
    """What the chat would say: a code says little to a person."""
    if isinstance(error, Sentence):
        return str(error)
    from bot import text  # Only a refusal needs all sentences.

    return html.unescape(text.Words(text.load(), DEFAULT_LOCALE).refusal(error))
