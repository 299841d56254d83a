"""``--index`` and ``--where`` over the samples: the chosen records, no others, and it adds up."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from test_pipeline_index import entries, write_index
from typer.testing import CliRunner

from jobs.cli import app
from pipeline import parquet, stages
from pipeline.files import Folder

SAMPLES = Path(__file__).parent.parent / "samples" / "archives"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rows_of(folder, table):
    files = stages.required(folder, "extract").files[table]
    return [r for f in files for b in parquet.batches(folder, f.path) for r in b.to_pylist()]


def test_index_options_that_do_not_go_together_are_told(tmp_path):
    for arguments, told in (
        (["x.warc", "--index", "i.parquet"], "not both"),
        ([], "give archives to read, or --index"),
        (["x.warc", "--where", "true"], "belong to --index"),
    ):
        result = run("extract", *arguments, "--output", tmp_path / "o")
        assert result.exit_code == 2
        assert told in result.stderr


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index") / "crawl=SAMPLES"
    rows = {name: entries(name) for name in ("west.warc.gz", "world.warc.zst")}
    for number, row in enumerate(rows["west.warc.gz"]):
        row["content_languages"] = "mlt,eng" if number % 9 == 0 else None
    for row in rows["world.warc.zst"]:
        row["content_languages"] = "eng"
    broken = {"url": None, "warc_filename": None, "warc_record_offset": 1,
              "warc_record_length": 1, "content_languages": "xxx"}  # fmt: skip
    write_index(folder / "a.parquet", [*rows["west.warc.gz"], broken])
    write_index(folder / "b.parquet", [*rows["world.warc.zst"], rows["west.warc.gz"][0]])
    return folder.parent


@pytest.mark.spark
def test_only_what_the_condition_chooses_is_read_and_it_adds_up(spark, indexed, tmp_path):
    out = Folder(str(tmp_path / "out"))
    where = "content_languages LIKE '%mlt%' AND crawl = 'SAMPLES'"
    result = run("mill", "--index", indexed, "--where", where, "--base", SAMPLES, "-o", out.uri)
    assert result.exit_code == 0, result.output
    wanted = {r["warc_record_offset"] for r in entries("west.warc.gz")[::9]}
    ledger = rows_of(out, "ledger")
    assert (
        {r["warc_offset"] for r in ledger}
        == wanted
        == {r["warc_offset"] for r in rows_of(out, "selection")}
    )
    assert {r["warc_file"] for r in ledger} == {"west.warc.gz"}
    whole = Folder(str(tmp_path / "whole"))
    assert run("extract", SAMPLES / "west.warc.gz", "-o", whole.uri).exit_code == 0
    every = {r["doc_id"]: r for r in rows_of(whole, "documents")}
    documents = rows_of(out, "documents")
    assert documents
    assert all(every[r["doc_id"]] == r for r in documents)
    assert run("verify", out.uri).exit_code == 0
    again = run("mill", "--index", indexed, "--where", where, "--base", SAMPLES, "-o", out.uri)
    assert "finished before" in again.stderr or again.exit_code == 0
    file = Path(out.path(stages.required(out, "extract").files["ledger"][0].path))
    table = pq.read_table(file)
    pq.write_table(table.slice(1), file)
    assert run("verify", out.uri).exit_code == 1


@pytest.mark.spark
@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("langs LIKE 'x'", "`langs` cannot be resolved. Did you mean"),
        ("fetch_status ==", "Syntax error at or near end of input. (line 1, pos 15)"),
        ("url", "is not a boolean"),
        ("url = 'nowhere'", "none of the"),
        ("CAST(url AS int) = 1", "none of the"),
    ],
)
def test_a_condition_that_cannot_be_is_told_without_a_trace(spark, indexed, tmp_path, where, told):
    result = run("extract", "--index", indexed, "--where", where, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert "at org.apache" not in result.stderr + result.output


@pytest.mark.spark
def test_a_row_without_a_record_ends_in_exit_code_three(spark, indexed, tmp_path):
    out = tmp_path / "out"
    where = "content_languages = 'xxx' OR url = '" + entries("west.warc.gz")[0]["url"] + "'"
    result = run("extract", "--index", indexed, "--where", where, "--base", SAMPLES, "-o", out)
    assert result.exit_code == 3, result.output
    assert "index_row_without_record" in result.stderr
    found = Counter(r["fate"] for r in rows_of(Folder(str(out)), "ledger"))
    assert found.total() == 1
