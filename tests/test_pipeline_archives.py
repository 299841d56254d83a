"""Reading archives: the same records as other readers on healthy files, and all bytes on any."""

import gzip
import hashlib
import io
import os
import struct
import zlib
from itertools import pairwise
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator as FastReader
from growth import assert_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioReader
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline import gzip_members
from pipeline.archives import HARMLESS, REASONS, Limits, Record, records
from pipeline.members import HeldBytes
from pipeline.ranges import plan_ranges

SHARED = Path(__file__).parents[2] / "shared" / "data"
REAL = sorted([*SHARED.glob("warc/*/*"), *SHARED.glob("*/pages.warc.gz")])
present = pytest.mark.skipif(not REAL, reason="the shared archives are not here")


def page(tag: str, size: int = 2000) -> bytes:
    """A page that deflate cannot make tiny, and that names itself."""
    noise = "".join(hashlib.sha256(f"{tag}{i}".encode()).hexdigest() for i in range(size // 64))
    body = f"<html><body><p>{tag} {noise}</p></body></html>".encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body


def warc(
    tag: str, block: bytes | None = None, *, length: object = None, version: str = "1.0"
) -> bytes:
    block = page(tag) if block is None else block
    length = len(block) if length is None else length
    head = (
        f"WARC/{version}\r\nWARC-Type: response\r\nWARC-Target-URI: http://x.example/{tag}\r\n"
        f"WARC-Record-ID: <urn:{tag}>\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def arc(tag: str) -> bytes:
    block = page(tag)
    line = f"http://x.example/{tag} a b 10.0.0.1 20080430204825 text/html {len(block)}\n"
    return line.encode() + block + b"\n"


def zipped(*contents: bytes) -> bytes:
    return b"".join(gzip.compress(content, 6, mtime=0) for content in contents)


def read(data: bytes, *, limits: Limits | None = None, cuts: tuple[int, ...] = ()) -> list[Record]:
    """Rows over all ranges, after checking that they tile the file and use the closed sets."""
    edges = [0, *sorted(cuts), len(data)]
    rows = []
    for start, end in pairwise(edges):
        rows += list(records(HeldBytes(data), start, end, limits))
    assert sum(row.length for row in rows) == len(data)
    at = 0
    for row in rows:
        assert row.offset == at or (row.length == 0 and row.offset >= at)
        at = row.offset + row.length
        assert row.problem is None or row.problem in REASONS
        assert (row.kind == "gap") == (not row.headers and row.format == "")
        assert len(row.block) <= (limits or Limits()).max_block_bytes
    keys = [(row.offset, row.inner_offset) for row in rows]
    assert len(set(keys)) == len(keys)
    return rows


def tags(rows: list[Record], *, whole: bool = True) -> list[str]:
    return [
        row.uri.rsplit("/", 1)[-1].split(" ")[0]
        for row in rows
        if row.kind == "record" and (not whole or row.problem is None)
    ]


def problems(rows: list[Record]) -> list[str]:
    return [row.problem for row in rows if row.problem]


def codec_files(records_: list[bytes]) -> dict[str, bytes]:
    compress = zstandard.ZstdCompressor(write_checksum=True).compress
    return {
        "plain": b"".join(records_),
        "gzip": zipped(*records_),
        "one member": zipped(b"".join(records_)),
        "lz4": b"".join(lz4.frame.compress(r) for r in records_),
        "zstd": b"".join(compress(r) for r in records_),
        "one frame": compress(b"".join(records_)),
    }


# ------------------------------------------------------------------------------- healthy files
@pytest.mark.parametrize("form", list(codec_files([b""])))
@pytest.mark.parametrize("make", [warc, arc])
def test_every_form_gives_the_same_records(form: str, make) -> None:
    names = [f"r{i}" for i in range(40)]
    rows = read(codec_files([make(n) for n in names])[form])
    assert tags(rows) == names
    assert [row.block for row in rows] == [page(n) for n in names]
    assert {row.warc_type for row in rows} == {"response"}
    assert {row.format for row in rows} == {make.__name__}
    assert rows[3].uri == "http://x.example/r3" + (" a b" if make is arc else "")


def test_fields_of_an_arc_line() -> None:
    (row,) = read(arc("t"))
    assert row.headers["warc-date"] == "2008-04-30T20:48:25Z"
    assert row.headers["warc-ip-address"] == "10.0.0.1"
    assert row.headers["content-type"] == "application/http; msgtype=response"


def test_arc_version_two_and_records_that_are_not_http() -> None:
    two = b"http://x.example/a 10.0.0.1 20080430204825 text/html 200 abc - 99 f.arc 5\nHTTP/\n"
    dns = b"dns:x.example 10.0.0.1 20080430204825 text/dns 5\n12345\n"
    head = b"filedesc://f.arc 0.0.0.0 20080430204825 text/plain 3\n2 0\n"
    rows = read(head + two + dns)
    assert [row.warc_type for row in rows] == ["warcinfo", "response", "resource"]
    assert rows[2].headers["content-type"] == "text/dns"


def test_what_warcio_writes_comes_back() -> None:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    for kind in (
        "response",
        "request",
        "resource",
        "metadata",
        "revisit",
        "conversion",
        "warcinfo",
    ):
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        payload = io.BytesIO(kind.encode() * 100)
        with_http = http if kind in ("response", "request", "revisit") else None
        writer.write_record(
            writer.create_warc_record(
                f"http://x/{kind}", kind, payload=payload, http_headers=with_http
            )
        )
    rows = read(buffer.getvalue())
    assert [row.warc_type for row in rows] == [
        "response", "request", "resource", "metadata", "revisit", "conversion", "warcinfo"
    ]  # fmt: skip
    assert problems(rows) == []
    for row in rows:
        assert gzip.decompress(buffer.getvalue()[row.offset : row.offset + row.length])


@pytest.mark.parametrize("version", ["0.17", "0.18", "1.0", "1.1"])
def test_known_versions(version: str) -> None:
    assert problems(read(zipped(warc("a", version=version)))) == []


@pytest.mark.parametrize("version", ["0.9", "2.0"])
def test_unknown_versions_are_read_and_marked(version: str) -> None:
    (row,) = read(zipped(warc("a", version=version)))
    assert row.problem == "unsupported_version"
    assert row.block == page("a")


def test_zstd_dictionary_in_front() -> None:
    samples = [warc(f"s{i}") for i in range(200)]
    dictionary = zstandard.train_dictionary(8192, samples)
    compressor = zstandard.ZstdCompressor(dict_data=dictionary)
    frames = b"".join(compressor.compress(warc(f"r{i}")) for i in range(5))
    for raw in (dictionary.as_bytes(), zstandard.compress(dictionary.as_bytes())):
        front = struct.pack("<II", 0x184D2A5D, len(raw)) + raw
        rows = read(front + frames)
        assert problems(rows) == ["skippable_frame"]
        assert tags(rows) == [f"r{i}" for i in range(5)]
    (row,) = read(frames)
    assert row.problem == "missing_dictionary"


def test_the_zlib_of_the_standard_library_gives_the_same(monkeypatch) -> None:
    data = zipped(*(warc(f"r{i}") for i in range(30)))
    usual = read(data)
    monkeypatch.setattr(gzip_members, "_FAST", zlib)
    assert read(data) == usual


def test_magic_number_inside_a_member() -> None:
    # Stored blocks copy the content, magic numbers and all.
    member = gzip.compress(warc("a", b"\x1f\x8b\x08" * 50), 0, mtime=0)
    rows = read(member + zipped(warc("b")))
    assert (tags(rows), problems(rows)) == (["a", "b"], [])


# --------------------------------------------------------------------------------------- ranges
@pytest.mark.parametrize("form", list(codec_files([b""])))
@pytest.mark.parametrize("pieces", [2, 7, 50])
def test_any_cut_gives_the_same_rows(form: str, pieces: int) -> None:
    members = [warc(f"r{i}", page(f"r{i}", 500 + 700 * (i % 5))) for i in range(60)]
    members[20] = members[20][:400]
    members[30] = b"\0" * 777
    data = codec_files(members)[form]
    if form == "gzip":
        broken = bytearray(data)
        broken[len(data) // 3 : len(data) // 3 + 40] = os.urandom(40)
        data = bytes(broken)
    cuts = tuple(len(data) * i // pieces for i in range(1, pieces))
    assert read(data, cuts=cuts) == read(data)


@given(st.sets(st.integers(1, 20_000), max_size=8), st.integers(0, 20_000), st.binary(max_size=60))
@example({530}, 1045, b"\0")  # inflates on through the next member, to its very end
@settings(max_examples=100, deadline=None)
def test_any_cut_of_a_damaged_file(cuts: set[int], at: int, damage: bytes) -> None:
    data = bytearray(zipped(*(warc(f"r{i}", page(f"r{i}", 600)) for i in range(30))))
    data[at : at + len(damage)] = damage
    good = tuple(c for c in cuts if c < len(data))
    assert read(bytes(data), cuts=good) == read(bytes(data))


def test_planned_ranges_cover_the_file_and_start_at_members() -> None:
    data = zipped(*(warc(f"r{i}", page(f"r{i}", 6000)) for i in range(300)))
    ranges = plan_ranges(HeldBytes(data), "x.warc.gz", 200_000)
    assert len(ranges) > 3
    assert (ranges[0][0], ranges[-1][1]) == (0, len(data))
    starts = {row.offset for row in read(data)}
    assert all(start in starts for start, _ in ranges)
    assert read(data, cuts=tuple(start for start, _ in ranges[1:])) == read(data)
    assert plan_ranges(len(data), "x.warc.gz", 200_000)[0][0] == 0
    assert plan_ranges(len(data), "x.warc", 200_000) == [(0, len(data))]


def test_files_that_cannot_be_entered_stay_whole() -> None:
    members = [warc(f"r{i}", page(f"r{i}", 6000)) for i in range(100)]
    for form in ("one member", "one frame", "plain", "lz4"):
        data = codec_files(members)[form]
        name = "x.warc.zst" if form == "one frame" else "x.warc.gz"
        assert plan_ranges(HeldBytes(data), name, 50_000) == [(0, len(data))]


def test_an_archive_inside_an_archive_is_not_cut() -> None:
    inner = zipped(*(warc(f"inner{i}", page(f"i{i}", 3000)) for i in range(400)))
    outer = [warc(f"r{i}", page(f"r{i}", 3000)) for i in range(100)]
    holder = gzip.compress(warc("holder", inner), 0, mtime=0)
    assert inner[:100] in holder  # stored, as deflate does with what it cannot make smaller
    data = zipped(*outer) + holder + zipped(*outer)
    ranges = plan_ranges(HeldBytes(data), "x.warc.gz", len(inner) // 3)
    assert len(ranges) > 1
    rows = read(data, cuts=tuple(start for start, _ in ranges[1:]))
    assert rows == read(data)
    assert not any(tag.startswith("inner") for tag in tags(rows))


# --------------------------------------------------------------------------------------- damage
@pytest.mark.parametrize("form", ["plain", "gzip", "one member", "zstd", "lz4"])
def test_truncation_keeps_what_is_whole_and_says_so(form: str) -> None:
    data = codec_files([warc(f"r{i}", page(f"r{i}", 900)) for i in range(20)])[form]
    whole = read(data)
    for i in range(1, 51):
        cut = len(data) * i // 51
        rows = read(data[:cut])
        ends = [row.offset + row.length for row in whole]
        if form != "one member":
            assert len(tags(rows)) >= sum(end <= cut for end in ends) - 1
            assert len(tags(rows)) <= sum(end <= cut + 4 for end in ends)
        # Up to four bytes short of its end a plain record lacks only its empty lines.
        inside = all(not end - 4 <= cut <= end for end in ends)
        if inside or (form != "plain" and cut not in ends):
            reason = "truncated_record" if form == "plain" else "truncated_member"
            assert problems(rows)[-1:] == [reason]


def test_a_corrupt_member_costs_itself() -> None:
    members = [zipped(warc(f"r{i}")) for i in range(30)]
    bad = bytearray(members[10])
    for i in range(20):
        bad[len(bad) // 2 + 7 * i] ^= 0x5A
    rows = read(b"".join([*members[:10], bytes(bad), *members[11:]]))
    assert tags(rows) == [f"r{i}" for i in range(30) if i != 10]
    assert problems(rows) == ["corrupt_member"]
    assert rows[10].length == len(bad)
    assert rows[10].uri.endswith("r10")  # the header could still be read


@pytest.mark.parametrize("from_end", [8, 1])
def test_a_wrong_checksum_or_size_is_seen(from_end: int) -> None:
    bad = bytearray(zipped(warc("bad")))
    bad[-from_end] ^= 1
    rows = read(zipped(warc("a")) + bytes(bad) + zipped(warc("b")))
    assert tags(rows) == ["a", "b"]
    assert problems(rows) == ["corrupt_member"]
    assert rows[1].block == page("bad")


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        (hashlib.sha512(b"g").digest(), "garbage_between_members"),
        (b"\0" * 512, "padding"),
        (gzip.compress(b"", mtime=0) * 3, "padding"),
        (struct.pack("<II", 0x184D2A50, 5) + b"hello", "skippable_frame"),
    ],
)
def test_bytes_between_members(between: bytes, reason: str) -> None:
    rows = read(zipped(warc("a")) + between + zipped(warc("b")))
    assert tags(rows) == ["a", "b"]
    assert problems(rows) == [reason]
    assert sum(row.length for row in rows if row.kind == "gap") == len(between)


def test_members_not_aligned_with_records() -> None:
    data = b"".join(warc(f"r{i}") for i in range(20))
    for size in (7, 700, 5000):
        rows = read(zipped(*(data[i : i + size] for i in range(0, len(data), size))))
        assert tags(rows) == [f"r{i}" for i in range(20)]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("length", "reason"),
    [
        ("-1", "bad_content_length"),
        ("abc", "bad_content_length"),
        ("0x10", "bad_content_length"),
        ("1_000", "bad_content_length"),
        ("٢٠", "bad_content_length"),
        ("", "bad_content_length"),
        ("9" * 26, "bad_content_length"),
        ("999999999999999999", "content_length_mismatch"),
        ("1800", "content_length_mismatch"),
        ("3000", "content_length_mismatch"),
    ],
)
def test_a_wrong_content_length_costs_nobody_else(packed: bool, length: str, reason: str) -> None:
    parts = [warc("a"), warc("bad", length=length), warc("b"), warc("c")]
    rows = read(zipped(*parts) if packed else b"".join(parts))
    assert tags(rows) == ["a", "b", "c"]
    assert problems(rows) == [reason]
    assert rows[1].block == page("bad")


def test_the_first_of_two_lengths_counts() -> None:
    record = warc("a").replace(b"\r\n\r\n", b"\r\nContent-Length: 10\r\n\r\n", 1)
    assert problems(read(zipped(record))) == []


@pytest.mark.parametrize("tail", [b"", b"\r\n" * 50, b"\n\n"])
def test_odd_ends_of_plain_records(tail: bytes) -> None:
    first = warc("a").removesuffix(b"\r\n\r\n") + tail
    rows = read(first + warc("b"))
    assert (tags(rows), problems(rows)) == (["a", "b"], [])


def test_line_feeds_alone_and_folds_and_odd_bytes_in_headers() -> None:
    bare = warc("a").replace(b"\r\n", b"\n")
    bare = bare.replace(
        b"Content-Length: %d" % len(page("a")), b"Content-Length: %d" % (len(page("a")) - 3)
    )
    folded = warc("b").replace(b"WARC-Type", b"X: one\r\n two\r\nno colon\r\nWARC-Type", 1)
    odd = warc("c").replace(b"WARC-Type", b"X-Latin: caf\xe9\x1b[2J\r\nWARC-Type", 1)
    rows = read(zipped(bare, folded, odd))
    assert (tags(rows), problems(rows)) == (["a", "b", "c"], [])
    assert rows[1].headers["x"] == "one two"
    assert rows[2].headers["x-latin"] == "caf\xe9\\x1b[2J"


def test_headers_beyond_the_limit() -> None:
    for junk in (b"X: " + b"v" * 200_000, b"\r\n".join(b"X-%d: v" % i for i in range(20_000))):
        long = warc("long").replace(b"WARC-Type", junk + b"\r\nWARC-Type", 1)
        for data in (zipped(warc("a"), long, warc("b")), warc("a") + long + warc("b")):
            rows = read(data)
            assert (tags(rows), problems(rows)) == (["a", "b"], ["header_too_long"])


@pytest.mark.parametrize("form", list(codec_files([b""])))
def test_a_large_record_is_cut_and_stepped_over(form: str) -> None:
    limits = Limits(max_block_bytes=100_000)
    rows = read(
        codec_files([warc("a"), warc("big", page("big", 900_000)), warc("b")])[form], limits=limits
    )
    assert tags(rows) == ["a", "b"]
    assert problems(rows) == ["record_too_large"]
    assert rows[1].truncated
    assert rows[1].block == page("big", 900_000)[:100_000]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (gzip.compress(b"", mtime=0), "not_an_archive"),
        (b"Dear archive,\nthis is no WARC.\n" * 500, "not_an_archive"),
        (gzip.compress(b"hello\n" * 1000, mtime=0), "not_an_archive"),
        (b"<html><body>503 SlowDown</body></html>", "not_an_archive"),
        (b"\0" * 5000, "not_an_archive"),
        (b"".join(hashlib.sha512(bytes([i])).digest() for i in range(200)), "not_an_archive"),
    ],
)
def test_files_that_are_no_archive_give_one_row(data: bytes, reason: str) -> None:
    rows = read(data)
    assert problems(rows) == [reason]
    assert len(rows) == 1


@pytest.mark.parametrize("front", [b"\xef\xbb\xbf", b"\r\n\r\n\r\n", b"\0" * 300])
def test_padding_in_front_of_a_plain_file(front: bytes) -> None:
    rows = read(front + warc("a") + warc("b"))
    assert (tags(rows), problems(rows)) == (["a", "b"], ["padding"])


@pytest.mark.parametrize("pack", [zipped, lambda *c: b"".join(c)])
def test_a_damaged_start_does_not_hide_the_rest(pack) -> None:
    data = pack(*(warc(f"r{i}") for i in range(9)))
    rows = read(b"X" * 50 + data[50:])
    assert tags(rows) == [f"r{i}" for i in range(1, 9)]


def test_damage_in_a_plain_file() -> None:
    rows = read(warc("a") + b"some text\nand more\n" * 40 + warc("b") + warc("c")[:100])
    assert tags(rows) == ["a", "b"]
    assert problems(rows) == ["garbage_between_records", "truncated_record"]


def test_a_damaged_header_does_not_take_the_next_block() -> None:
    data = bytearray(warc("a") + warc("b") + warc("c") + warc("d"))
    start = len(warc("a"))
    data[start + 40 : start + len(warc("b")) - 2] = bytes(len(warc("b")) - 42)
    rows = read(bytes(data))
    assert (tags(rows), problems(rows)) == (["a", "c", "d"], ["bad_header"])


@pytest.mark.parametrize("at", [-1, -2, -3, -4])
def test_damaged_empty_lines_after_a_record(at: int) -> None:
    data = bytearray(warc("a"))
    data[at] = ord("X")
    rows = read(bytes(data) + warc("b"))
    assert tags(rows, whole=False) == ["a", "b"]
    assert rows[0].block == page("a")


# ------------------------------------------------------------------------------------- bombs
@pytest.mark.timeout(120)
def test_a_bomb_is_bounded_in_memory_and_time(tmp_path: Path) -> None:
    import tracemalloc

    compress = zlib.compressobj(6, zlib.DEFLATED, 31)
    head = warc("bomb", b"", length=600 << 20).removesuffix(b"\r\n\r\n")
    parts = [compress.compress(head)]
    parts += [compress.compress(b"<p>a</p>" * (1 << 17)) for _ in range(600)]
    data = zipped(warc("a")) + b"".join([*parts, compress.flush()]) + zipped(warc("b"))
    tracemalloc.start()
    rows = read(data, limits=Limits(max_dropped_bytes=64 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tags(rows) == ["a", "b"]
    assert problems(rows) == ["record_too_large"]
    assert peak < 100 << 20


def test_many_empty_members_take_linear_time() -> None:
    empty = gzip.compress(b"", mtime=0)
    rows = assert_linear(
        read, lambda count: zipped(warc("a")) + empty * count + zipped(warc("b")), 80_000
    )
    assert (tags(rows), problems(rows)) == (["a", "b"], ["padding"])


def test_nested_damaged_members_do_not_make_it_quadratic() -> None:
    # Each header is followed by a stored block that holds all the others, and none ever ends.
    unit = b"\x1f\x8b\x08" + b"\0" * 7 + b"\0\xff\xff\0\0" + b"WARC/1.0\r\nA: b\r\n"
    assert_linear(read, lambda count: unit * count, 8_000)


def test_many_short_records_that_claim_much() -> None:
    record = b"WARC/1.0\r\nContent-Length: 15000000\r\n\r\n"
    assert len(assert_linear(read, lambda count: record * count, 8_000)) == 8_000


FUZZ = [
    warc("a", b"x"),
    zipped(warc("b", b"y")),
    arc("c"),
    b"\r\n",
    b"WARC/1.0\r\n",
    b"\x1f\x8b\x08\0",
    gzip.compress(b"", mtime=0),
    zstandard.compress(warc("d", b"z")),
    lz4.frame.compress(warc("e", b"z")),
    struct.pack("<II", 0x184D2A5D, 3) + b"abc",
    warc("f", b"x", length=3)[:-3],
]


@given(st.lists(st.one_of(
    st.binary(max_size=40),
    st.sampled_from(FUZZ),
), max_size=12))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_accounted_for(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert read(data, cuts=(len(data) // 2,) if len(data) > 1 else ()) == read(data)


# ---------------------------------------------------------------------------------- real files
def by_fastwarc(path: Path) -> set[str]:
    found = set()
    reader = iter(FastReader(path.open("rb"), parse_http=False, strict_mode=False))
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return found
        except OSError:
            return found
        found.add(record.record_id)


def by_warcio(path: Path) -> set[str]:
    found = set()
    with path.open("rb") as file:
        try:
            for record in WarcioReader(file, no_record_parse=True, arc2warc=False):
                found.add(record.rec_headers.get_header("WARC-Record-ID"))
        except Exception:
            return found
    return found


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
@pytest.mark.real
@present
def test_no_record_other_readers_find_is_lost(path: Path) -> None:
    rows = read(path.read_bytes())
    ours = {row.headers.get("warc-record-id", "").strip("<>") for row in rows}
    if ".arc" not in path.name:
        theirs = by_fastwarc(path)
        if not path.name.endswith(".lz4"):
            theirs |= by_warcio(path)
        theirs = {(i or "").strip("<>") for i in theirs} - {""}
        assert theirs - ours == set()
    else:
        with path.open("rb") as file:
            try:
                count = sum(1 for _ in WarcioReader(file))
            except Exception:
                count = 0
        assert sum(row.kind == "record" for row in rows) >= count
    cuts = tuple(path.stat().st_size * i // 7 for i in range(1, 7))
    assert read(path.read_bytes(), cuts=cuts) == rows


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
@pytest.mark.real
@present
def test_real_files_are_healthy_but_for_the_known_ones(path: Path) -> None:
    damaged = {
        "clipped.warc.gz": ["truncated_member"],
        "transfer_compression_none_truncated.warc.gz": ["truncated_member"],
        "bad.arc": ["bad_content_length"] * 3,
        "example-space-in-url.arc": ["truncated_record"],
        "example-trunc.warc": ["content_length_mismatch"],
    }
    rows = read(path.read_bytes())
    found = [problem for problem in problems(rows) if problem not in HARMLESS]
    assert sorted(found) == sorted(damaged.get(path.name, []))
