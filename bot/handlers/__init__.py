"""What a borrower sends: each handler makes one domain call and returns what to show."""

from collections.abc import Awaitable, Callable
from typing import Any

Handler = Callable[..., Awaitable[Any]]
