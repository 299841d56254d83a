import hashlib
import random
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import parquet, verification
from pipeline.files import Folder

SCHEMA = pa.schema([("doc_id", pa.string()), ("text", pa.string())])


def batch(first, count):
    ids = [f"{i:032x}" for i in range(first, first + count)]
    return pa.record_batch([ids, [f"text {i} " * (i % 50) for i in ids and range(count)]], SCHEMA)


def write(folder, name, rows=500):
    with parquet.Writer(folder, name, SCHEMA, group_bytes=20_000) as out:
        for first in range(0, rows, 100):
            out.write(batch(first, 100))
    return out.file


def test_file_says_what_is_on_disk(tmp_path):
    file = write(Folder(str(tmp_path)), "t/a.parquet")
    content = (tmp_path / "t/a.parquet").read_bytes()
    assert (file.rows, file.bytes) == (500, len(content))
    assert file.sha256 == hashlib.sha256(content).hexdigest()


def test_same_rows_same_bytes(tmp_path):
    folder = Folder(str(tmp_path))
    assert write(folder, "a").sha256 == write(folder, "b").sha256


def test_an_error_leaves_no_file(tmp_path):
    folder = Folder(str(tmp_path))
    with pytest.raises(pa.ArrowInvalid), parquet.Writer(folder, "t/a.parquet", SCHEMA) as out:
        out.write(batch(0, 10).select(["text"]))
    assert list((tmp_path / "t").iterdir()) == []


def test_rows_come_back_in_order_and_by_column(tmp_path):
    folder = Folder(str(tmp_path))
    write(folder, "a")
    back = pa.Table.from_batches(list(parquet.batches(folder, "a", ["doc_id"])))
    assert back.column_names == ["doc_id"]
    assert back["doc_id"].to_pylist() == [f"{i:032x}" for i in range(500)]


def test_a_flipped_bit_in_a_page_is_an_error_or_changes_nothing(tmp_path):
    folder = Folder(str(tmp_path))
    write(folder, "a")
    whole = (tmp_path / "a").read_bytes()
    expected = pa.Table.from_batches(list(parquet.batches(folder, "a")))
    pages_end = parquet_footer_start(whole)
    draw = random.Random(7)
    noticed = 0
    for _ in range(200):
        bit = draw.randrange(4 * 8, pages_end * 8)
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        Path(tmp_path / "b").write_bytes(damaged)
        try:
            found = pa.Table.from_batches(list(parquet.batches(folder, "b")))
        except (OSError, pa.ArrowException):
            noticed += 1
        else:
            assert found == expected
    assert noticed > 100  # the others hit the page index, which is not read here


def test_verify_notices_every_flipped_bit_wherever_it_is(tmp_path):
    folder = Folder(str(tmp_path))
    file = write(folder, "a")
    whole = (tmp_path / "a").read_bytes()
    draw = random.Random(11)
    for _ in range(200):
        bit = draw.randrange(len(whole) * 8)
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "a").write_bytes(damaged)
        assert verification._recount(folder, "a") != file


def parquet_footer_start(content):
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")
