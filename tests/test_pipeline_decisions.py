import random

import numpy as np
import pyarrow as pa
import pytest

from pipeline import decisions, judging, spread
from pipeline.choosing import Choice

pytestmark = pytest.mark.spark

CLUSTERED = pa.schema(
    [
        ("node", pa.int64()),
        ("cluster", pa.int64()),
        ("cluster_size", pa.int32()),
        ("exact_node", pa.int64()),
    ]
)


def test_node_is_the_first_half_of_the_id():
    ids = pa.array(["00000000000000ff" + "0" * 16, "f" * 32, "8" + "0" * 31])
    assert judging.node_of(ids).tolist() == [255 - 2**63, 2**63 - 1, 0]


def rows(count, draw):
    made = []
    for i in range(count):
        doc_id = f"{draw.getrandbits(128):032x}"
        passes = draw.random() < 0.7
        made.append(
            {
                "file": i % 3,
                "row": i // 3,
                "doc_id": doc_id,
                "node": int(judging.node_of(pa.array([doc_id]))[0]),
                "lang": "fin_Latn",
                "lang_score": np.float32(draw.choice([0.5, 0.75, 1.0])),
                "warc_date": draw.choice([None, 1, 2]),
                **dict.fromkeys(judging.SIZES, draw.choice([100, 200])),
                "opted_out": draw.random() < 0.2,
                "passes": passes,
                "rejected_by": None if passes else "gopher.word_count",
                "rejected_value": None if passes else 3.0,
                "failed_rules": [] if passes else ["gopher.word_count"],
            }
        )
    return made


def grouped(made, draw):
    """Random clusters of 1 to 5, each split into one or two groups of equal text."""
    left, found = list(made), []
    while left:
        size = min(len(left), draw.randint(1, 5))
        members, left = left[:size], left[size:]
        cut = draw.randint(1, size)
        for part in (members[:cut], members[cut:]):
            for row in part:
                found += [
                    {
                        "node": row["node"],
                        "cluster": min(m["node"] for m in members),
                        "cluster_size": size,
                        "exact_node": min(m["node"] for m in part),
                    }
                ]
    return found


def expected(made, clusters):
    """The decision of every document by plain Python."""
    of = {c["node"]: c for c in clusters}
    best = {}
    for row in made:
        key = (
            not row["passes"],
            row["opted_out"],
            -row["lang_score"],
            -row["text_chars"],
            -row["warc_date"] if row["warc_date"] is not None else 2**63,
            row["doc_id"],
        )
        cluster = of[row["node"]]["cluster"]
        if cluster not in best or key < best[cluster][0]:
            best[cluster] = (key, row)
    verdicts = {}
    for row in made:
        own = of[row["node"]]
        kept = best[own["cluster"]][1]
        if not row["passes"]:
            verdict = ("gopher.word_count", kept["doc_id"] if kept["passes"] else None)
        elif kept is row:
            verdict = (None, row["doc_id"])
        else:
            same = of[kept["node"]]["exact_node"] == own["exact_node"]
            verdict = ("duplicate.exact" if same else "duplicate.near", kept["doc_id"])
        verdicts[row["doc_id"]] = (*verdict, own["cluster_size"], f"{own['cluster'] + 2**63:016x}")
    return verdicts


@pytest.mark.parametrize("partitions", [1, 5])
def test_best_copies_as_plain_python_chooses_them(spark, partitions):
    draw = random.Random(11)
    made = rows(200, draw)
    clusters = grouped(made, draw)
    judged = spark.createDataFrame(
        [tuple(r[f.name] for f in decisions.JUDGED) for r in plain(made)],
        spread.ddl(decisions.JUDGED),
    )
    members = spark.createDataFrame([tuple(c.values()) for c in clusters], spread.ddl(CLUSTERED))
    keys = ("passes", "not_opted_out", "lang_score", "longest", "newest")
    found = decisions.decided(judged.repartition(partitions), members, Choice(keys)).collect()
    assert {
        r["doc_id"]: (r["reason"], r["kept_doc_id"], r["cluster_size"], r["cluster_id"])
        for r in found
    } == expected(made, clusters)


def plain(made):
    return [
        {k: float(v) if isinstance(v, np.floating) else v for k, v in row.items()} for row in made
    ]
