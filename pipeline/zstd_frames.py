"""zstd frames (RFC 8878), one for each record, as .warc.zst files have them.

A file may open with its dictionary in a skippable frame
(https://iipc.github.io/warc-specifications/specifications/warc-zstd/); every frame then uses it.
The decoder does not say how much input it took, so a frame's end is found first, from its block
headers and without inflating anything.
"""

from functools import partial
from typing import IO, cast

import zstandard

from pipeline.members import Bytes, Codec, Member, skippable_end

MAGIC = b"\x28\xb5\x2f\xfd"
_DICTIONARY_MAGIC = b"\x5d\x2a\x4d\x18"
_MAX_DICTIONARY_BYTES = 16 << 20
_MAX_WINDOW_BYTES = 128 << 20  # what zstd's own command line allows
_MAX_FRAME_HEADER_BYTES = 18
# Blocks hold up to 128 KiB: a frame of so many tiny ones was made to waste time.
_MAX_BLOCKS = 1 << 20


def frame_end(source: Bytes, offset: int) -> tuple[int | None, str | None]:
    """(where the frame at ``offset`` ends, None), or (None, what is wrong with it)."""
    header = source.read_at(offset, _MAX_FRAME_HEADER_BYTES)
    try:
        at = offset + zstandard.frame_header_size(header)
        checksum_bytes = 4 if zstandard.get_frame_parameters(header).has_checksum else 0
    except zstandard.ZstdError:
        short = len(header) < _MAX_FRAME_HEADER_BYTES
        return None, "truncated_member" if short else "corrupt_member"
    base, window = at, b""
    for _ in range(_MAX_BLOCKS):
        if not base <= at <= base + len(window) - 3:
            base, window = at, source.read_at(at, 4096)
            if len(window) < 3:
                return None, "truncated_member"
        block = int.from_bytes(window[at - base : at - base + 3], "little")
        kind = block >> 1 & 3
        if kind == 3:
            return None, "corrupt_member"
        at += 3 + (1 if kind == 1 else block >> 3)
        if block & 1:
            end = at + checksum_bytes
            return (end, None) if end <= source.size else (None, "truncated_member")
    return None, "corrupt_member"


class _Span:
    """Bytes [position, stop) of a source as a file the decoder can read."""

    def __init__(self, source: Bytes, start: int, stop: int) -> None:
        self.source, self.position, self.stop = source, start, stop

    def read(self, n: int = -1) -> bytes:
        left = self.stop - self.position
        data = self.source.read_at(self.position, left if n < 0 else min(n, left))
        self.position += len(data)
        return data


class ZstdFrame:
    """A zstd frame read piece by piece; see ``members.Member``."""

    def __init__(
        self, decoder: zstandard.ZstdDecompressor, dictionary_id: int, source: Bytes, offset: int
    ) -> None:
        self.position = offset
        self.end: int | None = None
        end, self.problem = frame_end(source, offset)
        self._broken = self.problem
        if self.problem == "truncated_member":
            # What there is of the frame can still be read; the problem stands at its end.
            end, self.problem = source.size, None
        self._end = end
        if self.problem is None:
            self._check(source.read_at(offset, _MAX_FRAME_HEADER_BYTES), dictionary_id)
        self._span = _Span(source, offset, end or offset)
        # Typed as a file; it uses nothing but read().
        self._reader = decoder.stream_reader(cast("IO[bytes]", self._span), read_size=16 << 10)

    def _check(self, header: bytes, dictionary_id: int) -> None:
        try:
            frame = zstandard.get_frame_parameters(header)
        except zstandard.ZstdError:
            self.problem = self._broken
            return
        if frame.window_size > _MAX_WINDOW_BYTES:
            self.problem, self.end = "unsupported_compression", self._end
        elif frame.dict_id not in (0, dictionary_id):
            self.problem, self.end = "missing_dictionary", self._end

    def read(self, limit: int) -> bytes:
        """Return the next bytes, ``limit`` at most."""
        if self.problem is not None or self.end is not None:
            return b""
        try:
            data = self._reader.read(limit)
        except zstandard.ZstdError:
            self.problem, data = "corrupt_member", b""
        self.position = self._span.position
        if not data:
            self.problem = self.problem or self._broken
            self.end = self.position = self._end or self.position
        return data


def _whole(decoder: zstandard.ZstdDecompressor, frame: memoryview, limit: int) -> bytes | None:
    """Return the content of ``frame`` if it is one healthy frame of at most ``limit`` bytes."""
    try:
        header = zstandard.get_frame_parameters(frame[:_MAX_FRAME_HEADER_BYTES])
        # The decoder trusts the header for how much to allocate; without a size there it is slow.
        if not 0 < header.content_size <= limit:
            return None
        return decoder.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError:
        return None


def zstd_codec(source: Bytes) -> Codec:
    """Return the codec for ``source``, with the dictionary it opens with, if it does."""
    dictionary = _dictionary(source)
    decoder = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=_MAX_WINDOW_BYTES)
    dictionary_id = 0 if dictionary is None else dictionary.dict_id()

    def opened(source: Bytes, offset: int) -> Member:
        return ZstdFrame(decoder, dictionary_id, source, offset)

    return Codec("zstd", MAGIC, partial(_whole, decoder), opened)


def _dictionary(source: Bytes) -> zstandard.ZstdCompressionDict | None:
    end = skippable_end(source, 0)
    if source.read_at(0, 4) != _DICTIONARY_MAGIC or end is None or end > _MAX_DICTIONARY_BYTES:
        return None
    raw = source.read_at(8, end - 8)
    if raw[:4] == MAGIC:  # the dictionary may itself be compressed
        try:
            reader = zstandard.ZstdDecompressor().stream_reader(raw)
            raw = reader.read(_MAX_DICTIONARY_BYTES)
        except zstandard.ZstdError:
            return None
    return zstandard.ZstdCompressionDict(raw, dict_type=zstandard.DICT_TYPE_AUTO) if raw else None
