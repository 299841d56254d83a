"""gzip members (RFC 1952): whole and fast, or in bounded pieces and careful.

The careful way inflates raw deflate and checks the trailer itself. zlib does both in one, but then
a wrong checksum costs the bytes of the whole last call.
"""

import importlib
import importlib.util
import zlib
from types import ModuleType

from pipeline.members import PIECE_BYTES, Bytes, Codec

MAGIC = b"\x1f\x8b\x08"
_RAW_DEFLATE = -15
_GZIP = 31
_MAX_HEADER_BYTES = 128 << 10
_FIRST_READ_BYTES = 4 << 10
_SALVAGE_STEP_BYTES = 64


def _inflater() -> ModuleType:
    """Return isal where it is installed: zlib's interface at more than twice its speed."""
    if importlib.util.find_spec("isal") is not None:
        return importlib.import_module("isal.isal_zlib")
    return zlib


_FAST = _inflater()


def whole(member: memoryview, limit: int) -> bytes | None:
    """Return the content of ``member`` if it is one healthy member of at most ``limit`` bytes."""
    if _unknown_flags(member[:4]):  # isal reads on, and would differ from the careful way
        return None
    inflate = _FAST.decompressobj(_GZIP)
    try:
        content: bytes = inflate.decompress(member, limit)
    except _FAST.error:
        return None
    return content if inflate.eof and not inflate.unused_data else None


def _unknown_flags(header: bytes | memoryview) -> bool:
    """Whether a header sets reserved flags, which RFC 1952 section 2.3.1.2 makes an error."""
    return len(header) > 3 and header[3] & 0xE0 != 0


def body_start(header: bytes) -> int | None:
    """Length in bytes of the gzip header ``header`` begins with; None if it is cut or is none."""
    if header[:3] != MAGIC or len(header) < 10 or _unknown_flags(header):
        return None
    flags, at = header[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(header[at : at + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            at = header.find(b"\0", at) + 1
            if at == 0:
                return None
    at += 2 if flags & 2 else 0
    return at if at < len(header) else None


def salvage(inflate: "zlib._Decompress", data: bytes, limit: int) -> bytes:
    """Return what ``inflate`` gives of ``data`` before it fails, to the last byte.

    zlib keeps nothing of a call that fails: so find the step that does, and go up to it again.
    """
    again, out = inflate.copy(), bytearray()
    for at in range(0, len(data), _SALVAGE_STEP_BYTES):
        try:
            out += inflate.decompress(data[at : at + _SALVAGE_STEP_BYTES], limit - len(out))
        except zlib.error:
            break
        if len(out) >= limit:
            return bytes(out)
    good = again.decompress(data[:at], limit) if at else b""
    out = bytearray(good)
    for i in range(at, len(data)):
        try:
            out += again.decompress(data[i : i + 1], max(limit - len(out), 1))
        except zlib.error:
            break
    return bytes(out[:limit])


class GzipMember:
    """A gzip member read piece by piece; see ``members.Member``."""

    def __init__(self, source: Bytes, offset: int) -> None:
        self.position = offset
        self.end: int | None = None
        self.problem: str | None = None
        self._source = source
        self._inflate = zlib.decompressobj(_RAW_DEFLATE)
        self._step = _FIRST_READ_BYTES
        self._pending = b""
        self._starved = True  # whether the inflater needs input before it can give more
        self._checksum = self._size = 0
        self._start(offset)

    def _start(self, offset: int) -> None:
        header = self._source.read_at(offset, self._step)
        at = body_start(header)
        if at is None:
            header = self._source.read_at(offset, _MAX_HEADER_BYTES)
            at = body_start(header)
        if at is None:
            cut = len(header) < _MAX_HEADER_BYTES and not _unknown_flags(header)
            self.problem = "truncated_member" if cut else "corrupt_member"
            return
        self._pending, self._starved = header[at:], False
        self.position = offset + len(header)

    def read(self, limit: int) -> bytes:
        """Return the next bytes, ``limit`` at most."""
        while self.problem is None and self.end is None:
            if self._starved and not self._refill():
                break
            data = self._inflated(limit)
            if data or self.problem is not None:
                return data
        return b""

    def _refill(self) -> bool:
        self._pending = self._source.read_at(self.position, self._step)
        self.position += len(self._pending)
        self._step = min(self._step * 4, PIECE_BYTES)
        if not self._pending:
            self.problem = "truncated_member"
        return bool(self._pending)

    def _inflated(self, limit: int) -> bytes:
        before = self._inflate.copy()
        try:
            data = self._inflate.decompress(self._pending, limit)
        except zlib.error:
            self.problem = "corrupt_member"
            return salvage(before, self._pending, limit)
        self._checksum = zlib.crc32(data, self._checksum)
        self._size += len(data)
        self._pending = self._inflate.unconsumed_tail
        # At the limit zlib may hold more output although it has taken all input.
        self._starved = not self._pending and len(data) < limit
        if self._inflate.eof:
            self._finish()
        return data

    def _finish(self) -> None:
        trailer_at = self.position - len(self._inflate.unused_data)
        trailer = self._source.read_at(trailer_at, 8)
        if len(trailer) < 8:
            self.problem = "truncated_member"
            return
        self.position = self.end = trailer_at + 8
        expected = self._checksum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(
            4, "little"
        )
        if trailer != expected:
            self.problem = "corrupt_member"


GZIP = Codec("gzip", MAGIC, whole, GzipMember)
