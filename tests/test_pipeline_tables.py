"""Tables of documents: every line one row, every byte of every file accounted for, for any cut."""

import json
import random
import tracemalloc
from itertools import pairwise

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ledger, table_files
from pipeline.inputs import InputFile, listing
from pipeline.line_files import ZstdLines
from pipeline.members import HeldBytes
from pipeline.storage import SOURCE_REASONS, StorageOptions
from pipeline.table_rows import MAX_BAD_IN_A_ROW, screened_lines

MOST = 100_000
CLOSED = {*ledger.FAILED, *ledger.SKIPPED, *SOURCE_REASONS, *ledger.REASONS}


def packed(lines, frames=1, checksum=True, level=3):
    """Lines, in so many frames, which do not begin where lines do."""
    data = b"".join(line + b"\n" for line in lines)
    coder = zstandard.ZstdCompressor(level=level, write_checksum=checksum)
    edges = [len(data) * i // frames for i in range(frames + 1)]
    return b"".join(coder.compress(data[a:b]) for a, b in pairwise(edges))


def put(folder, **files):
    """Write files, ``text=[...]`` as ``text.zst``; objects as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        listed = content if isinstance(content, list) else []
        lines = [c if isinstance(c, bytes) else json.dumps(c).encode() for c in listed]
        (folder / f"{name}.zst").write_bytes(packed(lines) if lines else content)
    return folder


def read(argument, cuts=(), most=MOST):
    """Rows and pages of all that the argument lists, every table cut at these places."""
    rows, pages, options = [], [], StorageOptions()
    listed = table_files.completed(listing([str(argument)], options).files, options)
    for group in table_files.grouped(listed):
        size = max(group.file.size, 0)
        edges = [0, *sorted({c for c in cuts if 0 < c < size}), size]
        for start, end in pairwise(edges):
            for screened in screened_lines(group, start, end, options, most, ()):
                rows.append(screened.row)
                pages += [screened.page] if screened.page else []
    check(listed, rows)
    return rows, pages


def check(listed, rows):
    for file in listed:
        own = [r for r in rows if r["warc_file"] == file.name]
        at = 0
        for row in own:
            assert row["warc_offset"] == at or not row["warc_length"], (file.name, row)
            at += row["warc_length"]
        assert at == max(file.size, 0), (file.name, [(r["reason"], r["warc_length"]) for r in own])
        assert own
    for row in rows:
        assert row["fate"] in ledger.FATES
        assert row["reason"] is None or row["reason"] in CLOSED
        assert (row["doc_id"] is not None) == (row["fate"] == "extracted")


def reasons(rows):
    return [row["reason"] for row in rows if row["reason"] not in ("partner", "padding")]


TEXTS = [{"t": f"Text number {n}, long enough."} for n in range(20)]
META = [
    {"f": f"./a/{n}.warc.gz", "o": n, "s": 7, "rs": 9, "u": f"https://h.example/{n}",
     "c": "text/html", "ts": "2021-05-09T10:26:25Z"}
    for n in range(20)
]  # fmt: skip
LANGS = [{"lang": ["eng_Latn", "fra_Latn"], "prob": [0.7, 0.1]} for _ in range(20)]


# ---------------------------------------------------------------------------------------- formats
def test_texts_with_metadata_and_languages(tmp_path):
    rows, pages = read(put(tmp_path, text=TEXTS, metadata=META, lang=LANGS))
    assert [row["line"] for row in rows if row["record_type"] == "line"] == list(range(1, 21))
    assert [page.body.decode() for page in pages] == [text["t"] for text in TEXTS]
    page = pages[3]
    assert page.columns["url"] == "https://h.example/3"
    assert page.columns["warc_date"].isoformat() == "2021-05-09T10:26:25+00:00"
    assert (page.columns["source_type"], page.header["kind"]) == ("table", "text")
    assert page.columns["derived_from"] == {
        "file": "./a/3.warc.gz", "offset": 3, "length": 7, "id": None, "collection": None,
        "lang": "eng_Latn",
    }  # fmt: skip
    assert (page.columns["warc_file"], page.columns["line"]) == ("text.zst", 4)
    assert len({page.columns["doc_id"] for page in pages}) == 20
    assert {r["warc_file"]: r["reason"] for r in rows if r["reason"] == "partner"} == {
        "metadata.zst": "partner", "lang.zst": "partner",
    }  # fmt: skip


def test_pages_of_html_are_read_as_pages(tmp_path):
    html = [{"h": f"<p>Page {n}</p>"} for n in range(19)] + [{"h": "\ud800<p>half a character"}]
    rows, pages = read(put(tmp_path, html=html, metadata=META))
    assert reasons(rows) == [None] * 20
    assert {(p.header["kind"], p.columns["source_type"]) for p in pages} == {("html", "html")}
    assert pages[0].header["header_charset"] == "utf-8"
    assert pages[0].record.headers["warc-target-uri"] == "https://h.example/0"
    assert pages[19].body == b"?<p>half a character"


RELEASES = {
    "1": {"id": 5, "document_lang": "eng", "scores": [1], "langs": ["eng"], "text": "One text.",
          "url": "https://h.example/1", "collection": "wide16"},
    "2": {**META[1], "collection": "cc22", "lang": ["eng_Latn"], "prob": [1], "text": "One text.",
          "seg_langs": ["eng_Latn"], "robotstxt": "disallowed", "id": "a7", "filter": "keep",
          "pii": [[1, 2]], "doc_scores": [9.1]},
    "3": {**META[1], "de": "utf-8", "crawl_id": "CC-MAIN-2022-05", "lang": ["eng_Latn"],
          "text": "One text.", "xml": "<doc/>", "html_lang": ["en-GB"], "cluster_size": 3,
          "id": "a7", "web-register": {"MT": 0.1}},
    "fineweb": {"text": "One text.", "id": "<urn:uuid:1>", "dump": "CC-MAIN-2022-05",
                "url": "https://h.example/1", "date": "2021-05-09T10:26:25Z",
                "file_path": "s3://c/1.warc.gz", "language": "en"},
}  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
def test_published_lines_of_json(tmp_path, release):
    rows, (page,) = read(put(tmp_path, **{"1.jsonl": [RELEASES[release]]}))
    assert reasons(rows) == [None]
    assert page.body == b"One text."
    assert page.columns["url"] == "https://h.example/1"
    origin = page.columns["derived_from"]
    assert origin["id"] in ("5", "a7", "<urn:uuid:1>")
    assert origin["collection"] in ("wide16", "cc22", "CC-MAIN-2022-05")
    assert origin["lang"].startswith("en")
    if release == "2":
        assert page.columns["rights"] == [
            {"source": "table", "name": "robots.txt", "value": "disallowed"}
        ]
    if release == "3":
        assert page.header["html_lang"] == "en-GB"
    assert (page.columns["warc_date"] is None) == (release == "1")


def test_release_four_has_texts_and_one_file_of_metadata(tmp_path):
    meta = [{**META[0], "id": "x", "allowed": False,
             "openlid-v3": {"lang": ["fin_Latn"], "prob": [1]}}]  # fmt: skip
    _, (page,) = read(put(tmp_path, text=[{"text": "Neljäs"}], metadata=meta))
    assert page.columns["derived_from"]["lang"] == "fin_Latn"
    assert page.columns["rights"][0]["value"] == "disallowed"
    assert page.body.decode() == "Neljäs"


def test_texts_go_before_the_pages_beside_them(tmp_path):
    html = [{"h": "<p>x</p>"}] * 20
    rows, pages = read(put(tmp_path / "b", text=TEXTS, metadata=META, lang=LANGS, html=html))
    assert {page.columns["source_type"] for page in pages} == {"table"}
    (row,) = [row for row in rows if row["warc_file"] == "html.zst"]
    assert (row["fate"], row["reason"]) == ("skipped", "unread_table")


def test_a_table_named_alone_finds_its_partners(tmp_path):
    folder = put(tmp_path, text=TEXTS, metadata=META, lang=LANGS)
    rows, pages = read(folder / "text.zst")
    assert len(pages) == 20
    assert {row["warc_file"] for row in rows} == {"text.zst", "metadata.zst", "lang.zst"}


@pytest.mark.parametrize("name", ["text", "html"])
def test_verdicts_on_robots_txt_may_stand_in_a_file_of_their_own(tmp_path, name):
    lines = {"text": TEXTS, "html": [{"h": "<p>x</p>"}] * 20}[name]
    allowed = [{"allowed": n % 3 > 0} for n in range(20)]
    folder = put(tmp_path / "a", metadata=META, allowed=allowed, **{name: lines})
    rows, pages = read(folder / f"{name}.zst")
    said = [[signal["value"] for signal in page.columns["rights"]] for page in pages]
    assert said == [["allowed" if n % 3 else "disallowed"] for n in range(20)]
    assert {r["warc_file"] for r in rows if r["reason"] == "partner"} == {
        "metadata.zst", "allowed.zst",
    }  # fmt: skip
    rows, pages = read(put(tmp_path / "b", allowed=allowed, **{name: lines}))
    assert pages == []
    assert "missing_partner" in reasons(rows)


# --------------------------------------------------------------------------------- what is amiss
def test_a_table_without_its_partner_and_a_partner_without_its_table(tmp_path):
    put(tmp_path / "a", html=[{"h": "x"}])
    put(tmp_path / "b", lang=LANGS, metadata=META)
    put(tmp_path / "c", html=[{"h": "<p>x</p>"}], metadata=META[:1])
    rows, pages = read(tmp_path)
    assert sorted(
        (r["warc_file"], r["reason"]) for r in rows if r["reason"] == "missing_partner"
    ) == [
        ("a/html.zst", "missing_partner"),
        ("b/lang.zst", "missing_partner"),
        ("b/metadata.zst", "missing_partner"),
    ]
    assert len(pages) == 1
    assert all(ledger.damage(r) for r in rows if r["reason"] == "missing_partner")


@pytest.mark.parametrize("short", ["text", "metadata", "lang"])
def test_unequal_line_counts_are_told_with_file_and_line(tmp_path, short):
    files = {"text": TEXTS, "metadata": META, "lang": LANGS}
    files[short] = files[short][:17]
    rows, pages = read(put(tmp_path, **files))
    assert len(pages) == 17
    told = {(r["warc_file"], r["line"]) for r in rows if r["reason"] == "unequal_lines"}
    if short == "text":
        assert told == {("metadata.zst", None), ("lang.zst", None)}
    else:
        assert told == {("text.zst", 18), (f"{short}.zst", None)}


BAD = [
    b"", b"not json", b"[1]", b'"t"', b"\xff\xfe{}", b"{}", b'{"t": 5}', b'{"t": ["x"]}',
    b'{"t": "open', b"[" * 50_000, b'{"t":' * 15_000, b'{"t": "x"} {"t": "y"}',
    b'{"t": "x", "n": ' + b"9" * 5000 + b"}", b"\0",
]  # fmt: skip


def test_a_bad_line_costs_itself_and_names_its_number(tmp_path):
    lines = [line for bad in BAD for line in (b'{"t": "good text"}', bad)]
    folder = put(tmp_path, text=lines, lang=[{"lang": None}] * len(lines))
    rows, pages = read(folder)
    assert [r["line"] for r in rows if r["reason"] == "bad_line"] == list(
        range(2, len(lines) + 1, 2)
    )
    assert len(pages) == len(BAD)
    assert all(p.columns["url"] is None for p in pages)


def test_odd_values_of_known_fields_are_null_and_not_an_error(tmp_path):
    odd = {"text": "A text.", "u": ["x", 1], "ts": {"a": 1}, "o": -1, "s": 1 << 80, "f": 7.5,
           "id": True, "lang": [], "collection": "\ud83d", "robots": [1], "html_lang": "<script>",
           "c": "\0"}  # fmt: skip
    _, (page,) = read(put(tmp_path, **{"x.jsonl": [odd]}))
    assert page.columns["url"] == "x"
    assert page.columns["derived_from"] == {
        "file": None, "offset": None, "length": None, "id": None, "collection": "?", "lang": None,
    }  # fmt: skip
    assert page.header["html_lang"] is None


def test_texts_that_are_none_are_skipped(tmp_path):
    rows, pages = read(put(tmp_path, text=[{"t": None}, {"t": ""}], lang=[{"lang": None}] * 2))
    assert (reasons(rows), pages) == (["empty", "empty"], [])
    assert not any(ledger.damage(row) for row in rows)


def test_a_line_beyond_the_limit_is_dropped_and_the_next_is_read(tmp_path):
    long = {"text": "x" * 2 * MOST}
    rows, pages = read(put(tmp_path, **{"x.jsonl": [RELEASES["2"], long, RELEASES["2"]]}))
    assert reasons(rows) == [None, "line_too_long", None]
    assert len(pages) == 2


def test_what_is_no_table_is_given_up_after_a_thousand_lines(tmp_path):
    lines = [b'{"text": "first"}', *[b"no document"] * 50_000]
    rows, _ = read(put(tmp_path, **{"x.jsonl": lines}))
    assert len(rows) <= MAX_BAD_IN_A_ROW + 3
    assert {row["reason"] for row in rows} <= {None, "bad_line", "padding"}


# ------------------------------------------------------------------------------ bytes and ranges
@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 1 << 32),
    st.integers(1, 5),
    st.lists(st.integers(1, 60_000), max_size=4),
)
def test_any_cut_gives_the_same_rows(tmp_path_factory, seed, frames, cuts):
    draw = random.Random(seed)
    folder = tmp_path_factory.mktemp("cut")
    texts = [
        json.dumps({"t": draw.randbytes(draw.choice([9, 900])).hex()}).encode() for _ in range(60)
    ]
    (folder / "text.zst").write_bytes(packed(texts, frames, draw.random() < 0.5))
    put(folder, lang=[{"lang": None}] * 60)
    whole, cut = read(folder), read(folder, cuts)
    assert whole[0] == cut[0]
    assert [p.columns for p in whole[1]] == [p.columns for p in cut[1]]
    assert len(whole[1]) == 60


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 1 << 32),
    st.sampled_from(["text", "metadata"]),
    st.lists(st.integers(1, 9_000), max_size=2),
)
def test_damage_is_a_row_for_any_cut(tmp_path_factory, seed, broken, cuts):
    draw = random.Random(seed)
    folder = tmp_path_factory.mktemp("damage")
    texts = [{"t": draw.randbytes(60).hex()} for _ in range(60)]
    put(folder, text=texts, metadata=META * 3)
    path = folder / f"{broken}.zst"
    data = bytearray(path.read_bytes())
    at = draw.randrange(len(data))
    if draw.random() < 0.5:
        del data[at:]
        reason = {"truncated_member", "empty_file", "missing_partner"}
    else:
        data[at] ^= 1 << draw.randrange(8)
        reason = {"corrupt_member", "truncated_member", "unsupported_compression"}
    path.write_bytes(data)
    rows, pages = read(folder, cuts)
    assert rows == read(folder)[0]
    found = {row["reason"] for row in rows}
    assert found & {*reason, "bad_line", "unequal_lines"} or (
        len(pages) == 60 and not found & reason
    )
    wanted = [text["t"].encode() for text in texts]
    assert all(page.body in wanted for page in pages) or "bad_line" in found or found & reason


def test_skippable_frames_and_junk_behind_the_last_line(tmp_path):
    lines = [json.dumps(RELEASES["2"]).encode()] * 3
    skippable = b"\x50\x2a\x4d\x18" + (3000).to_bytes(4, "little") + bytes(3000)
    rows, pages = read(put(tmp_path / "a", **{"x.jsonl": skippable + packed(lines) + skippable}))
    assert (reasons(rows), len(pages)) == ([None] * 3, 3)
    rows, pages = read(put(tmp_path / "b", **{"x.jsonl": packed(lines) + b"junk" * 999}))
    assert (reasons(rows), len(pages)) == ([None, None, None, "corrupt_member"], 3)
    rows, _ = read(put(tmp_path / "c", **{"x.jsonl": b"no zstd at all"}))
    assert reasons(rows) == ["corrupt_member"]


def test_damage_behind_the_last_line_of_a_partner_is_told(tmp_path):
    lines = [json.dumps(line).encode() for line in LANGS]
    rows, pages = read(put(tmp_path, text=TEXTS, lang=packed(lines) + b"junk" * 999))
    assert len(pages) == 20
    assert {r["warc_file"]: r["reason"] for r in rows if r["line"] is None} == {
        "lang.zst": "corrupt_member"
    }


def test_the_last_line_may_lack_its_end(tmp_path):
    data = zstandard.ZstdCompressor().compress(b'{"text": "one"}\n{"text": "two"}')
    assert len(read(put(tmp_path, **{"x.jsonl": data}))[1]) == 2


@pytest.mark.timeout(120)
@pytest.mark.parametrize("filling", [b"\n", b"x", b"0\n"])
def test_bombs_take_little_memory_and_time(tmp_path, filling):
    coder = zstandard.ZstdCompressor(level=1).compressobj()
    block = filling * ((1 << 20) // len(filling))
    data = b"".join(coder.compress(block) for _ in range(1500)) + coder.flush()
    folder = put(tmp_path, **{"x.jsonl": data})
    tracemalloc.start()
    rows, _ = read(folder)
    assert tracemalloc.get_traced_memory()[1] < 200 << 20
    tracemalloc.stop()
    assert len(rows) <= MAX_BAD_IN_A_ROW + 3
    assert {"unsupported_compression", "bad_line"} & set(reasons(rows))


def test_a_window_beyond_what_the_reader_allows_is_told(tmp_path):
    parameters = zstandard.ZstdCompressionParameters(window_log=30)
    coder = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = coder.compress(b'{"text": "x"}\n') + coder.flush()
    rows, _ = read(put(tmp_path, **{"x.jsonl": data}))
    assert reasons(rows) == ["unsupported_compression"]


def test_lines_are_those_of_the_file(tmp_path):
    dice = random.Random(5)
    lines = [dice.randbytes(dice.choice([0, 1, 50, 5000])).replace(b"\n", b" ") for _ in range(500)]
    read = list(ZstdLines(HeldBytes(packed(lines, 7)), 5000))
    assert [line.data for line in read] == lines
    assert [line.number for line in read] == list(range(1, 501))


def test_ranges_of_a_table_cover_it():
    file = InputFile("text.zst", "text.zst", 1000, "", None)
    group = table_files.Group(file, (file._replace(name="lang.zst", size=3000),))
    assert table_files.cuts(group, 1000) == [(0, 250), (250, 500), (500, 750), (750, 1000)]
    assert table_files.cuts(group, 1 << 20) == [(0, 1000)]
