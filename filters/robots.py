"""robots.txt by RFC 9309: which paths a crawler may fetch. What is matched is octets, not text.

A file is hostile: whatever it holds, it is parsed in linear time, and one path is matched in the
time of its rules times the path's length, with neither regular expressions nor recursion.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import filterfalse, islice
from typing import Final, NamedTuple

MAX_BYTES: Final = 500 << 10
"""What is read of a file: as much as section 2.5 demands. A line that crosses the limit is none."""
MAX_PATH_BYTES: Final = 4096
"""What is compared of a path. No pattern that ends in "$" matches a longer one."""
MAX_WILD: Final = 2000
"""Patterns with wildcards that are kept of a group, the first of the allowing and of the forbidding
ones. Each is tried on every page, where the limit of section 2.5 lets 100,000 through. The most in
3,833 real files are 570; patterns without wildcards cost next to nothing and are all kept."""
ANYONE: Final = "*"

_KEYS: Final = {
    b"user-agent": "agent",
    b"useragent": "agent",
    b"user agent": "agent",
    b"allow": "allow",
    b"disallow": "disallow",
}
_TOKEN: Final = re.compile(r"\*(?=\s|$)|[a-z0-9_-]+", re.ASCII)
_STARS: Final = re.compile(rb"\*\*+")
# All but the unreserved and reserved characters of RFC 3986, and escapes; "*" and "$" have a
# meaning in patterns, and are escaped where they stand for themselves.
_ODD: Final = re.compile(rb"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~:/?#\[\]@!&'()+,;=-]")
_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)
_IN_QUERY: Final = _UNRESERVED | frozenset(b":/?@[]")


class Patterns(NamedTuple):
    """Patterns without wildcards, and the others; from the longest on."""

    plain: tuple[bytes, ...]
    wild: tuple[bytes, ...]

    def longest(self, path: bytes, least: int = 1) -> int:
        """Octets of the longest pattern that matches, 0 where none of at least ``least`` does."""
        found = 0
        if path.startswith(self.plain):
            found = next(len(pattern) for pattern in self.plain if path.startswith(pattern))
        for pattern in self.wild:
            if len(pattern) < max(least, found + 1):
                break
            if _matches(pattern, path):
                return len(pattern)
        return found if found >= least else 0


class Group(NamedTuple):
    """Rules of the crawlers ``agents``, in lower case."""

    agents: frozenset[str]
    allow: Patterns
    disallow: Patterns


class Robots(NamedTuple):
    """What a robots.txt says. Without any group everything is allowed."""

    groups: tuple[Group, ...]

    def allows(self, agents: Sequence[str], path: str) -> bool:
        """Whether every one of the crawlers may fetch a path, query and all (section 2.2).

        A crawler obeys all groups that name it, or those of ``*`` where none does. The longest
        pattern that matches decides, of equally long ones the one that allows; /robots.txt itself
        is always allowed. ``agents``: product tokens, also with a version ("CCBot/2.0").
        """
        if not self.groups or path.partition("?")[0] == "/robots.txt":
            return True
        octets = _path(path)
        return all(_allowed(self._of(product_token(agent)), octets) for agent in agents)

    def forbids_anything(self) -> bool:
        """Whether there is a path that some crawler may not fetch."""
        return any(any(group.disallow) for group in self.groups)

    def _of(self, token: str) -> list[Group]:
        own = [group for group in self.groups if token in group.agents]
        return own or [group for group in self.groups if ANYONE in group.agents]


ALLOWED: Final = Robots(())
"""A file that is not there (status 4xx, section 2.3.1.3)."""
DISALLOWED: Final = Robots((Group(frozenset((ANYONE,)), Patterns((), ()), Patterns((b"/",), ())),))
"""A server that does not tell (status 5xx, section 2.3.1.4)."""


def parsed(content: bytes, agents: Sequence[str] | None = None) -> Robots:
    r"""Parse a file; never raises. With ``agents`` only their groups and those of ``*`` are kept.

    Lines that are no rules are passed over, blank ones too; rules before the first user-agent
    are nobody's.

    >>> parsed(b"User-agent: *\nDisallow: /a\nAllow: /a/b").allows(["CCBot"], "/a/b?c")
    True
    """
    wanted = None if agents is None else {ANYONE, *map(product_token, agents)}
    found: dict[frozenset[str], tuple[dict[bytes, None], dict[bytes, None]]] = {}
    for names, rules in _groups(content):
        kept = frozenset(names if wanted is None else wanted.intersection(names)) - {""}
        if kept:
            allow, disallow = found.setdefault(kept, ({}, {}))
            for kind, value in rules:
                if pattern := _pattern(value):
                    (allow if kind == "allow" else disallow)[pattern] = None
    return Robots(tuple(Group(kept, *map(_patterns, both)) for kept, both in found.items()))


def product_token(agent: str) -> str:
    """Return the name a crawler is looked up by, in lower case; "" for what is none.

    The RFC has letters, "_" and "-" only; crawlers as AI2Bot have digits too.

    >>> product_token("CCBot/2.0 (https://example.org)"), product_token("*"), product_token("*bot")
    ('ccbot', '*', '')
    """
    found = _TOKEN.match(agent.strip().lower())
    return found[0] if found else ""


def _groups(content: bytes) -> Iterator[tuple[list[str], list[tuple[str, bytes]]]]:
    """Names and rules of each group: a user-agent line behind a rule starts the next one."""
    names: list[str] = []
    rules: list[tuple[str, bytes]] = []
    for kind, value in _records(content):
        if kind == "agent":
            if rules:
                yield names, rules
                names, rules = [], []
            names.append(product_token(value.decode("latin-1")))
        elif names:
            rules.append((kind, value))
    if names:
        yield names, rules


def _records(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Kind and value of the lines that are records of the protocol."""
    text = content[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
    lines = text.split(b"\n")
    if len(content) > MAX_BYTES:
        lines.pop()  # half of a pattern would forbid more than the whole
    for line in lines:
        key, colon, value = line.partition(b"#")[0].partition(b":")
        kind = _KEYS.get(key.strip().lower()) if colon else None
        if kind:
            yield kind, value.strip()


def _pattern(value: bytes) -> bytes:
    """A pattern as paths are written, "$" in it only as its end; b"" for one that matches none."""
    if value[:1] not in (b"/", b"*"):
        return b""
    body = value.removesuffix(b"$")
    end = value[len(body) :]
    pattern = b"*".join(_written(_STARS.sub(b"*", body)).split(b"%2a")) + end
    return pattern if len(pattern) <= 2 * MAX_PATH_BYTES else b""


def _path(path: str) -> bytes:
    # Three octets may become one.
    octets = _written(path.encode("utf-8", "surrogatepass")[: 3 * (MAX_PATH_BYTES + 1)])
    octets = octets.replace(b"%2a", b"%2A")
    # No path holds the octet 0: one that is cut ends nowhere.
    return octets if len(octets) <= MAX_PATH_BYTES else octets[:MAX_PATH_BYTES] + b"\0"


def _written(octets: bytes) -> bytes:
    """A path or pattern in its one spelling; a bare "*" becomes "%2a", an escaped one "%2A".

    Unreserved characters are not escaped, in a query the delimiters of URIs neither; all that is no
    character of URIs is, in capitals (section 2.2.2).
    """
    if not _ODD.search(octets):
        return octets
    path, mark, query = octets.partition(b"?")
    return _ODD.sub(_in_path, path) + mark + _ODD.sub(_in_query, query)


def _in_path(found: re.Match[bytes], plain: frozenset[int] = _UNRESERVED) -> bytes:
    piece = found[0]
    if len(piece) == 1:
        return b"%2a" if piece == b"*" else b"%%%02X" % piece[0]
    octet = int(piece[1:], 16)
    return bytes((octet,)) if octet in plain else piece.upper()


def _in_query(found: re.Match[bytes]) -> bytes:
    return _in_path(found, _IN_QUERY)


def _patterns(found: Iterable[bytes]) -> Patterns:
    every = list(found)
    kept = filterfalse(_is_wild, every), islice(filter(_is_wild, every), MAX_WILD)
    plain, wild = (tuple(sorted(own, key=len, reverse=True)) for own in kept)
    return Patterns(plain, wild)


def _is_wild(pattern: bytes) -> bool:
    return b"*" in pattern or pattern.endswith(b"$")


def _allowed(groups: Sequence[Group], path: bytes) -> bool:
    forbidden = max((group.disallow.longest(path) for group in groups), default=0)
    return not forbidden or any(group.allow.longest(path, forbidden) for group in groups)


def _matches(pattern: bytes, path: bytes) -> bool:
    """Whether a wild pattern matches: each piece between stars at its first place."""
    star = pattern.find(b"*")
    if star > 0 and not path.startswith(pattern[:star]):
        return False
    body = pattern.removesuffix(b"$")
    at_end = len(body) < len(pattern)
    first, *pieces = body.split(b"*")
    if not pieces:
        return path == first
    at = len(first)
    for piece in pieces[:-1]:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    if at_end:
        return path.endswith(pieces[-1]) and len(path) - len(pieces[-1]) >= at
    return path.find(pieces[-1], at) >= 0
