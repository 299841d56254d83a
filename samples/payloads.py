"""The bytes of responses: encoded pages, and tiny valid files that are not pages."""

from __future__ import annotations

import struct
import zlib

import brotli
import zstandard

_GZIP = 16 + zlib.MAX_WBITS
_CHUNK_BYTES = 1200


def gzipped(data: bytes) -> bytes:
    """Return `data` as one gzip member without a time stamp."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return packer.compress(data) + packer.flush()


def zstd(data: bytes) -> bytes:
    """Return `data` as one zstd frame that states its size and a checksum."""
    return zstandard.ZstdCompressor(level=10, write_checksum=True).compress(data)


def chunked(data: bytes) -> bytes:
    """Return `data` as the chunks of an HTTP/1.1 transfer (RFC 9112, section 7.1)."""
    pieces = (data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def encoded(data: bytes, codings: tuple[str, ...]) -> bytes:
    """Return `data` after each named coding in turn."""
    apply = {"gzip": gzipped, "br": brotli.compress, "zstd": zstd, "chunked": chunked}
    for coding in codings:
        data = apply[coding](data)
    return data


def png(side: int = 8) -> bytes:
    """Return a valid greyscale image: a diagonal ramp of `side` by `side` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = b"".join(
        b"\0" + bytes((x + y) * 255 // (2 * side - 2) for x in range(side)) for y in range(side)
    )
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def gif() -> bytes:
    """Return a valid one-pixel transparent image, the kind that counts visits."""
    return (
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff"
        b"!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
    )


def pdf(lines: list[str]) -> bytes:
    """Return a valid one-page document that shows ASCII `lines` in Helvetica."""
    shown = "".join(f"({line}) Tj T* " for line in lines)
    drawing = f"BT /F1 12 Tf 16 TL 56 780 Td {shown}ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
    return out + tail % (count, table, count) + b"startxref\n%d\n%%%%EOF\n" % len(out)
