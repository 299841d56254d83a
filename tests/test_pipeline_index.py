"""Records chosen from a columnar index: which columns, which bytes, what of those that are lost."""

import functools
import hashlib
import http.server
import re
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import index, parquet
from pipeline.archives import records
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.record import Limits
from pipeline.schema import SELECTION, schema
from pipeline.selected import NEAR_BYTES, Place, Task, near, screened_places
from pipeline.selection import Piece, _Cutter
from pipeline.storage import StorageOptions, open_source

SAMPLES = Path(__file__).parent.parent / "samples" / "archives"


def entries(name, **columns):
    """The rows an index has for a sample archive: its responses."""
    source = open_source(str(SAMPLES / name))
    rows = [r for r in records(source) if r.warc_type == "response"]
    return [
        {"url": r.uri, "warc_filename": name, "warc_record_offset": r.offset,
         "warc_record_length": r.length} | columns
        for r in rows
    ]  # fmt: skip


def write_index(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


# --------------------------------------------------------------------------------------- the index
def test_folders_give_columns_and_columns_that_are_missing_are_null(tmp_path):
    old, new = entries("west.warc.gz"), entries("east.warc.gz", content_languages="mlt,eng")
    write_index(tmp_path / "i/crawl=CC-MAIN-2014-10/subset=warc/a.parquet", old)
    write_index(tmp_path / "i/crawl=CC-MAIN-2025%2D05/subset=warc/b.parquet", new)
    (tmp_path / "i/_SUCCESS").write_bytes(b"")
    files = index.index_files(str(tmp_path / "i"), StorageOptions())
    columns = index.columns_of(files)
    assert columns.names == [*old[0], "content_languages", "crawl", "subset"]
    read = index.needed(columns, "CRAWL LIKE '%' AND content_languages IS NULL")
    assert read.names == [*index.PLACE, "content_languages", "crawl"]
    rows = [row for file in files for batch in index.rows(file, read) for row in batch.to_pylist()]
    assert {(r["crawl"], r["content_languages"]) for r in rows} == {
        ("CC-MAIN-2014-10", None),
        ("CC-MAIN-2025-05", "mlt,eng"),
    }
    assert len(rows) == len(old) + len(new)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "no Parquet file"), (b"PAR1 no", "cannot be read as a Parquet index"),
     ({"a": [1]}, "has no column warc_filename")],
)  # fmt: skip
def test_what_is_no_index_is_told(tmp_path, content, told):
    path = tmp_path / "x.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        pq.write_table(pa.table(content), path)
    with pytest.raises(ConfigError, match=told):
        index.index_files(str(path), StorageOptions())


# -------------------------------------------------------------------------------------- near places
@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 9_000)), max_size=40))
def test_near_places_are_read_together_and_far_ones_are_not(spans):
    places = sorted(Place("a", offset, length) for offset, length in spans)
    groups = list(near(places))
    assert [place for group in groups for place in group] == places
    asked = sum(max(p.end for p in group) - group[0].offset for group in groups)
    covered = len({b for p in places for b in range(p.offset, p.end)}) if places else 0
    assert asked <= covered + NEAR_BYTES * max(len(places) - len(groups), 0)


def test_rows_without_a_place_and_second_rows_of_one_are_left_out():
    cut = _Cutter(100)
    rows = [(None, 1, 1), ("a", 0, 60), ("a", 0, 50), ("a", 60, 50), ("a", 110, 10), ("b", -1, 5)]
    assert [cut.takes(*row) for row in rows] == [False, True, False, True, True, False]
    pieces = cut.pieces()
    assert [piece[:3] for piece in pieces] == [(0, 1, 60), (1, 2, 60)]
    assert len({piece[3] for piece in pieces}) == 2
    assert cut.nameless == 2


# ----------------------------------------------------------------------------------- chosen records
def chosen(folder, places, base, **options):
    """Screened rows of places, through a selection table."""
    out = Folder(str(folder))
    batch = pa.RecordBatch.from_pylist(
        [dict(zip(schema(SELECTION).names, place, strict=True)) for place in places],
        schema(SELECTION),
    )
    with parquet.Writer(out, "selection/a.parquet", schema(SELECTION)) as file:
        file.write(batch)
    task = Task(Piece("selection/a.parquet", 0, len(places), 0, "k"), out, base)
    return [s.row for s in screened_places(task, StorageOptions(**options), Limits())]


class Counting(http.server.BaseHTTPRequestHandler):
    """Serves ranges of the samples, and counts the bytes of bodies it sends."""

    protocol_version = "HTTP/1.1"
    sent = 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = SAMPLES / self.path.lstrip("/")
        data = path.read_bytes() if path.is_file() else b""
        asked = re.match(r"bytes=(\d+)-(\d+)", self.headers["Range"])
        low, high = int(asked[1]), min(int(asked[2]), len(data) - 1)
        self.send_response(206 if data else 404)
        body = data[low : high + 1]
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Range", f"bytes {low}-{high}/{len(data)}")
        self.end_headers()
        self.wfile.write(body)
        type(self).sent += len(body)


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Counting.sent = 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Counting))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_only_the_bytes_of_chosen_records_are_asked_for(web, tmp_path):
    found = entries("west.warc.gz")
    picked = [tuple(row[name] for name in index.PLACE) for row in found[::20]]
    rows = chosen(tmp_path, picked, web, retries=0)
    assert [(r["warc_offset"], r["warc_length"]) for r in rows] == [p[1:] for p in picked]
    assert {r["fate"] for r in rows} >= {"extracted"}
    wanted = sum(length for _, _, length in picked)
    gaps = NEAR_BYTES * (len(picked) - 1)
    assert wanted <= Counting.sent <= wanted + gaps + 1  # one byte to learn size and version
    assert Counting.sent < (SAMPLES / "west.warc.gz").stat().st_size / 2


def test_what_cannot_be_read_has_a_row_for_every_byte(tmp_path):
    size = (SAMPLES / "west.warc.gz").stat().st_size
    first = entries("west.warc.gz")[0]
    offset, length = first["warc_record_offset"], first["warc_record_length"]
    places = [
        ("nothing.warc.gz", 7, 9),
        ("west.warc.gz", 3, 40),  # no member begins there
        ("west.warc.gz", offset, length - 5),
        ("west.warc.gz", size - 10, 30),
        ("west.warc.gz", size + 100, 1 << 40),
    ]
    rows = chosen(tmp_path, places, f"{SAMPLES}/")
    for name, at, wanted in places:
        own = [r for r in rows if r["warc_file"] == name and at <= r["warc_offset"] < at + wanted]
        if name == "nothing.warc.gz" or at >= size - 10:
            assert sum(r["warc_length"] for r in own) == wanted
    assert sum(r["warc_length"] for r in rows) == sum(place[2] for place in places)
    reasons = [r["reason"] for r in rows]
    assert reasons[:2] == ["missing", "not_an_archive"]
    assert reasons[-1] == "beyond_end"
    assert "extracted" not in [r["fate"] for r in rows if r["warc_offset"] != offset]
