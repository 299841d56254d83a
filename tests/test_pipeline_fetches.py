"""The newest fetch of every address, in one process and by plain Python the same.

That Spark decides alike is part of tests/test_pipeline_repeats.py.
"""

import random
from collections import defaultdict

import numpy as np
import pyarrow as pa
from conftest import stored_run
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.addresses import address_hash, normalised
from pipeline import config, deciding, fetches, known, narrow, outcomes, stages
from pipeline.choosing import Choice
from pipeline.criteria import criteria
from pipeline.files import Folder

KEYS = ("passes", "lang_score", "longest", "newest")
NEVER = 2**63


def address(draw):
    spelling = draw.choice(["http://a.example/{}", "https://www.a.example/{}?utm_source=b"])
    return {"url": spelling.format(draw.randint(0, 40)) if draw.random() < 0.9 else ""}


def settled(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("[duplicates]\nnewest_per_url = true\n")
    return config.load("hplt", str(path))


def decided_here(folder, own):
    extracted, grouped = (stages.required(folder, n) for n in ("extract", "deduplicate"))
    judge = criteria(own, folder.options)
    documents = extracted.files["documents"]
    rows, (judged,) = narrow.read(folder, documents, [judge])
    elsewhere = known.read(folder, grouped.files.get("known", []))
    found = narrow.members(folder, grouped.files["members"], rows, elsewhere.cluster)
    given = (rows, judged, found, elsewhere, judge, Choice(KEYS))
    made = outcomes.outcome(folder, documents, *given)
    alike = np.full(len(made.reason), np.nan, np.float32)
    return [
        row
        for file in range(len(rows.ends))
        for row in deciding.batch(
            file, rows, judged, made, elsewhere, judge.rules, alike
        ).to_pylist()
    ]


def test_the_newest_passing_fetch_stays_and_the_others_point_to_what_is_kept(tmp_path):
    folder = Folder(str(tmp_path / "run"))
    stored = stored_run(
        folder, random.Random(2), sizes=(200, 3, 150), langs=("fin_Latn",), each=address
    )
    found = {row["doc_id"]: row for row in decided_here(folder, settled(tmp_path))}
    groups = defaultdict(list)
    for row in stored:
        if not found[row["doc_id"]]["failed_rules"] and row["url"]:
            groups[normalised(row["url"])].append(row)
    kept = {doc_id for doc_id, row in found.items() if row["reason"] is None}
    older = set()
    for group in groups.values():
        group.sort(key=lambda r: (-r["warc_date"] if r["warc_date"] else NEVER, r["doc_id"]))
        first = found[group[0]["doc_id"]]
        assert first["reason"] in (None, *deciding.DUPLICATES)
        for row in group[1:]:
            own = found[row["doc_id"]]
            older.add(row["doc_id"])
            assert own["reason"] == fetches.REASON
            assert own["kept_doc_id"] == (first["kept_doc_id"] or first["doc_id"])
            assert own["rejected_value"] is None
            assert own["kept_doc_id"] in kept
    assert older == {d for d, row in found.items() if row["reason"] == fetches.REASON}
    clusters = defaultdict(set)
    for row in found.values():
        if row["reason"] in (None, *deciding.DUPLICATES):
            clusters[row["cluster_id"]].add(row["reason"])
    assert len(older) > 100
    assert all(None in reasons for reasons in clusters.values())
    assert any(found[d]["kept_doc_id"] and found[d]["reason"] != fetches.REASON for d in found)


def rows_of(dates, ids):
    count = len(ids)
    return narrow.Rows(
        ["fin_Latn"], np.zeros(count, np.int32),
        np.array([[i >> 64, i & (2**64 - 1)] for i in ids], np.uint64).reshape(count, 2),
        np.ones(count, np.float32), np.array([d or 0 for d in dates], np.int64),
        np.array([d is not None for d in dates], np.bool_), {}, np.array([count]),
        np.zeros(count, np.bool_),
    )  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.one_of(st.none(), st.integers(0, 4)), st.booleans()),
        max_size=30,
    ),
    st.lists(st.integers(0, 2**128 - 1), min_size=30, max_size=30, unique=True),
)
@settings(deadline=None)
def test_newer_fetches_as_plain_python_finds_them(made, ids):
    ids = ids[: len(made)]
    found = fetches.newer(
        np.array([a for a, _, _ in made], np.int64),
        rows_of([d for _, d, _ in made], ids),
        np.array([p for _, _, p in made], np.bool_),
    ).tolist()
    for i, (where, _, passes) in enumerate(made):
        group = [j for j, (a, _, p) in enumerate(made) if a == where and p]
        best = min(group, key=lambda j: (-made[j][1] if made[j][1] is not None else NEVER, ids[j]),
                   default=i)  # fmt: skip
        assert found[i] == (best if passes and best != i else -1)


@given(
    st.lists(
        st.tuples(
            st.integers(-2, 2), st.one_of(st.none(), st.integers(0, 3)), st.booleans(),
            st.booleans(),
        ),
        max_size=20,
    ),
)  # fmt: skip
@settings(deadline=None)
def test_objections_reach_fetches_that_are_no_newer(made):
    """A document that objects does not pass; nobody knows when one without a date was fetched."""
    passes = np.array([p and not o for *_, p, o in made], np.bool_)
    found = fetches.objected(
        np.array([a for a, *_ in made], np.int64),
        rows_of([d for _, d, _, _ in made], range(len(made))),
        passes,
        np.array([o for *_, o in made], np.bool_),
    ).tolist()
    for i, (where, *_) in enumerate(made):
        dates = [made[j][1] for j in range(len(made)) if made[j][0] == where and passes[j]]
        newest = max((d for d in dates if d is not None), default=None)
        said = [d for a, d, _, o in made if a == where and o]
        reached = any(newest is None or d is None or d >= newest for d in said)
        assert found[i] == (bool(passes[i]) and reached)


def test_documents_without_an_address_share_none():
    columns = [pa.array(["0" * 32, "1" * 32, "2" * 32]), pa.array(["", None, "https://a.example"])]
    found = fetches.addresses(pa.record_batch(columns, ["doc_id", "url"])).tolist()
    assert len(set(found)) == 3
    assert found[2] % 2**64 == address_hash("http://www.a.example/")
