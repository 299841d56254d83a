"""Rehydration against FineWeb-2's published weights and against plain Python."""

import random
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from pipeline import counting, parquet, rehydration
from pipeline.files import Folder
from pipeline.rehydration import Size, repetitions, weighing, with_tail
from pipeline.schema import DECISIONS, schema
from pipeline.stats_schema import REHYDRATION

# Removal rates in percent by cluster size, the language's, and the weights up to 10 where they
# change: huggingface/fineweb-2, misc/rehydration, distributions/ and weights/up_to_10_reps.json.
PUBLISHED = {
    "mkl_Latn": (
        [1, 2, 3, 4, 5, 6, 8, 10, 24],
        [100, 300 / 11, 200 / 11, 20, 100 / 3, 200 / 7, 100, 100, 0],
        27.941176470588236,
        {1: 1, 3: 2, 8: 3, 10: 1, 24: 10},
    ),
    "pwg_Latn": (
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        [95.62620012801365, 26.576576576576578, 23.4375, 69.23076923076923, 68.96551724137932,
         63.63636363636363, 73.68421052631578, 100, 80, 100],
        91.21396352225926,
        {1: 1, 2: 10, 3: 6, 5: 5, 6: 3, 8: 2, 10: 1},
    ),
    "any_Latn": (
        [1, 2, 3, 4, 6, 9, 17],
        [35.714285714285715, 50, 50, 100, 100, 0, 100],
        43.90243902439025,
        {1: 3, 2: 1, 4: 3, 9: 10, 17: 1},
    ),
    "mpt_Latn": (
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        [98.73417721518987, 99.26605504587155, 100, 99.40828402366864, 98.79518072289156,
         100, 100, 100, 100, 100],
        99.00414937759336,
        {1: 10, 2: 1, 3: 4, 4: 2, 8: 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", PUBLISHED)
def test_repetitions_are_those_fineweb2_published(lang):
    sizes, rates, overall, expected = PUBLISHED[lang]
    found = repetitions(np.array(rates), overall, 10).tolist()
    changes = {s: w for s, w, before in zip(sizes, found, [None, *found], strict=False)
               if w != before}  # fmt: skip
    assert changes == expected


@pytest.mark.parametrize("rates", [[], [0.5], [0.5, 0.5, 0.6], [0.7] * 9])
def test_no_size_is_repeated_where_none_does_better(rates):
    assert repetitions(np.array(rates), 0.5, 10).tolist() == [1] * len(rates)


def test_few_sizes_are_not_smoothed_and_halves_go_to_even():
    assert repetitions(np.array([0.0, 0.5, 0.25, 1.0]), 0.5, 10).tolist() == [10, 1, 6, 1]
    assert repetitions(np.array([0.0, 0.5, 0.25, 1.0]), 0.5, 4).tolist() == [4, 1, 2, 1]


def decisions_of(draw, count):
    """Decisions of clusters whose sizes and removal rates differ by language."""
    reasons = ["gopher.word_count", "language.score", "url.optout", "rights.noai"]
    rows = []
    while len(rows) < count:
        lang = draw.choice(["fin_Latn"] * 5 + ["mlt_Latn"])
        size = min(draw.choice([1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 30, 31]), draw.choice([3, 99]))
        for copy in range(size):
            bad = draw.random() < (0.6, 0.5, 0.4, 0.2, 0.3, 0.3, 0.3, 0.7)[min(size, 8) - 1]
            kept = "duplicate.near" if copy else None
            reason = draw.choice(reasons) if bad else kept
            rows.append({"lang": lang, "cluster_size": size, "reason": reason})
    return rows


def by_plain_python(rows, most):
    judged = [r for r in rows if not (r["reason"] or "").startswith(("language", "url", "rights"))]
    result = []
    for lang in sorted({row["lang"] for row in judged}):
        documents, removed = defaultdict(int), defaultdict(int)
        for row in judged:
            if row["lang"] == lang:
                documents[row["cluster_size"]] += 1
                gone = row["reason"] is not None and "duplicate" not in row["reason"]
                removed[row["cluster_size"]] += gone
        clusters = {size: Fraction(n, size) for size, n in documents.items()}
        overall = sum(Fraction(removed[s], s) for s in clusters) / sum(clusters.values())
        groups = []
        for size in sorted(documents):
            if not (groups and groups[-1][3]):
                after = sum(n for s, n in clusters.items() if s > size)
                rare = after * 1000 < sum(clusters.values()) or documents[size] < 100
                groups.append([size, 0, 0, rare])
            groups[-1][1] += documents[size]
            groups[-1][2] += removed[size]
        rates = [Fraction(n_removed, n) for _, n, n_removed, _ in groups]
        steady = [rate for rate, group in zip(rates, groups, strict=True) if group[1] >= 100]
        best = min(steady, default=overall)
        lines = [max(Fraction(0), (overall - r) / (overall - best)) if best < overall else 0
                 for r in steady]  # fmt: skip
        exact = [1 + (most - 1) * line for line in lines]
        inner = range(2, len(exact) - 2)
        smooth = [sum(exact[i - 2 : i + 3]) / 5 if i in inner else e for i, e in enumerate(exact)]
        weights = iter([round(value) for value in smooth])
        small = sum(clusters.values()) < 1000
        for (size, n, n_removed, _), rate in zip(groups, rates, strict=True):
            weight = next(weights) if n >= 100 else 1
            line = (lang, size, n, n_removed, float(rate), float(overall))
            result.append((*line, 1 if small else weight))
    return result


def written(folder, rows):
    """The rows as decisions in three files."""
    files = []
    for number in range(3):
        name = f"decisions/{number}.parquet"
        with parquet.Writer(folder, name, schema(DECISIONS)) as out:
            out.write(pa.RecordBatch.from_pylist(rows[number::3], schema(DECISIONS)))
        files.append(out.file)
    return files


def assert_rows(table, expected):
    assert table.schema == schema(REHYDRATION)
    found = [tuple(row.values()) for row in table.to_pylist()]
    assert [row[:4] + row[6:] for row in found] == [row[:4] + row[6:] for row in expected]
    for row, other in zip(found, expected, strict=True):
        assert row[4:6] == pytest.approx(other[4:6], rel=1e-12)


@pytest.mark.parametrize(("seed", "count"), [(1, 9000), (2, 40_000), (3, 50), (4, 0)])
def test_the_table_is_plain_python_s(tmp_path, seed, count):
    rows = decisions_of(random.Random(seed), count)
    counted = counting.in_process(
        Folder(str(tmp_path)), written(Folder(str(tmp_path)), rows), rehydration.COLUMNS,
        rehydration.counts, counting.SIZES,
    )  # fmt: skip
    expected = by_plain_python(rows, 10)
    assert_rows(rehydration.table(counted, 10), expected)
    if count == 40_000:
        assert max(row[-1] for row in expected) > 5


@pytest.mark.spark
def test_spark_counts_the_same(spark, tmp_path):
    folder = Folder(str(tmp_path))
    rows = decisions_of(random.Random(5), 5000)
    table = (folder, written(folder, rows), rehydration.COLUMNS, rehydration.counts, counting.SIZES)
    own, sparks = counting.in_process(*table), counting.by_spark(spark, *table)
    assert rehydration.table(own, 7).equals(rehydration.table(sparks, 7))
    assert sorted(own.to_pylist(), key=str) == sorted(sparks.to_pylist(), key=str)


def test_a_small_language_and_a_rare_size_are_not_repeated():
    small = [Size(1, 900, 500, 900.0), Size(2, 150, 10, 75.0), Size(3, 12, 0, 4.0)]
    assert rehydration.weights(small, 0.5, 10).tolist() == [1, 1, 1]
    large = [Size(1, 9000, 5000, 9000.0), Size(2, 150, 10, 75.0), Size(3, 99, 0, 33.0)]
    assert rehydration.weights(large, 0.5, 10).tolist() == [1, 10, 1]


def test_the_tail_begins_where_clusters_are_rare():
    sizes = [Size(n, 10_000 * n, 0, 10_000.0) for n in (1, 2, 3)] + [Size(50, 500, 100, 10.0)]
    assert with_tail(sizes) == [*sizes[:2], Size(3, 30_500, 100, 10_010.0)]
    few = [Size(1, 500, 0, 500.0), Size(2, 98, 5, 49.0), Size(3, 300, 6, 100.0)]
    assert with_tail(few) == [few[0], Size(2, 398, 11, 149.0)]


def test_kept_documents_get_the_weight_of_their_size():
    sizes = {"lang": "fin_Latn", "documents": 1, "removed": 0, "removal_rate": 0.0}
    found = pa.RecordBatch.from_pylist(
        [{**sizes, "cluster_size": s, "language_rate": 0.0, "weight": w} for s, w in
         ((2, 3), (4, 7))],
        schema(REHYDRATION),
    )  # fmt: skip
    rows = [("fin_Latn", 1, None), ("fin_Latn", 2, None), ("fin_Latn", 3, "duplicate.near"),
            ("fin_Latn", 4, None), ("fin_Latn", 999, None), ("mlt_Latn", 4, None)]  # fmt: skip
    columns = zip(*rows, strict=True)
    kinds = (pa.string(), pa.int32(), pa.string())
    batch = pa.record_batch(
        [pa.array(c, k) for c, k in zip(columns, kinds, strict=True)],
        ["lang", "cluster_size", "reason"],
    )
    published = [list(weighing(lambda _, b: b, t)(0, iter([batch]))) for t in (found, None)]
    assert published[0][0]["weight"].to_pylist() == [1, 3, None, 7, 7, 1]
    assert published[1][0]["weight"].to_pylist() == [None] * 6
