"""Pages that take the guarded child with them: what they cost, what is kept, and the replay."""

import ctypes
import os
import re
import signal
import unicodedata

import boto3
import pytest
from conftest import response_record
from moto.server import ThreadedMotoServer
from test_pipeline_tables import put
from typer.testing import CliRunner

from jobs.cli import app
from pipeline import config, extraction, page, parquet, quarantine, stages, table_files
from pipeline.archives import records
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.ledger import screen
from pipeline.members import HeldBytes
from pipeline.sandbox import Sandbox, SandboxLimits
from pipeline.storage import StorageOptions

PROSE = "The ferry leaves at seven, and whoever is late walks around the bay, they say here. " * 5
EMAIL = "canary@wobblemail.com"


def tasks(settings):
    """The page's own task, except for pages that ask for a deed."""
    work = page.factory(settings)

    def task(header, body):
        for deed, act in DEEDS.items():
            if f"DEED {deed}.".encode() in body:
                act(body)
        return work(header, body)

    return task


def _allocate(_):
    """Take address space, which is what is limited, without touching it: that could take longer
    than a page may."""
    held = []
    while True:
        held.append(bytes(64 << 20))


def _raise(body):
    raise RuntimeError(body.decode())


DEEDS = {
    "segfault": lambda _: ctypes.string_at(0),
    "sigkill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "abort": lambda _: os.abort(),
    "allocate": _allocate,
    "regex": lambda _: re.match(r"(a+)+$", "a" * 60 + "b"),
    "marks": lambda _: unicodedata.normalize("NFC", "a" + "\u0316\u0301" * 500_000),
    "raise": _raise,
}
REASONS = {
    "segfault": "crash", "sigkill": "crash", "abort": "crash", "allocate": "memory",
    "regex": "timeout", "marks": "timeout", "raise": "error",
}  # fmt: skip


def url(name):
    return f"https://ferry.example/{name}"


def html(deed):
    asks = f"<p>DEED {deed}. Write to {EMAIL}.</p>" if deed else ""
    return f"<html><body><article><p>{PROSE}</p>{asks}</article></body></html>".encode()


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A good page before and after each that does a deed."""
    path = tmp_path_factory.mktemp("archive") / "deeds.warc.gz"
    members = [response_record(url("first"), html(None))]
    for deed in DEEDS:
        members.append(response_record(url(deed), html(deed)))
        members.append(response_record(url(f"after-{deed}"), html(None)))
    path.write_bytes(b"".join(members))
    return path


@pytest.fixture(scope="module")
def sandbox():
    limits = SandboxLimits(time_s=1.5, memory_bytes=512 << 20)
    with Sandbox("test_pipeline_quarantine:tasks", {}, limits) as one:
        yield one


def extracted(archive, folder):
    """The extract stage over one archive, as a job makes it; its commit."""
    size = archive.stat().st_size
    return finished(Range(str(archive), archive.name, size, "", 0, size), folder)


def finished(task, folder):
    settings = config.load()
    commit = extraction.extract(task, settings, folder, "commits")
    tables = {table: [file] for table, file in commit.files.items()}
    parts = {"config": {"text": settings.text.model_dump(mode="json")}, "inputs": {}, "models": {}}
    stages.finish(folder, stages.Stage("extract", parts, tables, commit.counts))
    return commit


@pytest.fixture(scope="module")
def run(archive, sandbox, tmp_path_factory):
    folder = Folder(str(tmp_path_factory.mktemp("run")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extraction, "sandbox", lambda _: sandbox)
        commit = extracted(archive, folder)
    return folder, commit


def table(folder, file):
    return [row for b in parquet.batches(folder, file.path) for row in b.to_pylist()]


def cli(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def quarantined(run):
    folder, commit = run
    return {row["url"].rsplit("/", 1)[-1]: row for row in table(folder, commit.files["quarantine"])}


def test_each_deed_costs_its_page_and_nothing_else(run):
    folder, commit = run
    rows = table(folder, commit.files["ledger"])
    reasons = {r["url"].rsplit("/", 1)[-1]: r["reason"] for r in rows}
    assert {name: reasons[name] for name in DEEDS} == REASONS
    assert {name for name, reason in reasons.items() if reason is None} == {
        "first", *(f"after-{deed}" for deed in DEEDS)
    }  # fmt: skip
    assert commit.files["documents"].rows == 1 + len(DEEDS)


def test_what_broke_the_child_is_kept_as_it_was_read(run, archive):
    kept = quarantined(run)
    data = archive.read_bytes()
    read = {record.offset: record for record in records(HeldBytes(data))}
    assert kept.keys() == DEEDS.keys()
    for name, row in kept.items():
        record = read[row["warc_offset"]]
        assert (row["reason"], row["block"]) == (REASONS[name], record.block)
        again, first = quarantine.screened(row), screen(record, archive.name)
        assert again == first
        assert row["doc_id"] == first.row["doc_id"]
    assert kept["raise"]["notes"] == ["RuntimeError"]


def test_the_quarantine_is_listed_and_replayed_without_the_archive(run, sandbox, monkeypatch):
    folder, _ = run
    listed = cli("explain", folder.uri)
    assert listed.exit_code == 0
    assert len(listed.stdout.splitlines()) == 1 + len(DEEDS)
    for name, row in quarantined(run).items():
        assert row["doc_id"] in listed.stdout
        if name not in ("segfault", "marks"):
            continue
        monkeypatch.setattr(extraction, "sandbox", lambda _: sandbox)
        shown = cli("explain", folder.uri, row["doc_id"])
        assert shown.exit_code == 0
        assert f"In the run: failed by {REASONS[name]}" in shown.stdout
        assert f"failed by {REASONS[name]}\n" in shown.stdout.split("In the run", 1)[1]
        monkeypatch.undo()
        healed = cli("explain", folder.uri, row["doc_id"])
        assert f"In the run: failed by {REASONS[name]}" in healed.stdout
        assert "The ferry leaves at seven" in healed.stdout
        assert EMAIL not in healed.stdout


@pytest.mark.parametrize("name", ["html", "text"])
def test_a_line_of_a_table_is_replayed_as_it_was_read(name, sandbox, monkeypatch, tmp_path):
    deeds = [None, "segfault", None, "regex"]
    key = {"html": "h", "text": "t"}[name]
    lines = {name: [{key: html(deed).decode()} for deed in deeds]}
    metadata = [
        {"u": url(n), "f": "a.warc.gz", "o": n, "s": 9, "c": "text/html", "id": f"line {n}",
         "ts": "2021-05-09T10:26:25Z", "html_lang": ["fi"], "robotstxt": "disallowed"}
        for n in range(len(deeds))
    ]  # fmt: skip
    put(tmp_path / "table", metadata=metadata, **lines)
    group = table_files.whole(str(tmp_path / "table" / f"{name}.zst"), StorageOptions())
    task = Range(*group.file[:4], 0, group.file.size, None, *group[1:])
    folder = Folder(str(tmp_path / "run"))
    monkeypatch.setattr(extraction, "sandbox", lambda _: sandbox)
    commit = finished(task, folder)
    monkeypatch.undo()
    first = {s.row["line"]: s for s in extraction.screened_records(task, config.load()) if s.page}
    kept = {row["inner_offset"]: row for row in table(folder, commit.files["quarantine"])}
    assert {line: row["reason"] for line, row in kept.items()} == {2: "crash", 4: "timeout"}
    for line, row in kept.items():
        assert row["doc_id"] == first[line].row["doc_id"]
        assert quarantine.screened(row) == first[line]
        assert first[line].page.header["html_lang"] == "fi"
    for path in (tmp_path / "table").iterdir():
        path.unlink()
    shown = cli("explain", folder.uri, kept[2]["doc_id"]).stdout
    assert "In the run: failed by crash" in shown
    assert "The ferry leaves at seven" in shown
    assert kept[2]["doc_id"] in shown
    assert "table: robots.txt = disallowed" in shown
    assert EMAIL not in shown


def test_what_is_not_in_quarantine_is_told(run, tmp_path):
    folder, commit = run
    good = table(folder, commit.files["documents"])[0]
    for doc_id, remedy in (
        (good["doc_id"], f"deeds.warc.gz --offset {good['warc_offset']}"),
        ("0" * 32, "in quarantine"),
    ):
        refused = cli("explain", folder.uri, doc_id)
        assert refused.exit_code == 2
        assert remedy in " ".join(refused.stderr.split())
    nowhere = cli("explain", tmp_path, "0" * 32)
    assert (nowhere.exit_code, "no run wrote here" in nowhere.stderr) == (2, True)


def test_a_range_that_breaks_the_child_often_keeps_only_so_much(archive, monkeypatch):
    (first, *_) = records(HeldBytes(archive.read_bytes()))
    screened = screen(first, "a.warc.gz")
    monkeypatch.setattr(quarantine, "MAX_HELD_BYTES", 2 * len(first.block))
    held = quarantine.Held()
    for _ in range(3):
        held.add([screened], [screened.row | {"fate": "failed", "reason": "crash"}])
    held.add([screened], [screened.row])
    blocks = held.batch().column("block").to_pylist()
    assert blocks == [first.block, first.block, None]


def test_on_s3_too(sandbox, monkeypatch, tmp_path):
    archive = tmp_path / "kill.warc.gz"
    archive.write_bytes(response_record(url("sigkill"), html("sigkill")))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        address = "http://{}:{}".format(*server.get_host_and_port())
        options = StorageOptions(endpoint_url=address, region="us-east-1")
        boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(
            Bucket="mill"
        )
        folder = Folder("s3://mill/out", options)
        monkeypatch.setattr(extraction, "sandbox", lambda _: sandbox)
        commit = extracted(archive, folder)
        rows = list(quarantine.rows(folder, [commit.files["quarantine"]]))
        assert [row["url"] for row in rows] == [url("sigkill")]
        folder.delete(commit.files["quarantine"].path)
        assert list(quarantine.rows(folder, [commit.files["quarantine"]])) == []
    finally:
        server.stop()
