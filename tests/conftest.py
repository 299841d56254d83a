"""One Spark session for each test process, and the archives in ../shared/data where they are."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline import judging, parquet, stages
from pipeline.schema import DOCUMENTS, KNOWN, LEDGER, MEMBERS, schema

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

# A JVM that compiles quickly and collects on one thread: these jobs end before anything better
# pays, and half of the machine is another process's. A job that a test starts inherits it.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with Spark tests first: they take longest, so that no process is left with one."""
    long = {item.path for item in items if item.get_closest_marker("spark")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session as the jobs make it, with two cores and little memory."""
    from jobs.session import session

    built = session("local[2]", "corpusmill-tests")
    built.conf.set("spark.sql.shuffle.partitions", "2")  # a task costs more than these rows
    yield built
    built.stop()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder ../shared/data; the test is skipped where it is absent."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("needs the archives in ../shared/data")
    return data


def response_record(url, body, media_type="text/html; charset=utf-8", **headers):
    """One response as a gzip member."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    fields = [("Content-Type", media_type), *headers.items()]
    http_headers = StatusAndHeaders("200 OK", fields, protocol="HTTP/1.1")
    made = writer.create_warc_record(
        url, "response", payload=io.BytesIO(body), http_headers=http_headers,
        warc_headers_dict={"WARC-Date": "2025-03-01T00:00:00Z"},
    )  # fmt: skip
    writer.write_record(made)
    return buffer.getvalue()


def stored_run(
    folder, draw, sizes=(40, 1, 0, 60), langs=("fin_Latn", "eng_Latn", "cmn_Hani"), objecting=0.0,
    each=lambda draw: {}, **others,
):  # fmt: skip
    """An output folder as extract and deduplicate leave it, with random measurements; its rows.

    Values lie around the bounds; some dates, scores and signals are missing. Clusters of 1 to 5.
    A share ``objecting`` says noai. ``others`` are columns of all documents, ``each`` makes some
    for each.
    """
    tables = [[_document(draw, langs) | others | each(draw) for _ in range(size)] for size in sizes]
    for row in (row for rows in tables for row in rows):
        row["optout_noai"] = int(draw.random() < objecting)
    files = []
    for number, rows in enumerate(tables):
        columns = schema(DOCUMENTS)
        with parquet.Writer(
            folder, f"documents/{number}.parquet", columns, group_bytes=9000
        ) as out:
            for start in range(0, len(rows), 25):
                out.write(pa.RecordBatch.from_pylist(rows[start : start + 25], columns))
        files.append(out.file)
    every = [row for rows in tables for row in rows]
    with parquet.Writer(folder, "members/0.parquet", schema(MEMBERS)) as out:
        out.write(pa.RecordBatch.from_pylist(_clusters(draw, every), schema(MEMBERS)))
    with parquet.Writer(folder, "ledger/0.parquet", schema(LEDGER)) as ledger:
        ledger.write(pa.RecordBatch.from_pylist(_ledger(every), schema(LEDGER)))
    tables = {"documents": files, "ledger": [ledger.file]}
    parts = {"config": {}, "inputs": {}, "models": {}}
    stages.finish(folder, stages.Stage("extract", parts, tables, {}))
    parts = {"config": {}, "extract": "", "code": {}}
    stages.finish(folder, stages.Stage("deduplicate", parts, {"members": [out.file]}, {}))
    return every


def table(folder, files, columns):
    """Rows of a table of the schema's."""
    return [
        row
        for file in files
        for batch in parquet.batches(folder, file.path, schema(columns).names)
        for row in batch.cast(schema(columns)).to_pylist()
    ]


def stored_known(folder, draw, count=30, symmetric=False):
    """Documents of two older corpora in clusters of a stored run; the run's members, and these."""
    grouped = stages.required(folder, "deduplicate")
    members = table(folder, grouped.files["members"], MEMBERS)
    others = [
        {
            "cluster": (member := draw.choice(members))["cluster"],
            "corpus": ("older", "oldest")[rank := draw.randrange(2)],
            "rank": rank,
            "doc_id": f"{draw.getrandbits(128):032x}",
            "exact_node": draw.choice([None, member["exact_node"]]),
            "held": (held := draw.random() < 0.7),
            "objected": not held and draw.random() < 0.5,
            "opted_out": draw.random() < 0.1,
            "lang_score": draw.choice([0.5, 0.75, 1.0]),
            "warc_date": draw.choice([None, 1, 2]),
            "text_chars": draw.choice([500, 900]),
            "sketch": bytes(draw.choices(range(4), k=112)),
        }
        for _ in range(count)
    ]
    with parquet.Writer(folder, "known/0.parquet", schema(KNOWN)) as out:
        out.write(pa.RecordBatch.from_pylist(others, schema(KNOWN)))
    told = {"against": {"corpora": [["older", ""], ["oldest", ""]], "symmetric": True}}
    parts = grouped.parts | (told if symmetric else {})
    tables = {**grouped.files, "known": [out.file]}
    stages.finish(folder, grouped._replace(parts=parts, files=tables))
    return members, others


SOUND = {
    "mean_word_chars": 5.0, "alphabetic_word_fraction": 0.9, "line_punctuation_fraction": 0.9,
    "mean_line_words": 9.0, "mean_line_chars": 50.0, "c4_lorem_ipsum": 0, "c4_curly_bracket": 0,
    "wds_score": 0.9,
}  # fmt: skip
"""Values that pass; 0.0 passes for the other fractions, 500 for the other counts."""


def _document(draw, langs):
    row = {}
    for column in DOCUMENTS:
        odd = draw.random() < 1 / 60
        if pa.types.is_string(column.type):
            row[column.name] = draw.choice(["a", "b", "c"])
        elif pa.types.is_integer(column.type):
            value = SOUND.get(column.name, 500)
            row[column.name] = draw.choice([0, 1, 49, 50, 51, 501, 100_001]) if odd else value
        elif pa.types.is_floating(column.type):
            value = SOUND.get(column.name, 0.0)
            row[column.name] = draw.choice([None, 0.0, 0.1, 0.12, 0.3, 11.0]) if odd else value
        else:
            row[column.name] = None
    text = " ".join(draw.choice(["one", "two", "three"]) for _ in range(30))
    pii = [{"start": 4, "end": 7, "kind": "email"}] if draw.random() < 0.3 else []
    return row | {
        "doc_id": f"{draw.getrandbits(128):032x}",
        "url": f"https://{draw.choice('abc')}.example/{draw.random()}",
        "warc_date": draw.choice([None, 1, 2]),
        "lang": draw.choice(langs),
        "lang_score": draw.choice([0.4, 0.5, 0.75, 1.0, 1.0, 1.0]),
        "text_chars": draw.choice([500, 501, 900]),
        "char_count": draw.choice([500, 501, 501, 501]),
        "optout_tdm_reservation": 0,
        "optout_noai": 0,
        "optout_aipref": 0,
        "text": text,
        "text_hash": bytes(16),
        "signature": np.array(draw.choices(range(256, 260), k=112), "<u4").tobytes(),
        "lang_top": [],
        "rights": [],
        "pii": pii,
    }


def _clusters(draw, rows):
    """Random clusters of 1 to 5, each split into one or two groups of equal text."""
    left = sorted(rows, key=lambda row: draw.random())
    found = []
    while left:
        size = min(len(left), draw.randint(1, 5))
        members, left = left[:size], left[size:]
        own = judging.node_of(pa.array([m["doc_id"] for m in members])).tolist()
        cut = draw.randint(1, size)
        for i, node in enumerate(own):
            part = own[:cut] if i < cut else own[cut:]
            found.append(
                {"node": node, "cluster": min(own), "cluster_size": size, "exact_node": min(part)}
            )
    return found


def _ledger(rows):
    plain = {"warc_file": "a.warc", "warc_offset": 0, "warc_length": 7, "record_type": "response"}
    return [
        *({**plain, "fate": "extracted", "notes": []} for _ in rows),
        {**plain, "fate": "skipped", "reason": "revisit", "notes": []},
        {**plain, "fate": "failed", "reason": "gap", "record_type": "gap", "notes": []},
    ]
