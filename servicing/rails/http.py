"""How a rail is called over HTTP."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx


def client(
    base_url: str,
    *,
    timeout_seconds: float,
    headers: Mapping[str, str],
    auth: httpx.Auth | None = None,
) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=base_url,
        headers=headers,
        auth=auth,
        timeout=timeout_seconds,
        # A rail on this machine is never behind the proxy that the environment names.
        trust_env=not _is_loopback(base_url),
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
