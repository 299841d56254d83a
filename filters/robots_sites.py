"""The robots.txt of many sites: which pages they forbid to crawlers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.robots import Robots

_PORTS = {"http": "80", "https": "443"}


class Address(NamedTuple):
    """A page's site, as robots.txt binds it (``https://example.org:8080``), and its path."""

    origin: str
    path: str


class Sites(NamedTuple):
    """Rules by origin; sites that forbid nothing may be left out.

    ``agents``: the crawlers they bind; a page is open if every one of them may fetch it.
    """

    agents: tuple[str, ...]
    robots: Mapping[str, Robots]


NONE = Sites((), {})


def address(url: str, host: str) -> Address:
    """Take a URL apart; the origin is "" unless it is one of HTTP. ``host``: its host, known.

    >>> address("https://me@Example.org:443?a=b#c", "example.org")
    Address(origin='https://example.org', path='/?a=b')
    """
    scheme, _, rest = url.strip().partition("://")
    scheme = scheme.lower()
    if scheme not in _PORTS or not host:
        return Address("", "")
    rest = rest.partition("#")[0]
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    _, colon, port = rest[:end].rpartition("@")[2].rpartition(":")
    numeric = colon and port.isascii() and port.isdigit() and len(port) < 6
    suffix = f":{int(port)}" if numeric else ""
    path = rest[end:]
    return Address(
        f"{scheme}://{host}" + ("" if suffix == f":{_PORTS[scheme]}" else suffix),
        path if path.startswith("/") else f"/{path}",
    )


def disallowed(
    sites: Sites, hosts: Sequence[str | None], urls: Sequence[str | None]
) -> NDArray[np.int32]:
    """Tell which pages their site forbids: 0 or 1, shape (pages,); 0 where no rules are known."""
    found = np.zeros(len(urls), dtype=np.int32)
    if not sites.robots:
        return found
    for page, (host, url) in enumerate(zip(hosts, urls, strict=True)):
        where = address(url or "", host or "")
        robots = sites.robots.get(where.origin)
        if robots and not robots.allows(sites.agents, where.path):
            found[page] = 1
    return found
