"""The other zoo, beside the project: through the reader alone, and in one job over all of it.

``ZOO=full pytest tests/test_zoo_shared.py`` takes its archives at full size (420 MB, minutes).
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from zoo import EMAIL, PHONE, canary, gz, http, page, record

from pipeline import config, ledger, parquet, quarantine, stages, verification
from pipeline.archives import records
from pipeline.files import Folder
from pipeline.members import HeldBytes

ZOO = Path(__file__).parents[2] / "shared" / "zoo" / "zoo.py"
ROOT = Path(__file__).parent.parent
FULL = os.environ.get("ZOO") == "full"
MAX_RSS = 512 << 20
"""Of a worker, 350 MB are libraries, kernels and the language model."""
COMMAND = "import sys; from jobs.cli import main; sys.exit(main(sys.argv[1:]))"
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """Its folder, with a manifest; the planted archive is with it."""
    if not ZOO.is_file():
        pytest.skip("needs ../shared/zoo")
    out = tmp_path_factory.mktemp("shared-zoo")
    size = [] if FULL else ["--small"]
    subprocess.run([sys.executable, ZOO, "--out", out, *size], check=True, capture_output=True)
    (out / "planted.warc.gz").write_bytes(planted())
    return out


@pytest.fixture(scope="module")
def cases(zoo):
    """Name of a case to its file."""
    listed = json.loads((zoo / "manifest.json").read_text())
    return {name: Path(one["file"]) for name, one in listed.items() if not one["special"]}


def planted() -> bytes:
    """An e-mail address and a telephone number wherever an archive has room for them."""
    both = f"{EMAIL} {PHONE}"
    body = page(f"Write to {EMAIL} or ring {PHONE}. ", head=f"<meta name=author content='{both}'>")
    whole = http(body.encode(), f"X-Owner: {both}")
    hostile = [
        record(whole, uri=f"https://zoo.example/?mail={EMAIL}&ring={PHONE}"),
        record(whole, f"WARC-Filename: {both}", f"{both}"),
        record(whole, length=both),
        record(whole, kind=EMAIL),
        record(whole, version=f"WARC/{EMAIL}".encode()),
        record(http(body.encode(), status=f"HTTP/1.1 {both}")),
        record(http(body.encode(), f"Content-Encoding: {EMAIL}")),
        record(http(body.encode(), f"Transfer-Encoding: {EMAIL}")),
        record(http(body.encode(), kind=f"text/html; charset={EMAIL}")),
        record(http(body.encode(), kind=f"{EMAIL}/{PHONE}")),
        both.encode(),
    ]
    return b"".join(map(gz, [canary("A"), *hostile])) + both.encode() + gz(canary("B"))


def test_the_reader_gives_every_byte_and_every_neighbour(cases):
    sings, lost = 0, []
    for name, path in cases.items():
        data = path.read_bytes()
        rows = list(records(HeldBytes(data)))
        assert sum(row.length for row in rows) == len(data), name
        if any(b"CANARY-B" in row.block for row in rows):
            sings += 1
        elif not any(ledger.damage(ledger.screen(row, name).row) for row in rows):
            lost.append(name)
    assert sings >= 239
    assert lost == []


class Done(NamedTuple):
    """A finished job: its folder, exit code, everything printed, peak memory by process."""

    folder: Folder
    code: int
    printed: str
    peaks: dict[str, int]


@pytest.fixture(scope="module")
def milled(zoo, tmp_path_factory):
    """``corpusmill mill`` over the zoo, as a user runs it."""
    folder = tmp_path_factory.mktemp("milled")
    compiling = [sys.executable, "-c", COMMAND, "compile"]  # takes more memory than it runs in
    subprocess.run(compiling, check=True, capture_output=True, cwd=ROOT)
    output = folder / "printed"
    with output.open("wb") as printed:
        job = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "mill", zoo, "--output", folder / "out"],
            stdout=printed, stderr=subprocess.STDOUT, cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        peaks: dict[str, int] = {}
        watcher = threading.Thread(target=watch, args=(job, peaks))
        watcher.start()
        code = job.wait()
        watcher.join()
    return Done(Folder(str(folder / "out")), code, output.read_text(errors="replace"), peaks)


def watch(job: subprocess.Popen, peaks: dict[str, int]) -> None:
    """Note the peak memory of the job's workers and guarded children until it ends."""
    while job.poll() is None:
        try:
            below = psutil.Process(job.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return
        for process in below:
            try:
                name = re.search(r"pyspark\.daemon|sandbox_child", " ".join(process.cmdline()))
                status = Path(f"/proc/{process.pid}/status").read_text()
                peak = re.search(r"VmHWM:\s*(\d+)", status)
            except (psutil.Error, OSError):
                continue
            if name and peak:
                peaks[f"{name[0]} {process.pid}"] = int(peak[1]) << 10
        time.sleep(0.1)


def table(done, name, columns=None):
    files = stages.required(done.folder, "extract").files.get(name, [])
    return [
        row
        for file in files
        for batch in parquet.batches(done.folder, file.path, columns)
        for row in batch.to_pylist()
    ]


@pytest.mark.spark
def test_one_job_over_all_of_it_ends_as_documented_and_adds_up(spark, milled, zoo):
    assert milled.code == 3, milled.printed[-2000:]
    assert "damaged input:" in milled.printed
    assert "Traceback" not in milled.printed
    assert verification.verify(spark, milled.folder) == []
    bytes_of = defaultdict(int)
    for row in table(milled, "ledger", ["warc_file", "warc_length"]):
        bytes_of[Path(row["warc_file"]).name] += row["warc_length"]
    regular = {path.name: path.stat().st_size for path in zoo.iterdir() if path.is_file()}
    del regular["manifest.json"]
    assert len(regular) >= 254
    assert {name: bytes_of[name] for name in regular} == regular


@pytest.mark.spark
def test_every_neighbour_is_a_document_or_the_reason_is_told(milled, cases):
    sung = {
        Path(row["warc_file"]).name
        for row in table(milled, "documents", ["warc_file", "text"])
        if "CANARY-B" in row["text"]
    }
    said = defaultdict(set)
    for row in table(milled, "ledger"):
        said[Path(row["warc_file"]).name] |= ledger.damage(row)
    assert len(sung) >= 239
    quiet = [n for n, path in cases.items() if path.name not in sung and not said[path.name]]
    assert quiet == []
    assert [
        path.name for path in cases.values() if path.name not in sung and not said[path.name]
    ] == []


@pytest.mark.spark
def test_every_sentence_that_can_be_read_is_read(milled, zoo):
    listed = json.loads((zoo / "manifest.json").read_text())
    texts = defaultdict(str)
    for row in table(milled, "documents", ["warc_file", "url", "text"]):
        if "canary" not in (row["url"] or ""):
            texts[Path(row["warc_file"]).name] += row["text"]
    cut = {
        Path(row["warc_file"]).name
        for row in table(milled, "ledger", ["warc_file", "notes"])
        if any(note.startswith("cut_") for note in row["notes"])
    }
    wanted = {Path(one["file"]).name: one for one in listed.values() if one.get("expect")}
    assert len(wanted) >= 30
    silent = [n for n, one in wanted.items() if n not in cut and one["expect"] not in texts[n]]
    assert silent == []
    assert len([n for n in cut if n in wanted]) <= 1


@pytest.mark.spark
def test_no_page_took_longer_than_its_limit_and_no_process_more_memory(milled):
    assert config.load().text.time_limit_s <= 10
    assert {row["reason"] for row in table(milled, quarantine.TABLE)} <= {"timeout", "memory"}
    assert len([name for name in milled.peaks if name.startswith("pyspark")]) >= 2
    assert [name for name in milled.peaks if name.startswith("sandbox")]
    assert {name: peak >> 20 for name, peak in milled.peaks.items() if peak > MAX_RSS} == {}


@pytest.mark.spark
def test_nothing_printed_holds_personal_data(milled):
    texts = [row["text"] for row in table(milled, "documents", ["text"])]
    assert [text for text in texts if EMAIL in text]
    assert [text for text in texts if PHONE in text]
    assert EMAIL not in milled.printed
    assert PHONE not in milled.printed
    assert EMAIL.partition("@")[0] not in milled.printed
