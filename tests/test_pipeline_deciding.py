"""Decisions in one process: those of Spark, those of plain Python."""

import random

import numpy as np
import pyarrow as pa
import pytest
from conftest import stored_run
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.rules import bound
from pipeline import config, deciding, decisions, judging, known, narrow, parquet, spread, stages
from pipeline.alike import with_similarity
from pipeline.choosing import Choice
from pipeline.criteria import Criteria
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.likeness import similarities
from pipeline.lists import derived_lists
from pipeline.schema import DECISIONS, KNOWN, MEMBERS, schema

ORDERS = [
    ("passes", "lang_score", "longest", "newest"),
    ("passes", "oldest", "longest"),
    ("passes",),
]


def in_process(folder, rules, keys):
    extracted, grouped = (stages.required(folder, n) for n in ("extract", "deduplicate"))
    criteria = Criteria(rules, lists=derived_lists(config.load(), rules, folder.options))
    rows, (judged,) = narrow.read(folder, extracted.files["documents"], [criteria])
    nothing = known.read(folder, [])
    found = narrow.members(folder, grouped.files["members"], rows)
    made = deciding.decided(rows, judged, found, nothing, Choice(keys), rules)
    files = extracted.files["documents"]
    alike = similarities(folder, files, rows.ends, made.kept, made.known, made.exact, nothing)
    return [
        deciding.batch(i, rows, judged, made, nothing, rules, alike) for i in range(len(rows.ends))
    ]


@pytest.mark.spark
@pytest.mark.parametrize("keys", ORDERS)
@pytest.mark.parametrize("preset", ["openeurollm", "hplt"])
def test_spark_decides_the_same(spark, tmp_path, keys, preset):
    folder = Folder(str(tmp_path))
    stored_run(folder, random.Random(f"{keys} {preset}"))
    rules = config.load(preset).rules.table()
    documents = stages.required(folder, "extract").files["documents"]
    criteria = Criteria(rules, lists=derived_lists(config.load(), rules, folder.options))
    work = decisions.judged(spark.sparkContext.broadcast(criteria))
    columns = judging.judged_columns(rules)
    rows = spread.rows_of(spark, folder, documents, work, columns, decisions.JUDGED)
    clusters = stages.required(folder, "deduplicate").files["members"]
    members = spread.table(spark, folder, clusters, schema(MEMBERS))
    chosen = decisions.decided(rows, members, Choice(keys), rules)
    signatures = spread.table(
        spark, folder, documents, pa.schema([("doc_id", pa.string()), ("signature", pa.binary())])
    )
    nothing = spark.createDataFrame([], spread.ddl(schema(KNOWN)))
    found = with_similarity(chosen, signatures, nothing).select(*schema(DECISIONS).names)
    found = found.orderBy("file", "row").collect()
    own = [row for batch in in_process(folder, rules, keys) for row in batch.to_pylist()]
    assert [row.asDict() for row in found] == own
    assert {row["reason"] for row in own} > {None, *deciding.DUPLICATES}


@pytest.mark.parametrize("preset", config.presets())
def test_reasons_values_and_lists_as_plain_python_finds_them(tmp_path, preset):
    folder = Folder(str(tmp_path))
    stored = stored_run(folder, random.Random(preset))
    rules = config.load(preset).rules.table()
    batches = in_process(folder, rules, ORDERS[0])
    assert [batch.num_rows for batch in batches] == [40, 1, 0, 60]
    decided = [row for batch in batches for row in batch.to_pylist()]
    for row, found in zip(stored, decided, strict=True):
        failed = [rule for rule in rules if fails(rule, row.get(rule.signal, 0), row["lang"])]
        assert found["doc_id"] == row["doc_id"]
        assert found["failed_rules"] == [rule.name for rule in failed]
        if failed:
            assert found["reason"] == failed[0].name
            value = row[failed[0].signal]
            assert found["rejected_value"] == (None if value is None else np.float32(value))
        else:
            assert found["reason"] in (None, *deciding.DUPLICATES)


def fails(rule, value, lang):
    if value is None:
        return True
    low, high = bound(rule.low, lang), bound(rule.high, lang)
    if isinstance(value, float):
        value, low, high = (None if v is None else np.float32(v) for v in (value, low, high))
    return (low is not None and value < low) or (high is not None and value > high)


def test_a_duplicate_points_to_a_kept_copy_of_its_cluster_and_every_cluster_with_one_keeps_one(
    tmp_path,
):
    folder = Folder(str(tmp_path))
    stored_run(folder, random.Random(3), sizes=(300,), langs=("fin_Latn",))
    rules = config.load("hplt").rules.table()
    rows = in_process(folder, rules, ORDERS[0])[0].to_pylist()
    kept = {row["doc_id"]: row["cluster_id"] for row in rows if row["reason"] is None}
    assert len(set(kept.values())) == len(kept)
    for row in rows:
        if row["reason"] in deciding.DUPLICATES:
            assert kept[row["kept_doc_id"]] == row["cluster_id"]
        elif row["reason"] is None:
            assert row["kept_doc_id"] == row["doc_id"]
        else:
            assert row["kept_doc_id"] is None or kept[row["kept_doc_id"]] == row["cluster_id"]


def test_nothing_extracted(tmp_path):
    folder = Folder(str(tmp_path))
    stored_run(folder, random.Random(0), sizes=())
    assert in_process(folder, config.load().rules.table(), ORDERS[0]) == []


def test_a_column_that_is_not_there_is_named_with_the_remedy(tmp_path):
    folder = Folder(str(tmp_path))
    stored_run(folder, random.Random(0), sizes=(3,))
    files = stages.required(folder, "extract").files["documents"]
    table = pa.Table.from_batches(list(parquet.batches(folder, files[0].path)))
    with parquet.Writer(folder, "old.parquet", table.schema.remove(
        table.schema.get_field_index("bullet_line_fraction")
    )) as out:  # fmt: skip
        for batch in table.drop_columns("bullet_line_fraction").to_batches():
            out.write(batch)
    with pytest.raises(ConfigError, match=r"bullet_line_fraction.*gopher.bullet_lines.*extract"):
        judging.measured(folder, [out.file], config.load("fineweb2").rules.table())


@given(st.lists(st.integers(0, 2**128 - 1), max_size=20), st.integers(0, 3))
@settings(max_examples=50)
def test_ids_as_numbers_keep_their_order_and_come_back(numbers, skipped):
    ids = [f"{number:032x}" for number in numbers]
    halves = judging.id_halves(pa.array(ids, pa.string())[skipped:])
    assert [(a << 64) + b for a, b in halves.tolist()] == numbers[skipped:]
    assert judging.hexadecimal(halves).to_pylist() == ids[skipped:]


@pytest.mark.parametrize("bad", ["g" * 32, "0" * 31, "0" * 33, "F" * 32, None])
def test_what_is_no_id_is_no_number(bad):
    with pytest.raises(ValueError, match="32 hex digits"):
        judging.id_halves(pa.array(["0" * 32, bad], pa.string()))
