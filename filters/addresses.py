"""One spelling for the addresses of one page, so that its fetches are found together.

What RFC 3986, section 6.2.2 and 6.2.3, holds equivalent is written alike: case of scheme and
host, the default port, percent-encoding of characters that need none, dot segments, an empty path.
Beyond it, as archives do (SURT): http and https are one page, so are the host with and without
``www.``, credentials and fragment say nothing, and parameters that follow a visitor go. Everything
else counts, the order of a query and the case of a path too: to take two pages for one loses one of
them, to take one for two leaves a near-duplicate, which is found by its text.
"""

import re
from typing import Final

import xxhash

from filters.urls import host as host_of

URL_CHARS: Final = 65_536
"""A longer URL is taken as it is."""
_PORTS: Final = {"http": ":80", "https": ":443"}
_TRACKING: Final = re.compile(
    r"utm_[^=]*|gclid|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|mc_cid|mc_eid|_ga|"
    r"phpsessid|jsessionid|aspsessionid[^=]*",
    re.IGNORECASE,
)
_SESSION: Final = re.compile(r";jsessionid=[^/?;]*", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_BLANKS: Final = re.compile(r"[\t\n\r]")
_CONTROLS: Final = "".join(map(chr, range(0x21)))
"""The C0 controls and the space: around a URL they are no part of it, inside they are escaped
(URL Standard, https://url.spec.whatwg.org/#url-parsing and #c0-control-percent-encode-set)."""
_ESCAPES: Final = {ord(one): f"%{ord(one):02X}" for one in _CONTROLS}


def normalised(url: str) -> str:
    """Return the one spelling of a URL; what is no address of HTTP comes back stripped.

    >>> normalised("HTTPS://me@WWW.Example.org:443/%7Ea/./b/../c%2f?q=1&utm_source=x#top")
    'example.org/~a/c%2F?q=1'
    >>> normalised("http://example.org"), normalised("http://example.org:8080/?")
    ('example.org/', 'example.org:8080/')
    >>> normalised(" http://example.org/a b #top")
    'example.org/a%20b%20'
    """
    url = _BLANKS.sub("", url.strip(_CONTROLS))
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    name = host_of(url) if scheme in _PORTS and len(url) <= URL_CHARS else ""
    if not name:
        return url
    rest = rest.partition("#")[0].translate(_ESCAPES)
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    path, _, query = rest[end:].partition("?")
    bare = name[4:] if name.startswith("www.") and "." in name[4:] else name
    query = _query(query)
    where = bare + _port(rest[:end], scheme) + _path(path)
    return f"{where}?{query}" if query else where


def address_hash(url: str) -> int:
    """Return 64 bits of the one spelling.

    Among n pages n**2 / 2**65 pairs are expected to share one: 11 of 20 billion.
    """
    return int(xxhash.xxh3_64_intdigest(normalised(url).encode("utf-8", "surrogatepass")))


def _port(authority: str, scheme: str) -> str:
    _, colon, port = authority.rpartition("@")[2].rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or len(port) > 5:
        return ""
    written = f":{int(port)}"
    return "" if written == _PORTS[scheme] else written


def _path(path: str) -> str:
    """A path without dot segments (RFC 3986, section 5.2.4) and session."""
    kept: list[str] = []
    segments = _unescaped(_SESSION.sub("", path)).split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    parts = [part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0])]
    return _unescaped("&".join(parts))


def _unescaped(text: str) -> str:
    """Percent-encoding only where it is needed, in capitals."""
    return _ESCAPE.sub(_escape, text) if "%" in text else text


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
