"""Pages that an earlier archive of the run has, byte for byte: left out, whatever the tasks."""

import random

import pyarrow as pa
import pytest
from conftest import response_record
from test_pipeline_screening import OPTIONS, extracted, page, settings

from jobs import extract, payloads
from pipeline import stages
from pipeline.files import Folder
from pipeline.parquet import batches

pytestmark = pytest.mark.spark

ARCHIVES = 5


@pytest.fixture(scope="module")
def records():
    """Few bodies on few sites, so that many are the same."""
    draw = random.Random(3)
    hosts = ["a.example.org", "b.example.org", "example.net", "example.com", "hotels.example.com"]
    return [
        response_record(
            f"http://{draw.choice(hosts)}/{number}",
            page(draw.choice(["fin_Latn", "mlt_Latn"]), draw.randrange(6)),
            **({"X-Robots-Tag": "noai"} if draw.random() < 0.1 else {}),
        )
        for number in range(150)
    ]


@pytest.fixture
def archives(tmp_path, records):
    """The records in order, over archives of which the last by name was written first."""
    each = len(records) // ARCHIVES
    paths = [tmp_path / f"{number}.warc.gz" for number in range(ARCHIVES)]
    for number, path in reversed(list(enumerate(paths))):
        path.write_bytes(b"".join(records[number * each : (number + 1) * each]))
    return [str(path) for path in paths]


def run(spark, folder, archives, chosen):
    """Ledger rows in the order of the records, and the documents' ids."""
    stage = extract.run(spark, chosen, folder, archives)
    tables = {
        name: [
            row
            for file in stage.files[name]
            for batch in batches(folder, file.path)
            for row in batch.to_pylist()
        ]
        for name in ("documents", "ledger")
    }
    rows = [row for row in tables["ledger"] if row["record_type"] == "response"]
    rows.sort(key=lambda row: (row["warc_file"], row["warc_offset"]))
    return rows, {row["doc_id"] for row in tables["documents"]}


def test_what_a_run_leaves_out_is_what_one_archive_of_all_would(spark, tmp_path, archives, records):
    chosen = settings(tmp_path, payloads="run")
    rows, documents = run(spark, Folder(str(tmp_path / "run")), archives, chosen)
    _, one, _ = extracted(tmp_path, records, settings(tmp_path, payloads="range"), "one")
    one = [row for row in one if row["record_type"] == "response"]
    assert [row["reason"] for row in rows] == [row["reason"] for row in one]
    number_of = {row["doc_id"]: number for number, row in enumerate(rows) if row["doc_id"]}
    in_one = {row["doc_id"]: number for number, row in enumerate(one) if row["doc_id"]}
    twins = [
        (number_of[a["notes"][-1].partition(":")[2]], in_one[b["notes"][-1].partition(":")[2]])
        for a, b in zip(rows, one, strict=True)
        if a["reason"] == "same_payload"
    ]
    assert len(twins) > 60
    assert all(a == b for a, b in twins)
    assert documents == set(number_of)


def test_what_was_found_is_kept_until_the_extraction_is_finished(spark, tmp_path, archives):
    chosen, folder = settings(tmp_path, payloads="run"), Folder(str(tmp_path / "run"))
    listed = extract.planned(extract._listed(archives, OPTIONS), chosen)
    parts = {"inputs": "these"}
    first = payloads.look(spark, listed, chosen, folder, None, parts)
    assert len(first) == ARCHIVES - 1  # all but the first have some
    assert payloads.look(None, listed, chosen, folder, None, parts) == first  # no Spark: not again
    assert payloads.look(spark, listed, chosen, folder, None, {"inputs": "others"}) != first
    run(spark, folder, archives, chosen)
    assert stages.finished(folder, "payloads") is None
    assert not list(folder.list("payloads"))


def test_a_stopped_extraction_ends_as_an_unbroken_one(spark, tmp_path, archives, monkeypatch):
    chosen = settings(tmp_path, payloads="run")
    whole, _ = run(spark, Folder(str(tmp_path / "whole")), archives, chosen)
    folder = Folder(str(tmp_path / "stopped"))
    monkeypatch.setattr(extract, "_extracted", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(spark, folder, archives, chosen)
    monkeypatch.undo()
    monkeypatch.setattr(payloads, "_shared", stopped)  # looked for already
    rows, _ = run(spark, folder, archives, chosen)
    assert pa.Table.from_pylist(rows).equals(pa.Table.from_pylist(whole))


def stopped(*_):
    raise KeyboardInterrupt
