"""The names a list may call a site or page by, written alike on both sides of the comparison.

A key is one of

- ``example.org``: the host and every host below it,
- ``=example.org``: this host alone, with or without ``www.``,
- ``example.org/a/b``: the pages of this host below the path ``/a/b``,
- ``example.org/a/b?c=d``: the page with exactly this query.

Scheme, credentials, port, ``www.`` before a path, fragment, case, repeated and trailing slashes say
nothing; names in other scripts are taken in ASCII (IDNA), percent-encoded paths decoded.
"""

import re
from functools import cache
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import unquote

import xxhash

from filters.urls import MAX_HOST_CHARS, is_public_suffix, public_suffixes
from filters.urls import host as host_of

URL_CHARS: Final = 8192
"""Of a longer URL only the whole path segments of this many characters are compared."""

_PLAIN = r"[a-z0-9_-][a-z0-9_.-]*\.[a-z][a-z0-9-]*"
_PLAIN_NAME = re.compile(_PLAIN)
_PLAIN_LINES = re.compile(rf"(?:(?!www\.){_PLAIN}\r?\n)+".encode())
_EMPTY_LINES = re.compile(rb"(?:[ \t\r]*(?:#[^\n]*)?\n)+")
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
# What hosts files say of the machine itself.
_OWN_NAMES: Final = frozenset(("localhost", "broadcasthost", "local", "0.0.0.0"))  # noqa: S104
_NUMERIC = re.compile(r"[0-9]+")
_COMMENT = re.compile(r"\s#")


def entry_key(entry: str) -> str | None:
    """Return the key of one entry of a list, or None if it names neither a host nor a page.

    ``example.org`` lists the host and all below it. A public suffix, from the list's private
    section too, lists only itself: the blogs of blogspot.com are not its owner's; ``.blogspot.com``
    or ``*.blogspot.com`` lists them all. ``www.example.org`` lists that host alone.

    >>> entry_key("Example.ORG"), entry_key("www.example.org"), entry_key("blogspot.com")
    ('example.org', '=example.org', '=blogspot.com')
    >>> entry_key("*.blogspot.com"), entry_key("https://example.org:80/a//B/"), entry_key("a b")
    ('blogspot.com', 'example.org/a/b', None)
    """
    if _PLAIN_NAME.fullmatch(entry) and ".." not in entry and len(entry) <= MAX_HOST_CHARS:
        return _host_key(entry)  # nearly every entry there is
    if any(character.isspace() for character in entry):
        return None
    explicit = entry.startswith((".", "*."))
    authority, path, query = _cut(entry.removeprefix("*").removeprefix("."))
    name = _entry_host(authority)
    if not name or (explicit and (path or query)):
        return None
    if explicit:
        return name
    if not path and not query:
        # An address with a scheme or slash is a page's: its host, not all below it.
        return f"={_bare(name)}" if "/" in entry else _host_key(name)
    return "/".join((_bare(name), *_segments(path))) + (f"?{query}" if query else "")


def line_entries(line: str) -> list[str]:
    """Return the entries of a line: none of a comment, all names of a hosts file's line.

    >>> line_entries("0.0.0.0 example.org www.example.org # two"), line_entries("# none")
    (['example.org', 'www.example.org'], [])
    """
    text = "" if line.startswith("#") else _COMMENT.split(line, maxsplit=1)[0]
    entry, *names = text.split() or [""]
    if names and _address(entry.partition("%")[0]):
        return [name for name in names if name not in _OWN_NAMES and "." in name]
    return [" ".join((entry, *names))] if entry else []


class Run(NamedTuple):
    """Lines of hosts in a row: those that are their own keys, the others, where the run ends."""

    keys: list[bytes]
    others: list[str]
    end: int


def plain_lines(text: bytes, at: int) -> Run | None:
    """Return the run of lines from ``at`` on that are plain hosts, or empty; None without any.

    Nearly all lines of a list are, and are read so in a fraction of ``entry_key``'s time.
    """
    run = _PLAIN_LINES.match(text, at)
    if run is None:
        empty = _EMPTY_LINES.match(text, at)
        return Run([], [], empty.end()) if empty else None
    lines = run[0].replace(b"\r", b"") if b"\r" in run[0] else run[0]
    keys = lines.split(b"\n")[:-1]
    suffixes, parents = _suffix_bytes()
    odd = suffixes.intersection(keys)
    odd |= {key for key in keys if key.partition(b".")[2] in parents}
    if b".." in run[0]:
        odd |= {key for key in keys if b".." in key}
    if max(map(len, keys)) > MAX_HOST_CHARS:
        odd |= {key for key in keys if len(key) > MAX_HOST_CHARS}
    others = [key.decode() for key in keys if key in odd] if odd else []
    return Run([key for key in keys if key not in odd] if odd else keys, others, run.end())


@cache
def _suffix_bytes() -> tuple[frozenset[bytes], frozenset[bytes]]:
    names, parents = public_suffixes()
    return frozenset(n.encode() for n in names), frozenset(n.encode() for n in parents)


def host_keys(host: str) -> list[str]:
    """Return the keys that list all of a host: itself alone, itself, and each domain above it.

    ``host`` is what ``filters.urls.host`` gives; one without a name has no keys.

    >>> host_keys("www.example.org")
    ['=example.org', 'www.example.org', 'example.org', 'org']
    """
    if ":" in host:
        host = _address(host)
    if not host:
        return []
    keys = [f"={_bare(host)}", host]
    if host[-1].isdigit() and host.rpartition(".")[2].isdigit():
        return keys  # an address, or nothing: no domain ends in a number
    return keys + _above(host)


def host_hashes(host: str, above: dict[str, list[int]]) -> list[int]:
    """Return the hashes of ``host_keys``; ``above`` remembers those of domains above hosts."""
    if not host or ":" in host or host[-1].isdigit():
        return [key_hash(key) for key in host_keys(host)]
    _, dot, parent = host.partition(".")
    own = [key_hash(f"={_bare(host)}"), key_hash(host)]
    if not dot:
        return own
    if parent not in above:
        above[parent] = [key_hash(key) for key in _above(host)]
    return own + above[parent]


def _above(host: str) -> list[str]:
    """Domains above a host, the longest first."""
    found = []
    at = host.find(".")
    while at >= 0:
        found.append(host[at + 1 :])
        at = host.find(".", at + 1)
    return found


def page_hashes(host: str, url: str) -> list[int]:
    """Return the hashes of the keys that list a page below its host, shortest path first.

    Time is linear in the URL's length, whatever its segments are.
    """
    cut = len(url) > URL_CHARS
    _, path, query = _cut(url[:URL_CHARS])
    segments = _segments(path)
    state = xxhash.xxh3_64((_bare(_address(host) if ":" in host else host)).encode())
    found = []
    for segment in segments[:-1] if cut and not query else segments:
        state.update(b"/" + segment.encode("utf-8", "surrogatepass"))
        found.append(state.intdigest())
    if query and not cut:
        state.update(b"?" + query.encode("utf-8", "surrogatepass"))
        found.append(state.intdigest())
    return found


def key_hash(key: str) -> int:
    """Return the 64-bit hash that stands for a key."""
    return int(xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass")))


def _host_key(name: str) -> str | None:
    """Key of a listed host: of all below it, unless these are somebody else's."""
    if name.startswith("www.") and "." in name[4:]:
        return f"={name[4:]}"
    return f"={name}" if is_public_suffix(name) else name


def _bare(host: str) -> str:
    return host[4:] if host.startswith("www.") and "." in host[4:] else host


def _entry_host(authority: str) -> str:
    """Host of an entry, "" for what is none: a single label counts only where it is a suffix."""
    if authority.count(":") > 1 and not authority.startswith("["):
        return _address(authority)
    name = host_of(f"//{authority}")
    if ":" in name:
        return _address(name)
    if not _NAME.fullmatch(name):
        return ""
    if _NUMERIC.fullmatch(name.rpartition(".")[2]):
        return _address(name)
    return name if "." in name or is_public_suffix(name) else ""


def _address(text: str) -> str:
    """An IP address in its one canonical spelling, "" for what is none."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _cut(url: str) -> tuple[str, str, str]:
    """Authority, path and query of a URL with or without a scheme."""
    head, colon, rest = url.partition("://")
    rest = rest if colon and "/" not in head and "?" not in head else url.removeprefix("//")
    rest, _, _ = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    return authority, path, query.lower()


def _segments(path: str) -> list[str]:
    if "%" in path:
        path = unquote(path)
    return [segment for segment in path.lower().split("/") if segment]
