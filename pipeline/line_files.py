"""Lines of a zstd file, streamed in bounded memory, with every byte of the file accounted for.

A line has no place of its own in a compressed file. So the file is inflated in steps of 1 KiB, and
of the lines that end in a step the last answers for the bytes since the line before them, the
others for none, as records do that share a compressed member. Steps start at the file's first byte
whoever reads it: a line has the same number and place for every reader.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import zstandard

from pipeline.members import Bytes

SUFFIX: Final = ".zst"
STEP_BYTES: Final = 1 << 10
"""At most 342 blocks of 128 KiB inflate from a step: 43 MiB."""
_CHUNK_BYTES: Final = 1 << 20
_MAX_WINDOW_BYTES: Final = 128 << 20  # what zstd's own command line allows
_MAX_RATIO: Final = 300
_FREE_BYTES: Final = 32 << 20
"""Bytes that may inflate at any ratio before one that text never has is taken for a bomb."""
_MIN_LINE_BYTES: Final = 8
"""Less than that holds no document: ``{"t":""}``."""
MAX_EMPTY_IN_A_ROW: Final = 1000


class Line(NamedTuple):
    """A line without its end; ``data`` is None where it is longer than the limit.

    ``number`` counts from 1; ``offset`` and ``length`` are bytes of the file it answers for.
    """

    number: int
    offset: int
    length: int
    data: bytes | None


class ZstdLines:
    """The lines of a file, to be iterated over once.

    ``count`` lines were given so far; ``reported`` bytes of the file belong to them. At the end
    ``problem`` is None, or says why the file could not be read on: a reason of
    ``record.REASONS``. ArchiveError where its bytes cannot be had.
    """

    def __init__(self, source: Bytes, max_line_bytes: int) -> None:
        self._source, self._most = source, max_line_bytes
        self._position = 0
        self.count = self.reported = 0
        self.problem: str | None = None

    def __iter__(self) -> Iterator[Line]:
        held: Line | None = None
        opened, empty = _Open(self._most), 0
        for piece in self._inflated():
            start, end = 0, piece.find(b"\n")
            while end >= 0:
                following = piece.find(b"\n", end + 1)
                opened.add(piece, start, end)
                empty = empty + 1 if opened.size < _MIN_LINE_BYTES else 0
                if held is not None:
                    yield self._given(held)
                held = self._line(opened, held, last=following < 0)
                start, end = end + 1, following
                if empty > MAX_EMPTY_IN_A_ROW:
                    self.problem = "bad_line"
                    return
            opened.add(piece, start, len(piece))
        if opened.size and self.problem is None:
            # The bytes of the last step are the last line's, which may have no end.
            if held is not None:
                yield self._given(held._replace(length=0))
            start = self.reported
            yield self._given(Line(self.count + 1, start, self._position - start, opened.taken()))
        elif held is not None:
            yield self._given(held)

    def _line(self, opened: "_Open", before: Line | None, *, last: bool) -> Line:
        number, offset = (before.number + 1, before.offset + before.length) if before else (1, 0)
        return Line(number, offset, self._position - offset if last else 0, opened.taken())

    def _given(self, line: Line) -> Line:
        self.count, self.reported = line.number, line.offset + line.length
        return line

    def _inflated(self) -> Iterator[bytes]:
        """What each step inflates to; ``_position`` is behind the step."""
        inflated, decoder = 0, None
        for end, left in self._steps():
            while left:
                if decoder is None:
                    decoder = zstandard.ZstdDecompressor(
                        max_window_size=_MAX_WINDOW_BYTES
                    ).decompressobj()
                try:
                    piece = decoder.decompress(left)
                except zstandard.ZstdError as error:
                    asks = "memory" in str(error)
                    self.problem = "unsupported_compression" if asks else "corrupt_member"
                    return
                left = decoder.unused_data if decoder.eof else b""  # noqa: PLW2901
                decoder = None if decoder.eof else decoder
                self._position = end - len(left)
                inflated += len(piece)
                yield piece
                if inflated > _FREE_BYTES + _MAX_RATIO * self._position:
                    self.problem = "unsupported_compression"
                    return
        if decoder is not None:
            self.problem = "truncated_member"

    def _steps(self) -> Iterator[tuple[int, bytes]]:
        for base in range(0, self._source.size, _CHUNK_BYTES):
            chunk = self._source.read_at(base, _CHUNK_BYTES)
            for at in range(0, len(chunk), STEP_BYTES):
                step = chunk[at : at + STEP_BYTES]
                yield base + at + len(step), step


class _Open:
    """The line that is being read, no more than ``most`` bytes of it."""

    def __init__(self, most: int) -> None:
        self._most, self._parts, self.size = most, list[bytes](), 0

    def add(self, piece: bytes, start: int, end: int) -> None:
        self.size += end - start
        if self.size <= self._most:
            self._parts.append(piece[start:end])
        else:
            self._parts.clear()

    def taken(self) -> bytes | None:
        data = b"".join(self._parts) if self.size <= self._most else None
        self._parts, self.size = [], 0
        return data
