"""How often one client may ask for what is open to everybody."""

from ipaddress import ip_address, ip_network
from math import ceil

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from kit.clock import SystemClock
from kit.errors import DomainError, Kind

QUOTES_A_MINUTE = 60


class TooManyRequests(DomainError):
    """`retry_after_seconds` from now, the same client is answered again."""

    kind = Kind.TOO_MANY
    code = "too_many_requests"


class Throttle:
    """Counts in this process: every process of an installation allows as much once more."""

    def __init__(self, a_minute: int = QUOTES_A_MINUTE) -> None:
        self._limit = RateLimitItemPerMinute(a_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def admit(self, address: str) -> None:
        client = _client(address)
        if self._limiter.hit(self._limit, client):
            return
        window = self._limiter.get_window_stats(self._limit, client)
        wait_seconds = window.reset_time - SystemClock().now().timestamp()
        raise TooManyRequests(retry_after_seconds=max(1, ceil(wait_seconds)))


def _client(address: str) -> str:
    """A household has one IPv4 address, and 2**64 of the other kind."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return address if known.version == 4 else str(ip_network((known, 64), strict=False))
