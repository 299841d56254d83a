"""HTTP content codings, undone within a bound and without believing the label.

Crawlers store what servers sent and servers send anything: plain text labelled gzip, raw deflate
labelled deflate, bombs, half a body. A coding that does not fit gives None and the caller keeps
the bytes; a damaged one gives what could be read.
"""

import zlib
from typing import NamedTuple

import brotli
import zstandard

from pipeline.gzip_members import MAGIC as GZIP_MAGIC
from pipeline.gzip_members import GzipMember, salvage
from pipeline.media import looks_like_text
from pipeline.members import HeldBytes
from pipeline.zstd_frames import frame_end

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's wbits
_MAX_WINDOW_BYTES = 128 << 20
_PIECE_BYTES = 64 << 10

# Registered, but not read: nothing in use writes them, or they need what the archive has not.
UNSUPPORTED = frozenset({"compress", "x-compress", "dcb", "dcz", "sdch", "exi", "pack200-gzip"})


class Decoded(NamedTuple):
    """Decoded bytes; ``cut`` when the limit or the end of the input came first or data was bad."""

    body: bytes
    cut: bool


def decode(coding: str, data: bytes, limit: int) -> Decoded | None:
    """Undo ``coding`` (lower case) and give ``limit`` bytes at most; None if ``data`` is not in it.

    KeyError for a coding that is not in ``DECODERS``.
    """
    return DECODERS[coding](data, limit)


def _gzip(data: bytes, limit: int) -> Decoded | None:
    if data[:2] != b"\x1f\x8b":
        return None
    inflate = zlib.decompressobj(_GZIP)
    try:
        body = inflate.decompress(data, limit)
    except zlib.error:
        return _gzip_members(data, limit)
    if inflate.unused_data.startswith(GZIP_MAGIC):
        return _gzip_members(data, limit)
    return Decoded(body, not inflate.eof)


def _gzip_members(data: bytes, limit: int) -> Decoded:
    """Decode damaged members, or several: RFC 1952 allows that, and there may be millions."""
    out, source, at = bytearray(), HeldBytes(data), 0
    while data.startswith(GZIP_MAGIC, at):
        member = GzipMember(source, at)
        while piece := member.read(min(_PIECE_BYTES, limit + 1 - len(out))):
            out += piece
            if len(out) > limit:
                return Decoded(bytes(out[:limit]), True)
        if member.problem is not None or member.end is None:
            return Decoded(bytes(out), True)
        at = member.end
    return Decoded(bytes(out), False)


def _deflate(data: bytes, limit: int) -> Decoded | None:
    """Zlib's format, as RFC 9110 says, or raw deflate, as some servers send."""
    zlib_header = len(data) > 1 and data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    for bits in (_ZLIB, _RAW) if zlib_header else (_RAW,):
        body, cut = _inflate(data, bits, limit)
        if body and (not cut or not looks_like_text(data)):
            return Decoded(body, cut)
    return None


def _inflate(data: bytes, bits: int, limit: int) -> Decoded:
    inflate = zlib.decompressobj(bits)
    try:
        return Decoded(inflate.decompress(data, limit), not inflate.eof)
    except zlib.error:
        return Decoded(salvage(zlib.decompressobj(bits), data, limit), True)


def _brotli(data: bytes, limit: int) -> Decoded | None:
    decoder, out, at = brotli.Decompressor(), bytearray(), 0
    try:
        while not decoder.is_finished() and len(out) < limit:
            piece = data[at : at + _PIECE_BYTES] if decoder.can_accept_more_data() else b""
            at += len(piece)
            more = decoder.process(piece, output_buffer_limit=limit - len(out))
            # It may hold back output although it would take input: ask until nothing comes.
            if not more and not piece:
                break
            out += more
    except brotli.error:
        at = -1
    # There is no magic number: what does not end well must at least not be text.
    whole = at >= 0 and decoder.is_finished()
    if not whole and (not out or looks_like_text(data)):
        return None
    return Decoded(bytes(out[:limit]), not whole or len(out) > limit)


def _zstd(data: bytes, limit: int) -> Decoded | None:
    if data[:4] != b"\x28\xb5\x2f\xfd":
        return None
    decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
    out, bad = bytearray(), False
    reader = decoder.stream_reader(data, read_across_frames=True)
    try:
        # One byte more than wanted tells a body of just the limit from a longer one.
        while len(out) <= limit and (piece := reader.read(min(_PIECE_BYTES, limit + 1 - len(out)))):
            out += piece
    except zstandard.ZstdError:
        bad = True
    complete = not bad and len(out) <= limit and frame_end(HeldBytes(data), 0)[0] is not None
    return Decoded(bytes(out[:limit]), not complete)


DECODERS = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
