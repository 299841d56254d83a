"""The sample archives: complete, readable, exact, and true to what their table says of them."""

import importlib
import io
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]

from filters import pii
from filters.tables import RULES
from language_id.models import REGISTRY, load

SAMPLES = Path(__file__).parent.parent / "samples"
EU = {
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr",
    "hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
}  # fmt: skip
NEIGHBOURS = {
    "be", "bs", "ca", "cy", "eu", "gl", "hy", "is", "ka",
    "lb", "mk", "nb", "nn", "ru", "sq", "sr", "tr", "uk",
}  # fmt: skip
SKIPPED = {
    "warcinfo",
    "request",
    "revisit",
    "redirect",
    "http_status",
    "not_text",
    "empty",
    "no_text",
}
DUPLICATES = {"duplicate.exact", "duplicate.near"}


def module(name: str) -> Any:
    sys.path.insert(0, str(SAMPLES))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SAMPLES))


pack, sources, markup, payloads = map(module, ("pack", "sources", "markup", "payloads"))
PAGES = sources.read_pages()
TEXTS = [page for page in PAGES if page.kind == "page" and page.status == 200]


def rows() -> list[list[str]]:
    lines = (SAMPLES / "expected.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


def opened(path: Path) -> io.BytesIO:
    data = path.read_bytes()
    if path.suffix == ".zst":
        with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
            data = reader.read()
    return io.BytesIO(data)


def records() -> list[tuple[str, Any, bytes]]:
    found = []
    for archive in sources.ARCHIVES:
        name = pack.file_name(archive)
        with opened(SAMPLES / "archives" / name) as stream:
            records = ArchiveIterator(stream)
            found += [(name, record, record.raw_stream.read()) for record in records]
    return found


def test_packing_again_gives_the_committed_bytes(tmp_path: Path) -> None:
    written = pack.pack(tmp_path)
    assert {path.relative_to(tmp_path) for path in written} == {
        path.relative_to(SAMPLES)
        for path in [*SAMPLES.glob("archives/*"), SAMPLES / "expected.tsv"]
    }
    for path in written:
        again = SAMPLES / path.relative_to(tmp_path)
        assert path.read_bytes() == again.read_bytes(), f"run samples/pack.py: {again.name} is old"


def test_archives_are_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.glob("archives/*")) < 2_000_000


def test_there_are_pages_and_languages_enough() -> None:
    assert len(TEXTS) >= 90
    kept = {page.lang for page in TEXTS if page.fate == "kept"}
    assert len(kept) >= 38
    articles = {page.lang for page in TEXTS if len(markup.plain(page.body)) > 450}
    assert articles >= EU | NEIGHBOURS


def test_every_record_is_read_and_has_its_row() -> None:
    seen = [
        (name, record.rec_headers.get_header("WARC-Target-URI") or "-")
        for name, record, _ in records()
    ]
    assert seen == [(row[0], row[1]) for row in rows()]
    ids = [record.rec_headers.get_header("WARC-Record-ID") for _, record, _ in records()]
    assert len(set(ids)) == len(ids)


def test_expectations_are_of_the_closed_set() -> None:
    for _, url, language, fate, reason in rows():
        allowed = {
            "kept": {"-"},
            "rejected": {*RULES, *DUPLICATES},
            "skipped": SKIPPED,
            "failed": set(),
        }
        assert reason in allowed[fate], f"{url}: {fate} {reason}"
        assert (language == "-") == (fate not in ("kept", "rejected")), url


def test_the_built_in_model_names_every_language_as_expected() -> None:
    labels = sources.language_labels()
    pages = [page for page in TEXTS if page.fate in ("kept", "rejected")]
    found = load(REGISTRY["lid.176"]).identify([markup.plain(page.body) for page in pages])
    wrong = {
        page.key: identified.labels[0]
        for page, identified in zip(pages, found, strict=True)
        if identified.labels[0] != (page.language or labels[page.lang])
    }
    assert not wrong


def test_kept_articles_are_long_enough_for_every_preset() -> None:
    for page in TEXTS:
        if page.fate == "kept":
            assert len(markup.plain(page.body)) > 500, page.key


def test_copies_are_copies_and_one_of_each_stays() -> None:
    by_key = {page.key: page for page in PAGES}
    copies = [page for page in PAGES if page.copy_of]
    for page in copies:
        original = by_key[page.copy_of]
        assert sorted([page.fate, original.fate]) == ["kept", "rejected"], page.key
        reason = (page.reason + original.reason).strip("-")
        assert reason == ("duplicate.near" if page.replace else "duplicate.exact")
        assert (page.body == original.body) == (not page.replace)
    assert {bool(page.replace) for page in copies} == {True, False}


def test_every_kind_of_personal_data_occurs_and_is_found() -> None:
    regions = {"en": "GB", "de": "DE", "fr": "FR"}
    found = Counter(
        span.kind
        for page in TEXTS
        for span in pii.find(markup.plain(page.body), regions.get(page.lang))
    )
    assert set(found) == set(pii.KINDS)
    phones = Counter(
        text[span.start : span.end].startswith("+")
        for text, region in ((markup.plain(p.body), regions.get(p.lang)) for p in TEXTS)
        for span in pii.find(text, region)
        if span.kind == "phone"
    )
    assert set(phones) == {True, False}


def test_no_personal_data_beside_the_pages_made_for_it() -> None:
    with_data = {page.key for page in TEXTS if pii.find(markup.plain(page.body), None)}
    contact = {"impressum", "contact", "moorings", "lettere", "kontakt"}
    assert {key.split("/")[1] for key in with_data} == contact


def test_old_and_missing_charsets_occur() -> None:
    charsets = {page.charset for page in TEXTS}
    assert charsets >= {
        *("windows-1250", "windows-1251", "windows-1253", "iso-8859-2"),
        *("utf-16", "utf-16-le", "koi8-u", "shift_jis"),
    }
    old = [page.declare for page in TEXTS if page.charset.startswith(("windows", "iso"))]
    assert {(), ("http",), ("meta",), ("http", "meta")} == set(old)
    assert pack.payload(next(p for p in TEXTS if p.charset == "utf-16")).startswith(b"\xff\xfe")
    liar = next(page for page in TEXTS if page.charset == "windows-1250" and page.http_charset)
    with pytest.raises(UnicodeDecodeError):
        pack.payload(liar).decode(liar.http_charset)


def decoded(record: Any, body: bytes) -> bytes:
    if record.http_headers.get_header("Transfer-Encoding") == "chunked":
        out = io.BytesIO(body)
        body = b"".join(
            out.read(size + 2)[:-2] for size in iter(lambda: int(out.readline(), 16), 0)
        )
    coding = record.http_headers.get_header("Content-Encoding")
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompress(body)
    if coding == "br":
        return bytes(brotli.decompress(body))
    return zlib.decompress(body, 31) if coding == "gzip" else body


def test_encoded_bodies_decode_to_their_pages() -> None:
    by_url = {page.url: page for page in TEXTS if page.encode}
    codings = set()
    for _, record, body in records():
        page = by_url.get(record.rec_headers.get_header("WARC-Target-URI"))
        if page is not None:
            text = markup.render(page)
            assert decoded(record, body) == text.encode(page.charset, "xmlcharrefreplace")
            codings.update(page.encode)
    assert codings == set(sources.ENCODINGS)


def test_lengths_are_true_but_of_the_truncated_record() -> None:
    for _, record, body in records():
        stated = record.http_headers and record.http_headers.get_header("Content-Length")
        cut = record.rec_headers.get_header("WARC-Truncated")
        if stated and record.rec_type == "response":
            assert (len(body) < int(stated)) if cut else (len(body) == int(stated))
    assert sum(r.rec_headers.get_header("WARC-Truncated") == "length" for _, r, _ in records()) == 1


def test_each_zstd_frame_and_each_gzip_member_is_one_record() -> None:
    for path in SAMPLES.glob("archives/*"):
        data, members = path.read_bytes(), 0
        while data:
            one = (
                zlib.decompressobj(31)
                if path.suffix == ".gz"
                else zstandard.ZstdDecompressor().decompressobj()
            )
            assert one.decompress(data).startswith(b"WARC/1.1\r\n")
            data, members = one.unused_data, members + 1
        assert members == sum(row[0] == path.name for row in rows())


def test_the_revisit_names_its_original() -> None:
    found = {
        (record.rec_type, record.rec_headers.get_header("WARC-Target-URI")): record.rec_headers
        for _, record, _ in records()
    }
    revisit = next(headers for (kind, _), headers in found.items() if kind == "revisit")
    original = found["response", revisit.get_header("WARC-Refers-To-Target-URI")]
    digest = "WARC-Payload-Digest"
    assert revisit.get_header(digest) == original.get_header(digest)


def test_images_and_the_pdf_are_whole() -> None:
    image = payloads.png(8)
    header = image[16:29]
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert header[:8] == b"\0\0\0\x08\0\0\0\x08"
    assert int.from_bytes(image[29:33], "big") == zlib.crc32(b"IHDR" + header)
    length = int.from_bytes(image[33:37], "big")
    assert len(zlib.decompress(image[41 : 41 + length])) == 8 * 9
    assert payloads.gif().startswith(b"GIF89a")
    assert payloads.gif().endswith(b";")
    document = payloads.pdf(["One", "Two"])
    table = int(document.split(b"startxref\n")[1].split(b"\n")[0])
    places = [int(line[:10]) for line in document[table:].split(b"\n")[3:8]]
    assert [document[at : at + 7] for at in places] == [b"%d 0 obj" % n for n in range(1, 6)]


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ('fate = "lost"', "'lost' is none of"),
        ('encode = ["rot13"]', "'rot13' is none of"),
        ('copy_of = "site/page"\nreplace = [["absent", "x"]]', "nothing to replace"),
    ],
)
def test_mistakes_in_front_matter_are_named(tmp_path: Path, front: str, message: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/site.toml").write_text('host = "a.example"\narchive = "west"\nname = "A"\n')
    (tmp_path / "site/page.md").write_text("+++\n+++\nSome words.\n")
    (tmp_path / "site/wrong.md").write_text(f"+++\n{front}\n+++\n\n")
    with pytest.raises(ValueError, match=message):
        sources.read_pages(tmp_path)


def test_markup_becomes_html() -> None:
    body = (
        "![i](/i.png)\n\n## A & B\n\nOne [two](/x) *three*.\n\n- a\n- b\n\n| h |\n| c |\n\n"
        "```\nx < *1*\n\ny\n```\n\n> q"
    )
    assert markup.article(body) == (
        '<figure><img src="/i.png" alt="i" /></figure>\n<h2>A &amp; B</h2>\n'
        '<p>One <a href="/x">two</a> <em>three</em>.</p>\n'
        "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<table>\n<tr><th>h</th></tr>\n<tr><td>c</td></tr>\n"
        "</table>\n<pre><code>x &lt; *1*\n\ny</code></pre>\n<blockquote><p>q</p></blockquote>"
    )
