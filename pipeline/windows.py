"""Forward windows: the bytes of a plain file, or of a run of members, read once and in bounds.

Both present the same few methods to the careful reader: look at what comes next, move on, say
where in the file that is.
"""

import re
from collections import deque
from typing import Final, Protocol

from pipeline.members import (
    PIECE_BYTES,
    Bytes,
    Codec,
    Member,
    find_sync,
    head_of,
    is_member,
    is_record_start,
)
from pipeline.record import Limits

# Stands for the bytes at a place beyond the end: no end of a record looks like it.
PAST_END: Final = b"past the end"
_PLAIN_BYTES = 1 << 20


class Window(Protocol):
    """Bytes still to be read, of which some are at hand."""

    problem: str | None

    @property
    def end_offset(self) -> int:
        """Where in the file reading goes on, once the end is reached."""

    @property
    def shortfall(self) -> str:
        """Why a block that reaches beyond the end does."""

    def peek(self, n: int) -> bytes:
        """Return the next ``n`` bytes; fewer only where the bytes end."""

    def skip(self, n: int) -> int:
        """Move on by up to ``n`` bytes; the number moved by."""

    def probe(self, distance: int, n: int) -> bytes | None:
        """``n`` bytes, or fewer at the end, from ``distance`` on; ``PAST_END`` if beyond it.

        None where it cannot be known without giving up the bytes before.
        """

    def place(self) -> tuple[int, int]:
        """Return the offset in the file, and within the inflated member, of the next byte."""


class PlainWindow:
    """The bytes of an uncompressed file from an offset on."""

    problem: str | None = None
    shortfall = "truncated_record"

    def __init__(self, source: Bytes, offset: int) -> None:
        self.end_offset = source.size
        self._source, self._at = source, offset
        self._base, self._held = offset, b""

    def peek(self, n: int) -> bytes:
        """Return the next ``n`` bytes."""
        held_to = self._base + len(self._held)
        if (self._at + n > held_to and held_to < self._source.size) or self._at > held_to:
            self._base = self._at
            self._held = self._source.read_at(self._at, max(n, _PLAIN_BYTES))
        start = self._at - self._base
        return self._held[start : start + n]

    def skip(self, n: int) -> int:
        """Move on by up to ``n`` bytes."""
        n = min(n, self._source.size - self._at)
        self._at += n
        return n

    def probe(self, distance: int, n: int) -> bytes | None:
        """``n`` bytes from ``distance`` on."""
        at = self._at + distance
        if at > self._source.size:
            return PAST_END
        if self._base <= at and at + n <= self._base + len(self._held):
            return self._held[at - self._base : at - self._base + n]
        return self._source.read_at(at, n)

    def place(self) -> tuple[int, int]:
        """Return the offset in the file, 0."""
        return self._at, 0


class MemberWindow:
    """What members hold, from the one at ``offset`` up to the next that begins with a record.

    ``problem`` says, once the end is reached, what ended it (None: nothing wrong), and
    ``end_offset`` where in the file reading goes on.
    """

    def __init__(
        self, source: Bytes, codec: Codec, offset: int, limits: Limits, patience: "Patience"
    ) -> None:
        self.problem: str | None = None
        self.end_offset = -1
        self._source, self._codec, self._limits = source, codec, limits
        self._patience = patience
        self._held = bytearray()
        self._inflated = 0  # bytes handed out by members so far; the last is the held ones' end
        self._starts = deque([(0, offset)])  # (inflated position, file offset) of members
        self._mark = (0, offset)
        self._member: Member = codec.open(source, offset)

    @property
    def shortfall(self) -> str:
        """What ended the members, or that a claimed length is wrong."""
        return self.problem or "content_length_mismatch"

    def peek(self, n: int) -> bytes:
        """Return the next ``n`` bytes."""
        while len(self._held) < n and self.end_offset < 0:
            self._fill()
        return bytes(memoryview(self._held)[:n])

    def skip(self, n: int) -> int:
        """Move on by up to ``n`` bytes."""
        left = n
        while left and (self._held or self.end_offset < 0):
            moved = min(left, len(self._held))
            del self._held[:moved]
            left -= moved
            if left and self.end_offset < 0:
                self._fill()
        return n - left

    def probe(self, distance: int, n: int) -> bytes | None:
        """``n`` bytes from ``distance`` on, within what a record may hold in memory."""
        seen = min(distance, self._limits.max_block_bytes) + n
        while len(self._held) < seen and self.end_offset < 0:
            self._fill()
        if distance > len(self._held):
            return PAST_END if self.end_offset >= 0 else None
        return bytes(memoryview(self._held)[distance : distance + n])

    def place(self) -> tuple[int, int]:
        """Return the offset of the member that holds the next byte, and the byte's place in it."""
        at = self._inflated - len(self._held)
        while len(self._starts) > 1 and self._starts[1][0] <= at:
            self._starts.popleft()
        self._mark = (self._inflated, self._member.position)
        return self._starts[0][1], at - self._starts[0][0]

    def _fill(self) -> None:
        """One piece more, or the end."""
        piece = self._member.read(PIECE_BYTES)
        if piece:
            self._take(piece)
        elif self._member.problem is not None or self._member.end is None:
            self._end_at_damage()
        else:
            self._next_member(self._member.end)

    def _take(self, piece: bytes) -> None:
        self._held += piece
        self._inflated += len(piece)
        made = self._inflated - self._mark[0]
        if made > self._limits.max_dropped_bytes:
            read = max(self._member.position - self._mark[1], 1)
            if made > self._limits.max_ratio * read:
                self.problem = "record_too_large"
                # A damaged frame may have been read ahead of, over its successors.
                start = self._patience.resume(self._starts[-1][1] + 1, self._member.position)
                self.end_offset = find_sync(self._source, self._codec, start, self._source.size)

    def _end_at_damage(self) -> None:
        self.problem = self._member.problem
        # A damaged member may have been inflated far into its successors, even to the end of one:
        # so its own end is not to be trusted either.
        read_to = self._member.end or self._member.position
        start = self._patience.resume(self._starts[-1][1] + 1, read_to)
        self.end_offset = find_sync(self._source, self._codec, start, self._source.size)

    def _next_member(self, start: int) -> None:
        source, codec = self._source, self._codec
        empty = self._starts[-1][0] == self._inflated
        if empty:
            start = _end_of_run(source, self._starts[-1][1], start)
        if start >= source.size or not is_member(source, codec, start):
            self.end_offset = start
            return
        member = codec.open(source, start)
        first = head_of(member)
        if is_record_start(first):
            self.end_offset = start
            return
        if empty:
            self._starts.pop()
        self._starts.append((self._inflated, start))
        self._member = member
        if first:
            self._take(first)


def _end_of_run(source: Bytes, start: int, end: int) -> int:
    """Where the run of copies of the empty member [start, end) ends; a file may hold millions."""
    unit = source.read_at(start, end - start)
    if not 0 < len(unit) <= 64:
        return end
    run = re.compile(b"(?:" + re.escape(unit) + b")*")
    while True:
        match = run.match(source.read_at(end, (1 << 20) // len(unit) * len(unit)))
        if match is None or match.end() == 0:
            return end
        end += match.end()


class Patience:
    """How much damaged input may be read again in search of records inside it.

    Without a bound, members nested in stored blocks of damaged members make reading quadratic.
    """

    def __init__(self, size: int) -> None:
        self._left = 4 * size + (16 << 20)

    def resume(self, first: int, last: int) -> int:
        """Where to search from: ``first``, or ``last`` when too much has been read twice."""
        self._left -= max(last - first, 0)
        return first if self._left >= 0 else max(first, last)
