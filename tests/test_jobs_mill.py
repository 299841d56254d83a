"""The whole path on the samples: what must become of each page is in samples/expected.tsv."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from jobs import curate, deduplicate, mill
from jobs.bands import with_corpora
from pipeline import (
    config,
    deciding,
    few_clusters,
    manifest,
    moving,
    parquet,
    shards,
    stages,
    verification,
)
from pipeline.errors import ConfigError
from pipeline.files import Folder

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parent.parent
ARCHIVES = ROOT / "samples" / "archives"


@pytest.fixture(scope="module")
def milled(spark, tmp_path_factory):
    folder = Folder(str(tmp_path_factory.mktemp("milled")))
    settings = config.load()
    mill.run(spark, settings, folder, [str(ARCHIVES)])
    return folder


def published(folder, table):
    root = Path(folder.path(table))
    return [
        row for path in sorted(root.glob("*/*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


def ledger(folder):
    files = stages.required(folder, "extract").files["ledger"]
    return [row for f in files for b in parquet.batches(folder, f.path) for row in b.to_pylist()]


def fates(folder):
    """What became of every record: (archive, url, language, fate, reason)."""
    found = [
        (row["warc_file"], row["url"] or "-", "-", row["fate"], row["reason"])
        for row in ledger(folder)
        if row["fate"] != "extracted"
    ]
    fate = {"corpus": "kept", "removed": "rejected"}
    found += [
        (row["warc_file"], row["url"], row["lang"], fate[table], row.get("reason", "-"))
        for table in fate
        for row in published(folder, table)
    ]
    return Counter(found)


def test_every_sample_page_meets_its_fate(milled):
    with (ROOT / "samples" / "expected.tsv").open(newline="") as file:
        expected = Counter(tuple(row) for row in list(csv.reader(file, delimiter="\t"))[1:])
    found = fates(milled)
    wrong = [f"expected: {row}" for row in expected - found]
    wrong += [f"found: {row}" for row in found - expected]
    assert not wrong, "\n".join(sorted(wrong))


def test_it_adds_up(spark, milled):
    assert verification.verify(spark, milled) == []


def test_output_is_the_same_from_a_second_run_with_other_parallelism(spark, milled, tmp_path):
    again = Folder(str(tmp_path / "again"))
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", "3")
    mill.run(spark, config.load(), again, [str(ARCHIVES)])
    spark.conf.set("spark.sql.shuffle.partitions", before)
    assert manifest.read(again) == manifest.read(milled)


def test_a_rerun_changes_nothing_and_a_new_threshold_reads_no_archive(spark, milled, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in Path(milled.base).rglob("*.parquet")}
    mill.run(spark, config.load(), milled, [str(ARCHIVES)])
    assert {p: p.stat().st_mtime_ns for p in Path(milled.base).rglob("*.parquet")} == before


def unmasked(folder):
    """The text of every document as extracted, with its personal data."""
    files = stages.required(folder, "extract").files["documents"]
    columns = ["doc_id", "text", "pii"]
    rows = [
        r for f in files for b in parquet.batches(folder, f.path, columns) for r in b.to_pylist()
    ]
    return {row["doc_id"]: row for row in rows}


def test_line_edits_change_the_published_text_and_nothing_else(spark, milled, tmp_path):
    folder, own = copy(milled, tmp_path / "edited"), tmp_path / "own.toml"
    own.write_text('[edits]\nsteps = ["c4_original", "refinedweb"]\n')
    curate.run(spark, config.load(None, str(own)), folder)
    assert verification.verify(spark, folder) == []
    before = {row["doc_id"]: row for row in published(milled, "corpus")}
    after = {row["doc_id"]: row for row in published(folder, "corpus")}
    removed = {row["doc_id"]: row for row in published(folder, "removed")}
    originals = unmasked(folder)
    assert after.keys() | removed.keys() == originals.keys()
    lost = before.keys() - after.keys()
    assert {removed[doc_id]["reason"] for doc_id in lost} <= {"edits.nothing_left"}
    assert any(row["edits"] for row in after.values())
    for row in removed.values():
        assert row["edits"] == []
        assert row["text"]
    for doc_id, row in after.items():
        text, marks = originals[doc_id]["text"], []
        for span in reversed(row["edits"]):
            text = text[: span["start"]] + text[span["end"] :]
        assert row["text"].strip()
        for span in row["pii"]:
            marks.append(row["text"][span["start"] : span["end"]])
            assert marks[-1] == f"<{span['kind'].upper()}>"
        pieces = re.split(r"<(?:EMAIL|PHONE|IPV4|IPV6|IBAN|CARD)>", row["text"]) if marks else []
        assert row["text"] == text if not marks else all(piece in text for piece in pieces)
        unedited = {"text", "edits", "pii", "cluster_id", "cluster_size"}
        if doc_id in before:
            kept = before[doc_id]
            assert {k: row[k] for k in row.keys() - unedited} == {
                k: kept[k] for k in kept.keys() - unedited
            }
    curate.run(spark, config.load(), folder)
    assert manifest.read(folder) == manifest.read(milled)


def test_personal_data_is_masked_in_what_is_published(milled):
    rows = published(milled, "corpus") + published(milled, "removed")
    marked = [row for row in rows if row["pii"]]
    assert {span["kind"] for row in marked for span in row["pii"]} == {
        "email", "phone", "ipv4", "ipv6", "iban", "card",
    }  # fmt: skip
    for row in marked:
        for span in row["pii"]:
            assert row["text"][span["start"] : span["end"]].startswith("<")


def test_readers_find_the_corpus(milled):
    table = pq.read_table(Path(milled.path("corpus")))
    assert table.num_rows == manifest.read(milled)["rows"]["corpus"]
    assert len(set(table["lang"].to_pylist())) >= 38


def copy(folder, target):
    subprocess.run(["cp", "-a", folder.base, str(target)], check=True)
    return Folder(str(target))


def rewrite(path, change):
    table = pq.read_table(path, partitioning=None)
    pq.write_table(change(table), path, compression="zstd", write_page_checksum=True)


def restate(folder):
    """A manifest that agrees with the shards as they are: the forger's best try."""
    content = json.loads((Path(folder.base) / "MANIFEST.json").read_text())
    for file in content["files"]:
        raw = Path(folder.path(file["path"])).read_bytes()
        rows = pq.read_metadata(folder.path(file["path"])).num_rows
        file.update(bytes=len(raw), rows=rows, sha256=hashlib.sha256(raw).hexdigest())
    (Path(folder.base) / "MANIFEST.json").write_text(json.dumps(content))


def first_shard(folder, table="corpus"):
    return min(Path(folder.path(table)).glob("*/*.parquet"))


def flip(folder):
    raw = bytearray(first_shard(folder).read_bytes())
    raw[len(raw) // 2] ^= 1
    first_shard(folder).write_bytes(raw)


def drop_row(folder):
    rewrite(first_shard(folder), lambda table: table.slice(1))
    restate(folder)


def repeat_row(folder):
    shards = sorted(Path(folder.path("corpus")).glob("*/*.parquet"))
    extra = pq.read_table(shards[0], partitioning=None)
    rewrite(
        shards[1],
        lambda table: type(table).from_pylist(table.to_pylist() + extra.to_pylist(), table.schema),
    )
    restate(folder)


def stray(folder):
    (first_shard(folder).parent / "part-99999.parquet").write_bytes(b"")


def lose(folder):
    first_shard(folder).unlink()


def unpublish(folder):
    (Path(folder.base) / "MANIFEST.json").unlink()


def damage_ledger(folder):
    path = folder.path(stages.required(folder, "extract").files["ledger"][0].path)
    rewrite(path, lambda table: table.slice(1))


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (flip, "files"), (drop_row, "documents"), (repeat_row, "documents"), (stray, "files"),
        (lose, "files"), (unpublish, "manifest"), (damage_ledger, "files"),
    ],
)  # fmt: skip
def test_verify_notices(spark, milled, tmp_path, damage, check):
    broken = copy(milled, tmp_path / "broken")
    damage(broken)
    assert check in {difference.check for difference in verification.verify(spark, broken)}


def test_verify_counts_the_clusters_and_every_table_of_statistics(spark, milled, tmp_path):
    broken = copy(milled, tmp_path / "forged")
    gone = published(broken, "removed")[0]["doc_id"]

    def point(table):
        rows = [row | {"kept_doc_id": gone, "kept_in": None} for row in table.to_pylist()[1:]]
        return type(table).from_pylist(rows, table.schema)

    def add(table):
        row = {"lang": "fin_Latn", "kind": "email", "documents": 1, "spans": 1, "removed": 1}
        return type(table).from_pylist([*table.to_pylist(), row], table.schema)

    rewrite(broken.path("clusters/part-00000.parquet"), point)
    for name in ("edits", "personal_data", "rehydration"):
        rewrite(broken.path(f"stats/{name}.parquet"), add)
    restate(broken)
    found = verification.verify(spark, broken)
    assert {d.what.split(" ")[0] for d in found if d.check == "stats"} == {
        f"stats/{name}.parquet" for name in ("edits", "personal_data", "rehydration")
    }
    told = [d.what for d in found if d.check == "documents"]
    assert [what for what in told if what.startswith(gone) and "removed 1 times" in what]
    assert [what for what in told if "clustered 0 times" in what]


def contents(folder):
    """Every published file by its path, byte for byte."""
    root = Path(folder.base)
    paths = [root / "MANIFEST.json"]
    for table in ("corpus", "removed", "clusters", "stats"):
        paths += sorted(path for path in (root / table).rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def undecided(folder, target):
    """A copy of a run as it is before its decisions: clustered, with nothing published."""
    again = copy(folder, target)
    stages.forget(again, "curate")
    for name in ("corpus", "removed", "clusters", "stats", "decisions"):
        shutil.rmtree(target / name)
    (target / "MANIFEST.json").unlink()
    return again


@pytest.mark.parametrize(
    ("stage", "verb"),
    [
        ("commits", "mill"),
        ("members", "mill"),
        ("decisions", "curate"),
        ("scratch/curate", "curate"),
    ],
)
def test_a_killed_run_shows_nothing_half_and_the_next_one_ends_the_same(
    spark, milled, tmp_path, stage, verb
):
    output = tmp_path / "killed"
    if verb == "curate":  # what mill runs last, and needs no JVM
        undecided(milled, output)
    command = [
        str(Path(sys.executable).parent / "corpusmill"),
        verb,
        *([str(ARCHIVES), "--output", str(output)] if verb == "mill" else [str(output)]),
    ]
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 180
    while (
        process.poll() is None
        and time.monotonic() < deadline
        and not list(output.glob(f"{stage}*/**/*.*"))
    ):
        time.sleep(0.02)
    assert process.poll() is None  # killed in the midst of its work
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (output / "MANIFEST.json").exists()
    assert not list(output.glob("corpus/**/*.parquet"))
    folder = Folder(str(output))
    mill.run(spark, config.load(), folder, [str(ARCHIVES)])
    assert contents(folder) == contents(milled)


def test_another_preset_redecides_from_stored_columns(spark, milled, tmp_path):
    folder = copy(milled, tmp_path / "fineweb2")
    extracted = stages.required(folder, "extract")
    curate.run(spark, config.load("fineweb2"), folder)
    assert stages.required(folder, "extract") == extracted
    assert verification.verify(spark, folder) == []
    assert manifest.read(folder)["rows"] != manifest.read(milled)["rows"]
    told = manifest.read(folder)["config"]
    ran_with = config.load()
    assert told["preset"] == "fineweb2"
    assert told["text"] == ran_with.text.model_dump()  # as extracted, not as configured
    assert told["duplicates"]["minimum_similarity"] == ran_with.duplicates.minimum_similarity


def test_a_ledger_of_another_version_is_told_before_anything_is_written(milled, tmp_path):
    folder = copy(milled, tmp_path / "older")
    path = folder.path(stages.required(folder, "extract").files["ledger"][0].path)
    rewrite(path, lambda table: table.drop_columns(["lang"]))
    stages.forget(folder, "curate")
    with pytest.raises(ConfigError, match=r"ledger has no column lang.*corpusmill extract"):
        curate.run(None, config.load(), folder, cores=1)
    assert not list(Path(folder.path("scratch")).glob("curate-*"))


def test_decided_and_written_by_spark_it_is_the_same_corpus(spark, milled, tmp_path, monkeypatch):
    folder = copy(milled, tmp_path / "by_spark")
    stages.forget(folder, "curate")
    monkeypatch.setattr(deciding, "MOST_ROWS", 0)
    monkeypatch.setattr(moving, "MOST_BYTES", -1)
    monkeypatch.setattr(moving, "written", None)
    curate.run(spark, config.load(), folder)
    assert manifest.read(folder) == manifest.read(milled)


def members(folder):
    """Rows of the clusters, whatever files they are in."""
    files = stages.required(folder, "deduplicate").files["members"]
    return sorted(tuple(row.values()) for f in files for b in parquet.batches(folder, f.path)
                  for row in b.to_pylist())  # fmt: skip


def test_clustered_by_spark_it_is_the_same_corpus(spark, milled, tmp_path, monkeypatch):
    folder = copy(milled, tmp_path / "clustered")
    monkeypatch.setattr(few_clusters, "MOST_DOCUMENTS", 0)
    stages.forget(folder, "deduplicate")
    before = stages.finished(folder, "deduplicate")
    deduplicate.run(spark, config.load(), folder)
    assert before is None
    assert members(folder) == members(milled)
    curate.run(spark, config.load(), folder)
    assert manifest.read(folder) == manifest.read(milled)


def test_by_processes_without_spark_it_is_the_same_corpus(milled, tmp_path, monkeypatch):
    folder = copy(milled, tmp_path / "by_processes")
    stages.forget(folder, "curate")
    monkeypatch.setattr(moving, "FEW_BYTES", 0)
    monkeypatch.setattr(moving, "TASK_BYTES", 1)
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path))
    before = set(tmp_path.iterdir())
    curate.run(None, config.load(), folder, cores=2)
    assert manifest.read(folder) == manifest.read(milled)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("cores", [1, 2])
def test_damage_that_a_writer_meets_is_told_and_nothing_is_published(
    milled, tmp_path, monkeypatch, cores
):
    folder = copy(milled, tmp_path / "damaged")
    file = stages.required(folder, "extract").files["documents"][0]
    path = Path(folder.path(file.path))
    text = pq.ParquetFile(path).metadata.row_group(0)
    chunk = next(text.column(i) for i in range(text.num_columns)
                 if text.column(i).path_in_schema == "text")  # fmt: skip
    content = bytearray(path.read_bytes())
    content[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 1
    path.unlink()  # a copy of the run may share it
    path.write_bytes(content)
    stages.forget(folder, "curate")
    monkeypatch.setattr(moving, "FEW_BYTES", 0)
    before = manifest.read(folder)
    with pytest.raises(OSError, match=path.name):
        curate.run(None, config.load(), folder, cores=cores)
    assert manifest.read(folder) == before


def _killed(*_arguments):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_writer_ends_the_run_with_a_remedy(milled, tmp_path, monkeypatch):
    folder = copy(milled, tmp_path / "killed")
    stages.forget(folder, "curate")
    monkeypatch.setattr(moving, "FEW_BYTES", 0)
    monkeypatch.setattr(moving, "_write", _killed)
    with pytest.raises(RuntimeError, match=r"killed.*--master local\[1\]"):
        curate.run(None, config.load(), folder, cores=2)


def test_a_preview_is_the_funnel_and_touches_nothing(milled, tmp_path, spark):
    folder = copy(milled, tmp_path / "preview")
    before = {p: p.stat().st_mtime_ns for p in Path(folder.base).rglob("*") if p.is_file()}
    shown = curate.preview(config.load("hplt"), folder)
    assert {p: p.stat().st_mtime_ns for p in Path(folder.base).rglob("*") if p.is_file()} == before
    curate.run(spark, config.load("hplt"), folder)
    assert shown == list(pq.read_table(folder.path("stats/funnel.parquet")).to_pylist())


def test_signatures_of_another_length_are_refused_before_any_work(spark, milled):
    with pytest.raises(ConfigError, match="bands and rows whose product is 112"):
        deduplicate.run(spark, config.load("hplt"), milled)


def test_a_run_killed_between_publishing_and_its_record_is_not_taken_for_the_one_before(
    spark, milled, tmp_path, monkeypatch
):
    folder = copy(milled, tmp_path / "between")

    def killed(folder, stage):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stages, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            curate.run(spark, config.load("hplt"), folder)
    assert manifest.read(folder) != manifest.read(milled)
    curate.run(spark, config.load(), folder)
    assert manifest.read(folder) == manifest.read(milled)


def test_a_language_larger_than_a_shard_is_cut_and_each_shard_sorted(
    spark, milled, tmp_path, monkeypatch
):
    folder = copy(milled, tmp_path / "cut")
    own = tmp_path / "own.toml"
    own.write_text("[output]\nzstd_level = 4\n")
    plan = shards.plan
    monkeypatch.setattr(
        shards, "plan", lambda sizes, packing, _bytes, cores: plan(sizes, packing, 6000, cores)
    )
    curate.run(spark, config.load(None, str(own)), folder)
    assert len(list(Path(folder.path("corpus/lang=eng_Latn")).iterdir())) > 1
    for path in Path(folder.path("corpus")).glob("*/*.parquet"):
        rows = pq.ParquetFile(path).read(columns=["domain", "url", "doc_id"]).to_pylist()
        assert rows == sorted(rows, key=lambda row: (row["domain"], row["url"], row["doc_id"]))
    assert {r["doc_id"] for r in published(folder, "corpus")} == {
        r["doc_id"] for r in published(milled, "corpus")
    }
    assert verification.verify(spark, folder) == []


def decisions_of(folder):
    files = stages.required(folder, "curate").files["decisions"]
    rows = [r for f in files for b in parquet.batches(folder, f.path) for r in b.to_pylist()]
    return {row["doc_id"]: row for row in rows}


def test_what_an_older_corpus_holds_is_known_and_no_refused_copy_resurfaces(
    spark, milled, tmp_path, monkeypatch
):
    """The older corpus holds two archives of five: what one run over all says is the oracle."""
    old, folder = Folder(str(tmp_path / "old")), copy(milled, tmp_path / "new")
    archives = [str(ARCHIVES / name) for name in ("nordic.warc.gz", "west.warc.gz")]
    mill.run(spark, config.load(), old, archives)
    settings = with_corpora(config.load(), [f"older={old.base}"], symmetric=False)
    deduplicate.run(spark, settings, folder)
    shown = curate.preview(settings, folder)
    curate.run(spark, settings, folder)
    assert shown == list(pq.read_table(folder.path("stats/funnel.parquet")).to_pylist())
    assert verification.verify(spark, folder) == []
    before, known = decisions_of(milled), decisions_of(old)
    clusters = {before[i]["cluster_id"] for i, row in known.items() if row["reason"] is None}
    kept = {row["cluster_id"]: i for i, row in known.items() if row["reason"] is None}
    after = decisions_of(folder)
    for doc_id, row in after.items():
        one = before[doc_id]
        passes = not one["failed_rules"] and one["reason"] != "rights.copy"
        held = one["cluster_id"] in clusters
        assert row["also_in"] == ["older"] * held
        assert row["reason"] == ("duplicate.known" if held and passes else one["reason"])
        assert row["kept_in"] == ("older" if held else None)
        assert row["cluster_id"] == one["cluster_id"]
        if held:
            assert row["kept_doc_id"] == kept[known[row["kept_doc_id"]]["cluster_id"]]
            assert row["similarity"] > 0.6
    assert sum(row["reason"] == "duplicate.known" for row in after.values()) > 20
    told = manifest.read(folder)
    assert told["against"]["corpora"][0][0] == "older"
    assert told["config"]["duplicates"]["against"] == ["older"]
    stages.forget(folder, "curate")
    monkeypatch.setattr(deciding, "MOST_ROWS", 0)
    curate.run(spark, settings, folder)
    assert manifest.read(folder) == told


def test_clusters_say_for_every_document_which_copy_stays_and_how_alike_it_is(milled):
    """Against the stored signatures, and against what stands in corpus and removed."""
    files = stages.required(milled, "extract").files["documents"]
    stored = [
        row
        for file in files
        for batch in parquet.batches(milled, file.path, ("doc_id", "text_hash", "signature"))
        for row in batch.to_pylist()
    ]
    root = Path(milled.path("clusters"))
    rows = [row for path in sorted(root.iterdir()) for row in pq.read_table(path).to_pylist()]
    assert [row["doc_id"] for row in rows] == sorted(row["doc_id"] for row in stored)
    of = {row["doc_id"]: row for row in stored}
    kept = {row["doc_id"] for row in published(milled, "corpus")}
    members = Counter(row["cluster_id"] for row in rows)
    stay, near = {}, 0
    for row in rows:
        own, copy = (of.get(row[name]) for name in ("doc_id", "kept_doc_id"))
        assert row["cluster_size"] == members[row["cluster_id"]]
        assert stay.setdefault(row["cluster_id"], row["kept_doc_id"]) == row["kept_doc_id"]
        assert row["kept_in"] is None
        if copy is None:
            assert row["similarity"] is None
        elif copy is own or copy["text_hash"] == own["text_hash"]:
            assert row["similarity"] == 1
        else:
            values = [np.frombuffer(each["signature"], "<u4") for each in (own, copy)]
            assert row["similarity"] == np.float32(np.mean(values[0] == values[1]))
            near += 0 < row["similarity"] < 1
    assert near
    assert {copy for copy in stay.values() if copy} == kept
    gone = Counter(row["reason"] for row in published(milled, "removed") if not row["kept_doc_id"])
    assert sum(gone.values()) == sum(row["kept_doc_id"] is None for row in rows)
    assert not [reason for reason in gone if reason.startswith("duplicate.")]
