"""LZ4 frames (the frame format of lz4.org): whole, or in bounded pieces."""

import lz4.frame

from pipeline.members import PIECE_BYTES, Bytes, Codec

MAGIC = b"\x04\x22\x4d\x18"


def whole(frame: memoryview, limit: int) -> bytes | None:
    """Return the content of ``frame`` if it is one healthy frame of at most ``limit`` bytes."""
    decoder = lz4.frame.LZ4FrameDecompressor()
    try:
        content: bytes = decoder.decompress(frame, max_length=limit)
    except RuntimeError:
        return None
    return content if decoder.eof and not decoder.unused_data else None


class Lz4Frame:
    """An LZ4 frame read piece by piece; see ``members.Member``."""

    def __init__(self, source: Bytes, offset: int) -> None:
        self.position = offset
        self.end: int | None = None
        self.problem: str | None = None
        self._source = source
        self._decoder = lz4.frame.LZ4FrameDecompressor()
        self._step = 4 << 10

    def read(self, limit: int) -> bytes:
        """Return the next bytes, ``limit`` at most."""
        while self.problem is None and self.end is None:
            data = b""
            if self._decoder.needs_input:
                data = self._source.read_at(self.position, self._step)
                self.position += len(data)
                self._step = min(self._step * 4, PIECE_BYTES)
                if not data:
                    self.problem = "truncated_member"
                    return b""
            try:
                content: bytes = self._decoder.decompress(data, max_length=limit)
            except RuntimeError:
                self.problem = "corrupt_member"
                return b""
            if self._decoder.eof:
                self.position -= len(self._decoder.unused_data or b"")
                self.end = self.position
            if content:
                return content
        return b""


LZ4 = Codec("lz4", MAGIC, whole, Lz4Frame)
