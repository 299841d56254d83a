"""The zoo's ways of making archives: a hostile record between two canaries, which must be read.

Cases are in ``zoo_containers``, ``zoo_headers``, ``zoo_http``, ``zoo_charsets`` and ``zoo_markup``;
every case is made of code, the same each time. A bug found later adds a case with its name.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

DATE = "2025-03-01T00:00:00Z"
SENTENCE = "Whoever walks the harbour wall at low tide may count eleven iron rings."
PROSE = (
    f"{SENTENCE} The oldest of them was set when the fleet still sailed for herring, and the "
    "newest when the ferry came. Nobody has moored a boat to any of them for thirty years, but "
    "the children of the town swim out to touch the last one, and they say that it brings luck. "
)
EMAIL = "zoo.canary@wobblemail.com"
PHONE = "+44 20 7183 8750"


class Case(NamedTuple):
    """An archive: what must be read of it, and what must be said of the rest.

    ``problems`` must all be among the problems of the reader's rows and the reasons and notes of
    the ledger. ``says`` must be in the text of the hostile page; ``fates`` are what may become of
    it (None: extracted), nothing where it has no page.
    """

    name: str
    data: Callable[[], bytes]
    problems: tuple[str, ...] = ()
    canaries: str = "AB"
    says: str | None = None
    fates: tuple[str | None, ...] = ()


def page(text: str = PROSE * 3, head: str = "", body: str = "") -> str:
    """An ordinary page, with something in its head or before its text."""
    return (
        f"<html lang=en><head><title>Rings</title>{head}</head><body>{body}"
        f"<article><h1>Rings</h1><p>{text}</p></article></body></html>"
    )


def http(
    body: bytes, *fields: str, status: str = "HTTP/1.1 200 OK", kind: str | None = "text/html"
) -> bytes:
    """A response: status line, fields, body."""
    lines = [status, *([f"Content-Type: {kind}"] if kind else []), *fields]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n" + body


def record(
    block: bytes,
    *fields: str | bytes,
    uri: str | bytes | None = "https://zoo.example/hostile",
    kind: str | None = "response",
    length: str | None = "",
    version: bytes = b"WARC/1.1",
    end: bytes = b"\r\n",
    tail: bytes = b"\r\n\r\n",
) -> bytes:
    """A record; a ``length`` of None is left out, '' is the true one."""
    lines: list[bytes] = [version]
    if kind is not None:
        lines.append(b"WARC-Type: " + kind.encode())
    if uri is not None:
        lines.append(b"WARC-Target-URI: " + (uri if isinstance(uri, bytes) else uri.encode()))
    if not any(b"date" in _bytes(f).lower()[:10] for f in fields):
        lines.append(b"WARC-Date: " + DATE.encode())
    lines += [_bytes(field) for field in fields]
    if length is not None:
        lines.append(b"Content-Length: " + (length.encode() or b"%d" % len(block)))
    return end.join(lines) + end + end + block + tail


def _bytes(field: str | bytes) -> bytes:
    return field if isinstance(field, bytes) else field.encode()


def canary(name: str) -> bytes:
    """A healthy record that names itself."""
    body = page(f"{PROSE * 2} Canary {name} sings.").encode()
    return record(http(body, kind="text/html; charset=utf-8"), uri=f"https://zoo.example/{name}")


def gz(data: bytes, level: int = 6) -> bytes:
    """One gzip member."""
    return gzip.compress(data, level, mtime=0)


def deflated(pieces: Iterable[bytes], bits: int, level: int = 9) -> bytes:
    """zlib's formats by ``wbits``, from pieces that need not all be in memory."""
    packer = zlib.compressobj(level, zlib.DEFLATED, bits)
    return b"".join(packer.compress(piece) for piece in pieces) + packer.flush()


def zipped(*records: bytes) -> bytes:
    """A gzip archive, one member a record."""
    return b"".join(gz(one) for one in records)


def between(hostile: bytes) -> bytes:
    """A gzip archive: canary A, the hostile record, canary B."""
    return zipped(canary("A"), hostile, canary("B"))


def between_raw(hostile: bytes) -> bytes:
    """The same around bytes that are no record of their own member."""
    return gz(canary("A")) + hostile + gz(canary("B"))


def plain_between(hostile: bytes) -> bytes:
    """An uncompressed archive: canary A, the hostile record, canary B."""
    return canary("A") + hostile + canary("B")


def response(
    name: str,
    body: Callable[[], bytes],
    *fields: str,
    kind: str | None = "text/html; charset=utf-8",
    status: str = "HTTP/1.1 200 OK",
    says: str | None = None,
    fates: tuple[str | None, ...] = (None,),
    problems: tuple[str, ...] = (),
) -> Case:
    """A case whose record is sound and whose response is not."""

    def data() -> bytes:
        return between(record(http(body(), *fields, status=status, kind=kind)))

    return Case(name, data, problems, says=says, fates=fates)
