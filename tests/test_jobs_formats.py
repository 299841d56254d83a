"""Every format through the whole job: archives with feeds, text, XHTML and PDF; HPLT's tables."""

import json
import shutil
import sys
from collections import Counter
from operator import itemgetter
from pathlib import Path

import boto3
import pytest
import zstandard
from conftest import response_record
from moto.server import ThreadedMotoServer
from test_jobs_inputs import ENVIRONMENT, STORY
from test_pipeline_index import entries, write_index
from test_pipeline_pdf import encrypted
from typer.testing import CliRunner

from jobs import extract
from jobs.cli import app
from pipeline import manifest, parquet, pdf, stages
from pipeline.config import Config, Text
from pipeline.extraction import Range, mill, screened_records, tools
from pipeline.files import Folder
from pipeline.steps import documents as documents_of
from pipeline.storage import StorageOptions

pytestmark = pytest.mark.spark

SAMPLES = Path(__file__).parent.parent / "samples" / "archives"
sys.path.insert(0, str(SAMPLES.parent))
from payloads import pdf as sample  # noqa: E402

LINES = STORY.strip().split("\n")
PARAGRAPHS = "".join(f"<p>{line}</p>" for line in LINES)
ESCAPED = PARAGRAPHS.replace("<", "&lt;")
XHTML = (
    '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">'
    '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"><head><title>Mill</title></head>'
    f"<body><h1>The old mill</h1>{PARAGRAPHS}</body></html>"
)
RECORDS = {
    "text": (STORY, "text/plain; charset=utf-8"),
    "xhtml": (XHTML, "application/xhtml+xml"),
    "rss": (
        f"<rss><channel><title>Mills</title><item><title>Old</title><description>{ESCAPED}"
        "</description></item></channel></rss>",
        "application/rss+xml",
    ),
    "atom": (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='html'>{ESCAPED}"
        "</content></entry></feed>",
        "text/xml",
    ),
    "pdf": (sample(LINES), "application/pdf"),
    "locked": (encrypted(), "application/pdf"),
    "cut": (sample(LINES)[:99], "application/pdf"),
}


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rows_of(folder, table):
    files = stages.required(folder, "extract").files[table]
    return [r for f in files for b in parquet.batches(folder, f.path) for r in b.to_pylist()]


def settings(folder, text):
    file = folder / "settings.toml"
    file.write_text(text)
    return file


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("formats") / "formats.warc.gz"
    members = [
        response_record(
            f"https://mill.example/{name}", body.encode() if isinstance(body, str) else body, kind
        )
        for name, (body, kind) in RECORDS.items()
    ]
    path.write_bytes(b"".join(members))
    return path


def zst(path, objects):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{json.dumps(line)}\n" for line in objects).encode()
    half = lines.index(b"\n", len(lines) // 2) - 5  # frames need not end where lines do
    coder = zstandard.ZstdCompressor()
    path.write_bytes(coder.compress(lines[:half]) + coder.compress(lines[half:]))


def hplt_tables(folder, documents):
    """The documents of a run as HPLT keeps them: texts, pages, and a release of the same."""
    texts = [{"t": row["text"], "htmllang": [row["html_lang"]]} for row in documents]
    meta = [
        {"f": row["warc_file"], "o": row["warc_offset"], "s": row["warc_length"], "rs": 1,
         "u": row["url"], "c": "text/html", "ts": row["warc_date"].strftime("%Y-%m-%dT%H:%M:%SZ")}
        for row in documents
    ]  # fmt: skip
    langs = [{"lang": [row["lang"]], "prob": [row["lang_score"]]} for row in documents]
    zst(folder / "stage2/1/text.zst", texts)
    zst(folder / "stage2/1/metadata.zst", meta)
    zst(folder / "stage2/1/lang.zst", langs)
    page = "<html><body><article>{}</article></body></html>"
    paragraphs = ["".join(f"<p>{x}</p>" for x in t["t"].split("\n")[:30]) for t in texts]
    zst(folder / "stage1/1/html.zst", [{"h": page.format(p)} for p in paragraphs])
    zst(folder / "stage1/1/metadata.zst", meta)
    again = zip(texts, meta, langs, strict=True)
    lines = [m | la | {"text": t["t"], "id": f"{n:032x}"} for n, (t, m, la) in enumerate(again)]
    zst(folder / "eng_Latn/1.jsonl.zst", lines)


@pytest.fixture(scope="module")
def milled(spark, archive, tmp_path_factory):
    """Documents of a sample archive; tables made from them; what is milled of all formats."""
    base, sample_archive = tmp_path_factory.mktemp("tables"), SAMPLES / "west.warc.gz"
    plain, size = Config(), sample_archive.stat().st_size
    task = Range(str(sample_archive), sample_archive.name, size, "", 0, size)
    _, pages = mill(screened_records(task, plain), plain)
    rows = documents_of(pages, tools(plain), plain).to_pylist()
    hplt_tables(base / "hplt", rows)
    out = Folder(str(base / "out"))
    asked = settings(base, "[text]\npdf = true\n")
    result = run("mill", base / "hplt", archive, "-o", out.uri, "--config", asked)
    assert result.exit_code == 0, result.output
    return rows, base / "hplt", out


# --------------------------------------------------------------------------------- archives
def test_every_format_becomes_text_and_it_adds_up(milled):
    out = milled[2]
    rows = [r for r in rows_of(out, "documents") if r["warc_file"] == "formats.warc.gz"]
    found = {r["url"].rsplit("/", 1)[1]: r for r in rows}
    assert {name: row["source_type"] for name, row in found.items()} == {
        "text": "text", "xhtml": "html", "rss": "feed", "atom": "feed", "pdf": "pdf",
    }  # fmt: skip
    for name, row in found.items():
        text = " ".join(row["text"].split())
        assert all(line[:60] in text for line in LINES), name
        assert row["lang"] == "eng_Latn"
        assert {span["kind"] for span in row["pii"]} == {"email", "phone"}, name
    assert found["rss"]["title"] == "Mills"
    assert found["pdf"]["charset"] is None
    ledger = [r for r in rows_of(out, "ledger") if r["warc_file"] == "formats.warc.gz"]
    ends = {r["url"].rsplit("/", 1)[1]: (r["fate"], r["reason"]) for r in ledger}
    assert ends["locked"] == ("skipped", "pdf_encrypted")
    assert ends["cut"] == ("failed", "pdf_damaged")
    assert run("verify", out.uri).exit_code == 0


def test_what_is_not_asked_for_is_no_text(archive, spark, tmp_path, monkeypatch):
    plain = Config(text=Text(feeds=False))
    size = archive.stat().st_size
    task = Range(str(archive), archive.name, size, "", 0, size)
    ends = {s.row["url"].rsplit("/", 1)[1]: s.row["reason"] for s in screened_records(task, plain)}
    assert ends == {"text": None, "xhtml": None} | dict.fromkeys(
        ("rss", "atom", "pdf", "locked", "cut"), "not_text"
    )
    monkeypatch.setattr(pdf, "PACKAGE", "not-installed-here")
    asked = settings(tmp_path, "[text]\npdf = true\n")
    result = run("mill", archive, "-o", tmp_path / "none", "--config", asked)
    assert result.exit_code == 2
    assert "corpusmill[pdf]" in result.stderr


# ----------------------------------------------------------------------------------- tables
def test_a_release_is_filtered_and_deduplicated_again_without_archives(milled):
    documents, _, out = milled
    found = [r for r in rows_of(out, "documents") if r["warc_file"] != "formats.warc.gz"]
    texts = sorted(
        (r for r in found if r["warc_file"] == "stage2/1/text.zst"), key=lambda r: r["line"]
    )
    same = ("text", "url", "warc_date", "text_hash", "signature", "lang", "word_count", "pii")
    for before, after in zip(documents, texts, strict=True):
        assert {k: before[k] for k in same} == {k: after[k] for k in same}
        origin = after["derived_from"]
        assert (origin["file"], origin["offset"]) == (before["warc_file"], before["warc_offset"])
        assert origin["lang"] == before["lang"]
    kinds = Counter(row["source_type"] for row in found)
    assert kinds["table"] == 2 * len(documents)
    assert len(documents) - 5 <= kinds["html"] <= len(documents)
    published = {"corpus": [], "removed": []}
    for file in manifest.read(out)["files"]:
        table = file["path"].partition("/")[0]
        if table in published:
            batches = parquet.batches(out, file["path"])
            published[table] += [row for batch in batches for row in batch.to_pylist()]
    kept = {row["text"] for row in published["corpus"]}
    assert len(kept) == len(published["corpus"]) >= 5
    gone = {row["text"] for row in published["removed"] if row["reason"] == "duplicate.exact"}
    own = {row["text"] for row in published["corpus"] if row["source_type"] == "table"}
    assert own
    assert own <= gone
    assert all(
        bool(row["derived_from"]) == bool(row["line"]) == row["warc_file"].endswith(".zst")
        for row in published["corpus"]
    )


def of_tables(folder, table):
    """Rows of the tables, in order."""
    place = itemgetter("warc_file", "warc_offset", "line" if table == "ledger" else "doc_id")
    rows = [row for row in rows_of(folder, table) if row["warc_file"].endswith(".zst")]
    return sorted(rows, key=lambda row: str(place(row)))


def test_tables_in_ranges_give_the_same_documents(milled, monkeypatch, tmp_path):
    _, tables, out = milled
    planned = extract._ranges  # in pieces of bytes, since a range has a MiB at least

    def pieces(group, config):
        return [
            whole._replace(start=start, end=end)
            for whole in planned(group, config)
            for start, end in extract.table_files.cuts(group, 4_000)
        ]

    monkeypatch.setattr(extract, "_ranges", pieces)
    cut = Folder(str(tmp_path / "cut"))
    assert run("extract", tables, "-o", cut.uri).exit_code == 0
    assert len(cut.list("commits")) > len(out.list("commits")) + 4
    for table in ("documents", "ledger"):
        assert of_tables(cut, table) == of_tables(out, table)


def test_damaged_tables_end_in_exit_code_three_and_add_up(milled, tmp_path):
    _, tables, _ = milled
    copy = tmp_path / "copy"
    shutil.copytree(tables, copy)
    (copy / "stage1/1/metadata.zst").unlink()
    zst(copy / "stage2/1/lang.zst", [{"lang": None}] * 20)
    lines = zstandard.ZstdDecompressor().stream_reader(
        (copy / "eng_Latn/1.jsonl.zst").read_bytes(), read_across_frames=True
    ).read().split(b"\n")  # fmt: skip
    lines[4] = b'{"text": "half'
    (copy / "eng_Latn/1.jsonl.zst").write_bytes(zstandard.compress(b"\n".join(lines)))
    out = Folder(str(tmp_path / "out"))
    result = run("mill", copy, "-o", out.uri)
    assert result.exit_code == 3
    for told in ("missing_partner", "unequal_lines", "bad_line"):
        assert told in result.stderr
    lost = {(r["warc_file"], r["line"]): r["reason"] for r in rows_of(out, "ledger") if r["reason"]}
    assert lost["eng_Latn/1.jsonl.zst", 5] == "bad_line"
    assert lost["stage2/1/text.zst", 21] == "unequal_lines"
    assert lost["stage1/1/html.zst", None] == "missing_partner"
    assert run("verify", out.uri).exit_code == 0
    result = run("mill", copy / "stage1", "-o", tmp_path / "none")
    assert result.exit_code == 2
    assert "html.zst (missing_partner)" in " ".join(result.stderr.split())


def test_one_line_is_explained(milled):
    documents, tables, out = milled
    result = run("explain", tables / "stage2/1/text.zst", "--offset", 7, "--run", out.uri)
    assert result.exit_code == 0, result.output
    assert documents[6]["url"] in result.output
    assert "In the run" in result.output


# --------------------------------------------------------------------------------------- S3
@pytest.fixture(scope="module")
def s3(spark, milled, tmp_path_factory):
    """A loopback S3 with the tables, an archive and an index of it."""
    folder = tmp_path_factory.mktemp("index")
    rows = entries("west.warc.gz")
    for number, row in enumerate(rows):
        row["content_languages"] = "mlt" if number % 9 == 0 else "eng"
    write_index(folder / "part.parquet", rows)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
            patch.setitem(spark.sparkContext.environment, name, value)
        server = ThreadedMotoServer(port=0)
        server.start()
        url = "http://{}:{}".format(*server.get_host_and_port())
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
        client.create_bucket(Bucket="pool")
        for path in sorted(milled[1].rglob("*.zst")):
            client.upload_file(str(path), "pool", f"hplt/{path.relative_to(milled[1])}")
        client.upload_file(str(folder / "part.parquet"), "pool", "cc-index/crawl=S/part.parquet")
        client.upload_file(str(SAMPLES / "west.warc.gz"), "pool", "crawl/west.warc.gz")
        yield url
        server.stop()


def test_tables_on_s3_give_the_same_documents(s3, milled, tmp_path):
    _, _, local = milled
    asked = settings(tmp_path, f'[input]\nendpoint_url = "{s3}"\nregion = "us-east-1"\n')
    out = Folder("s3://pool/again", StorageOptions(endpoint_url=s3, region="us-east-1"))
    alone = "s3://pool/hplt/stage2/1/text.zst"  # finds the files beside it
    result = run("extract", alone, "s3://pool/hplt/eng_Latn/", "-o", out.uri, "--config", asked)
    assert result.exit_code == 0, result.output
    assert {row["warc_file"] for row in rows_of(out, "ledger")} == {
        "text.zst", "metadata.zst", "lang.zst", "1.jsonl.zst",
    }  # fmt: skip
    texts = Counter(r["text_hash"] for r in rows_of(out, "documents"))
    expected = [r for r in rows_of(local, "documents") if r["source_type"] == "table"]
    assert texts == Counter(row["text_hash"] for row in expected)


def test_an_index_on_s3_chooses_records_of_an_archive_on_s3(s3, tmp_path):
    asked = settings(tmp_path, f'[input]\nendpoint_url = "{s3}"\nregion = "us-east-1"\n')
    out = Folder("s3://pool/out", StorageOptions(endpoint_url=s3, region="us-east-1"))
    result = run(
        "extract", "--index", "s3://pool/cc-index/",
        "--where", "content_languages = 'mlt' AND crawl = 'S'",
        "--base", "s3://pool/crawl", "-o", out.uri, "--config", asked,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    wanted = {r["warc_record_offset"] for r in entries("west.warc.gz")[::9]}
    assert {r["warc_offset"] for r in rows_of(out, "ledger")} == wanted
    assert rows_of(out, "documents")
