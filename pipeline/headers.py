"""Header blocks, ``Name: value`` lines as WARC and HTTP write them, read without trusting them.

Lines may end in CRLF or LF, may be folded (RFC 9112 section 5.2), and may hold any byte. Control
characters are escaped as they are read: a header value ends up in tables, reports and logs, and
none of those should have to know what an escape sequence does to a terminal.
"""

import re

_UNPRINTED = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_FOLD = re.compile("\r?\n[ \t]+")
# Every byte of a header block that needs no care: printable ASCII, tab, CR and LF.
_CARELESS = bytes(range(0x20, 0x7F)) + b"\t\r\n"


def escape_controls(text: str) -> str:
    r"""``text`` with control, line-separating and direction-changing characters as ``\xNN``.

    >>> escape_controls("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return _UNPRINTED.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def header_lines(text: str) -> list[tuple[str, str]]:
    """List names as written and values; folds joined, lines without a colon left out."""
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    pairs = []
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            pairs.append((escape_controls(name.strip()), escape_controls(value.strip())))
    return pairs


def first_values(head: bytes) -> dict[str, str]:
    """Lower-cased names with the first value each has; UTF-8, or Latin-1 where it is not UTF-8.

    Plain ASCII without folds, which is nearly every header, takes the short way.
    """
    fields: dict[str, str] = {}
    if _careless(head):
        for line in head.decode("ascii").split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        return fields
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    for name, value in header_lines(text):
        fields.setdefault(name.lower(), value)
    return fields


def _careless(head: bytes) -> bool:
    """Whether no value needs escaping or joining; a CR that ends no line does."""
    return (
        not head.translate(None, _CARELESS)
        and b"\n " not in head
        and b"\n\t" not in head
        and head.count(b"\r") == head.count(b"\r\n") + head.endswith(b"\r")
    )


def blank_line(data: bytes, start: int = 0, stop: int | None = None) -> tuple[int, int] | None:
    """Where the header block that begins at ``start`` ends, and where what follows it begins.

    None when no empty line stands before ``stop``. Linear: both searches are ``bytes.find``.
    """
    stop = len(data) if stop is None else min(stop, len(data))
    crlf = data.find(b"\n\r\n", start, stop)
    bare = data.find(b"\n\n", start, stop if crlf < 0 else crlf + 1)
    if bare >= 0:
        return bare, bare + 2
    return (crlf, crlf + 3) if crlf >= 0 else None
