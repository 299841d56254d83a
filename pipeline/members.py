"""Compressed members: the unit a compressed archive is built of, usually one for each record.

A codec can do two things with a member: inflate it whole from bytes at hand, which is fast and
says no to anything unusual, and open it for reading piece by piece, which is bounded and says what
was wrong. ``find_sync`` finds the next member that begins with a record: the places where reading
can start, in the middle of a file or after damage.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pipeline import arc, warc

PIECE_BYTES = 64 << 10
# Enough of a member to see whether a record starts in it (an ARC line may hold a long URL).
_START_BYTES = arc.MAX_LINE_BYTES
_SCAN_BYTES = 1 << 20


class Bytes(Protocol):
    """What reading needs of a source: its size in bytes, and bytes at a place."""

    @property
    def size(self) -> int:
        """Size in bytes."""

    def read_at(self, offset: int, n: int) -> bytes:
        """Return up to ``n`` bytes from ``offset``; fewer only at the end of the file."""


class HeldBytes:
    """Bytes in memory as a source."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def read_at(self, offset: int, n: int) -> bytes:
        """Return up to ``n`` bytes from ``offset``."""
        return self._data[offset : offset + n]


class Member(Protocol):
    """One member being read.

    ``position`` is how far the file has been read. ``end`` is where the next member should be:
    known when the member has been read whole, also when its checksum turned out to be wrong.
    """

    position: int
    end: int | None
    problem: str | None

    def read(self, limit: int) -> bytes:
        """Return the next bytes, ``limit`` at most; b"" at the end and from damage on."""


class Codec(NamedTuple):
    """A compression format: how its members begin, and the two ways to read them."""

    name: str
    magic: bytes
    # The content of a buffer that is exactly one healthy member of at most so many bytes.
    whole: Callable[[memoryview, int], bytes | None]
    open: Callable[[Bytes, int], Member]


def is_record_start(data: bytes) -> bool:
    """Whether a WARC or ARC record begins at the first byte of ``data``."""
    return warc.is_warc_start(data) or arc.is_arc_start(data)


def is_member(source: Bytes, codec: Codec, offset: int) -> bool:
    """Whether the bytes at ``offset`` are a member's first."""
    return source.read_at(offset, len(codec.magic)) == codec.magic


def is_sync(source: Bytes, codec: Codec, offset: int) -> bool:
    """Whether a member starts at ``offset`` and a record starts in its first byte."""
    if not is_member(source, codec, offset):
        return False
    return is_record_start(head_of(codec.open(source, offset)))


def head_of(member: Member) -> bytes:
    """Read the first bytes of a member, enough to see whether a record starts in it."""
    head = member.read(_START_BYTES)
    # Decoders may give their first bytes in small pieces, and an ARC line may be long.
    while len(head) < _START_BYTES and b"\n" not in head:
        more = member.read(_START_BYTES - len(head))
        if not more:
            break
        head += more
    return head


def find_sync(source: Bytes, codec: Codec, start: int, stop: int) -> int:
    """Find the first sync point in [start, stop); ``stop`` when there is none. One forward pass."""
    position = start
    while position < stop:
        chunk = source.read_at(position, _SCAN_BYTES)
        at = chunk.find(codec.magic)
        while at >= 0 and position + at < stop:
            if is_sync(source, codec, position + at):
                return position + at
            at = chunk.find(codec.magic, at + 1)
        if len(chunk) < _SCAN_BYTES:
            break
        position += len(chunk) - len(codec.magic) + 1
    return stop


def skippable_end(source: Bytes, offset: int) -> int | None:
    """Where the skippable frame at ``offset`` ends; None if there is none, or not all of it.

    zstd and LZ4 share the format: RFC 8878 section 3.1.2, magic 0x184D2A50 to 0x184D2A5F.
    """
    head = source.read_at(offset, 8)
    if len(head) < 8 or head[1:4] != b"\x2a\x4d\x18" or head[0] & 0xF0 != 0x50:
        return None
    end = offset + 8 + int.from_bytes(head[4:], "little")
    return end if end <= source.size else None
