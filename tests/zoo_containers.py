"""Archives that are damaged, nested, of many kinds, or bombs."""

import hashlib
import struct

import lz4.frame
import zstandard
from zoo import (
    PROSE,
    Case,
    between,
    between_raw,
    canary,
    deflated,
    gz,
    http,
    page,
    plain_between,
    record,
    zipped,
)

HOSTILE = record(http(page().encode()))
MIB = 1 << 20


def noise(size: int, seed: str = "noise") -> bytes:
    """Bytes that do not compress."""
    blocks = (hashlib.sha512(f"{seed}{i}".encode()).digest() for i in range(size // 64 + 1))
    return b"".join(blocks)[:size]


def flipped(member: bytes, place: int, bits: int = 0xFF, count: int = 1) -> bytes:
    """A member with some bytes changed."""
    changed = bytearray(member)
    for i in range(count):
        changed[place + 7 * i] ^= bits
    return bytes(changed)


def zstd(data: bytes, **settings: object) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True, **settings).compress(data)  # type: ignore[arg-type]


def zstd_file(*records: bytes) -> bytes:
    return b"".join(zstd(one) for one in records)


def skippable(content: bytes, magic: int = 0x184D2A5D) -> bytes:
    return struct.pack("<II", magic, len(content)) + content


def with_dictionary(*, shipped: bool) -> bytes:
    dictionary = zstandard.ZstdCompressionDict(PROSE.encode() * 8 + page().encode())
    records = [canary("A"), HOSTILE, canary("B")]
    frames = b"".join(zstd(one, dict_data=dictionary) for one in records)
    trained = zstandard.train_dictionary(4096, [PROSE.encode()[i:] for i in range(200)])
    foreign = zstd(HOSTILE, dict_data=trained)
    if shipped:
        return skippable(dictionary.as_bytes()) + frames
    return zstd(canary("A")) + foreign + zstd(canary("B"))


def zstd_window() -> bytes:
    """A frame header that asks for a window of 2 GiB (RFC 8878 section 3.1.1.1.2)."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (31 - 10) << 3]) + b"\x01\x00\x00"
    return zstd(canary("A")) + frame + zstd(canary("B"))


def zeros(size: int) -> bytes:
    """A record whose block is ``size`` bytes of nothing, as one member of a few kilobytes."""
    head = http(page().encode())
    opening = record(head, length=str(size + len(head)), tail=b"")
    pieces = [opening, *[b"<p>o</p>" * (MIB // 8)] * (size // MIB), b"\r\n\r\n"]
    return deflated(pieces, 31)


def zstd_zeros(size: int) -> bytes:
    return zstd(record(http(page().encode() + b"0" * size)))


def gzip_fields() -> bytes:
    """A member with every optional field of RFC 1952: extra, name, comment, header checksum."""
    body = deflated([HOSTILE], -15)
    head = b"\x1f\x8b\x08\x1e" + b"\0" * 6 + struct.pack("<H", 300) + b"e" * 300
    head += b"name.warc\0" + b"c" * 5000 + b"\0" + b"\0\0"
    import zlib

    head = head[:-2] + struct.pack("<H", zlib.crc32(head[:-2]) & 0xFFFF)
    return head + body + struct.pack("<II", zlib.crc32(HOSTILE), len(HOSTILE))


def nested_archive() -> bytes:
    """An archive inside a record, stored as it is: its members look like the file's own."""
    inner = zipped(
        *(record(http(noise(300, str(i))), uri=f"https://in.example/{i}") for i in range(9))
    )
    return gz(record(http(inner, kind="application/gzip")), 0)


def nested_and_damaged() -> bytes:
    return flipped(nested_archive(), 60)


def zstd_bomb_without_end() -> bytes:
    """A bomb whose last block header says that more follow: reading runs into the next frame."""
    bomb = zstd(record(http(page().encode() + b"0" * (64 * MIB))))
    return zstd(canary("A")) + bomb[:-11] + zstd(canary("B"))


def many_frames(count: int) -> bytes:
    return zstd(canary("A")) + zstd(b"") * count + zstd(canary("B"))


def arc(name: str) -> bytes:
    block = http(page(f"{PROSE} Canary {name} sings.").encode())
    line = f"https://zoo.example/{name} 10.0.0.1 20080430204825 text/html {len(block)}\n"
    return line.encode() + block + b"\n"


def arc_bad_length() -> bytes:
    line = b"https://zoo.example/hostile 10.0.0.1 20080430204825 text/html 99\n"
    return gz(arc("A")) + gz(line + http(page().encode()) + b"\n") + gz(arc("B"))


def cut_anywhere(data: bytes) -> bytes:
    return b"".join(gz(data[i : i + 700]) for i in range(0, len(data), 700))


CASES = [
    Case("gzip_members", lambda: between(HOSTILE)),
    Case("plain", lambda: plain_between(HOSTILE)),
    Case("one_gzip_member", lambda: gz(plain_between(HOSTILE))),
    Case("zstd_frames", lambda: zstd_file(canary("A"), HOSTILE, canary("B"))),
    Case("one_zstd_frame", lambda: zstd(plain_between(HOSTILE))),
    Case("lz4_frames", lambda: b"".join(lz4.frame.compress(r) for r in (canary("A"), HOSTILE, canary("B")))),
    Case("arc_gzip", lambda: zipped(arc("A"), arc("hostile"), arc("B"))),
    Case("arc_bad_length", arc_bad_length, ("content_length_mismatch",)),
    Case("zstd_dictionary", lambda: with_dictionary(shipped=True)),
    Case("zstd_dictionary_missing", lambda: with_dictionary(shipped=False), ("missing_dictionary",)),
    Case("zstd_window_2gib", zstd_window, ("unsupported_compression",)),
    Case("zstd_frame_cut_at_end", lambda: zstd_file(canary("A"), canary("B"), HOSTILE)[:-90], ("truncated_member",)),
    Case("zstd_bad_block", lambda: zstd(canary("A")) + flipped(zstd(HOSTILE), 40, count=9) + zstd(canary("B")), ("corrupt_member",)),
    Case("zstd_20000_empty_frames", lambda: many_frames(20_000)),
    Case("zstd_skippable_between", lambda: zstd(canary("A")) + skippable(b"x" * 999, 0x184D2A53) + zstd(canary("B")), ("skippable_frame",)),
    Case("zstd_skippable_beyond_end", lambda: zstd_file(canary("A"), canary("B")) + b"\x50\x2a\x4d\x18\xff\xff\xff\x7f" + b"x" * 99, ("garbage_between_members",)),
    Case("zstd_bomb", lambda: zstd(canary("A")) + zstd_zeros(64 * MIB) + zstd(canary("B")), ("record_too_large",)),
    Case("lz4_cut_at_end", lambda: b"".join(lz4.frame.compress(r) for r in (canary("A"), canary("B"), HOSTILE))[:-99], ("truncated_member",)),
    Case("members_cut_anywhere", lambda: cut_anywhere(plain_between(HOSTILE))),
    Case("gzip_optional_fields", lambda: between_raw(gzip_fields())),
    Case("gzip_reserved_flags", lambda: between_raw(flipped(gz(HOSTILE), 3, 0xE0)), ("corrupt_member",)),
    Case("gzip_wrong_method", lambda: between_raw(flipped(gz(HOSTILE), 2, 0x0F)), ("garbage_between_members",)),
    Case("last_member_cut", lambda: zipped(canary("A"), canary("B"), HOSTILE)[:-200], ("truncated_member",)),
    Case("last_member_of_9_bytes", lambda: zipped(canary("A"), canary("B")) + gz(HOSTILE)[:9], ("truncated_member",)),
    Case("last_magic_only", lambda: zipped(canary("A"), canary("B")) + b"\x1f\x8b\x08", ("truncated_member",)),
    Case("middle_member_corrupt", lambda: between_raw(flipped(gz(HOSTILE), 200, count=20)), ("corrupt_member",)),
    Case("middle_member_head_corrupt", lambda: between_raw(flipped(gz(HOSTILE), 11, count=3)), ("corrupt_member",)),
    Case("crc_wrong", lambda: between_raw(flipped(gz(HOSTILE), len(gz(HOSTILE)) - 8, 1)), ("corrupt_member",)),
    Case("isize_wrong", lambda: between_raw(flipped(gz(HOSTILE), len(gz(HOSTILE)) - 1, 64)), ("corrupt_member",)),
    Case("garbage_between", lambda: between_raw(noise(500)), ("garbage_between_members",)),
    Case("garbage_with_magic", lambda: between_raw((b"\x1f\x8b\x08" + noise(40)) * 500), ("corrupt_member",)),
    Case("nul_between", lambda: between_raw(b"\0" * 512), ("padding",)),
    Case("nul_at_end", lambda: zipped(canary("A"), canary("B")) + b"\0" * 4096, ("padding",)),
    Case("garbage_first", lambda: noise(3000) + zipped(canary("A"), canary("B")), ("garbage_between_members",)),
    Case("blank_lines_first", lambda: b"\r\n\r\n\n" + plain_between(HOSTILE), ("padding",)),
    Case("byte_order_mark_first", lambda: b"\xef\xbb\xbf" + plain_between(HOSTILE), ("padding",)),
    Case("20000_empty_members", lambda: between_raw(gz(b"") * 20_000)),
    Case("nested_archive", lambda: between_raw(nested_archive())),
    Case("nested_and_damaged", lambda: between_raw(nested_and_damaged()), ("corrupt_member",)),
    Case("plain_cut_in_block", lambda: (canary("A") + canary("B") + HOSTILE)[:-300], ("truncated_record",)),
    Case("plain_cut_in_header", lambda: canary("A") + canary("B") + HOSTILE[:60], ("truncated_record",)),
    Case("plain_with_a_record_in_the_block", lambda: plain_between(record(http(b"<pre>" + canary("C") + b"</pre>"))), canaries="AB"),
    Case("plain_long_line", lambda: plain_between(b"x" * (2 * MIB)), ("garbage_between_records",)),
    Case("member_bomb", lambda: between_raw(zeros(64 * MIB)), ("record_too_large",)),
    Case("zstd_bomb_without_end", zstd_bomb_without_end, ("corrupt_member",)),
    Case("no_bytes", lambda: b"", ("empty_file",), canaries=""),
    Case("gzip_of_nothing", lambda: gz(b""), ("not_an_archive",), canaries=""),
    Case("text", lambda: b"Dear archive, this is none.\n" * 500, ("not_an_archive",), canaries=""),
    Case("gzip_of_text", lambda: gz(b"Dear archive, this is none.\n" * 500), ("not_an_archive",), canaries=""),
    Case("error_page", lambda: b"<html><body><h1>503 Slow down</h1></body></html>", ("not_an_archive",), canaries=""),
    Case("zip", lambda: b"PK\x03\x04" + noise(2000), ("not_an_archive",), canaries=""),
    Case("one_line", lambda: b"x" * (4 * MIB), ("not_an_archive",), canaries=""),
    Case("one_nul_line", lambda: b"\0" * (4 * MIB), ("not_an_archive",), canaries=""),
]  # fmt: skip
