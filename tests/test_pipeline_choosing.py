"""Which copy stays: rights over clusters, older corpora; against plain Python and Spark."""

import random
from itertools import pairwise, product

import numpy as np
import pyarrow as pa
import pytest
from conftest import SOUND, stored_known, stored_run, table
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.minhash import similarity, sketch_similarity, sketches
from filters.tables import OBJECTIONS, RULES
from pipeline import (
    alike,
    config,
    decisions,
    fetches_spark,
    judging,
    known,
    narrow,
    outcomes,
    parquet,
    spread,
    stages,
)
from pipeline.alike import shares, with_similarity
from pipeline.choosing import Choice, choice_of
from pipeline.criteria import Criteria
from pipeline.fetches import REASON as OLDER
from pipeline.files import Folder
from pipeline.likeness import similarities
from pipeline.lists import derived_lists
from pipeline.schema import DECISIONS, DOCUMENTS, KNOWN, MEMBERS, SUPERSEDED, schema

NEVER = 2**63
KEYS = ("passes", "not_opted_out", "lang_score", "newest", "longest")
CHOICES = [Choice(KEYS, *both) for both in product([True, False], repeat=2)]
RULES_OF = config.load().rules.table()


def run_with_known(folder, seed, objecting=0.06, **columns):
    """A stored run whose clusters some documents of two older corpora share; its rows."""
    draw = random.Random(seed)
    rows = stored_run(folder, draw, objecting=objecting, **columns)
    clusters, others = stored_known(folder, draw)
    return rows, others, {row["node"]: row for row in clusters}


def criteria_of(folder):
    lists = derived_lists(config.load(), RULES_OF, folder.options)
    return Criteria(RULES_OF, lists=lists)


def decide(folder, choice):
    found = [stages.required(folder, name) for name in ("extract", "deduplicate")]
    tables, counts = outcomes.decide(folder, *found, criteria_of(folder), choice)
    return tables, counts


def plain(rows, others, of, failed, choice):
    """(reason, kept_doc_id, kept_in, also_in, similarity) of every document, by hand."""
    node = {
        row["doc_id"]: int(judging.node_of(pa.array([row["doc_id"]]))[0]) for row in rows
    }  # fmt: skip
    groups = {}
    for row in rows:
        own = of[node[row["doc_id"]]]
        groups.setdefault(own["cluster"], ([], []))[0].append((row, own["exact_node"]))
    for row in others:
        groups[row["cluster"]][1].append(row)
    found = {}
    for members, elsewhere in groups.values():
        objected = choice.rights_of_cluster and (
            any(OBJECTIONS & set(failed[row["doc_id"]]) for row, _ in members)
            or any(row["objected"] or row["opted_out"] for row in elsewhere)
        )
        able = [(row, exact, "", 0) for row, exact in members if not failed[row["doc_id"]]]
        able += [
            (row, row["exact_node"], row["corpus"], row["rank"] + 1)
            for row in elsewhere
            if row["held"]
        ]
        best = min(able, key=lambda copy: order(*copy, choice)) if able and not objected else None
        also = sorted({(row["rank"], row["corpus"]) for row in elsewhere if row["held"]})
        for row, exact in members:
            rejected = failed[row["doc_id"]]
            kept, similarity = (None, None), None
            if best:
                kept = (best[0]["doc_id"], best[2] or None)
                equal = best[1] == exact or best[0] is row
                signature = best[0]["sketch"] if best[2] else best[0]["signature"]
                similarity = 1.0 if equal else share(row["signature"], signature)
            if rejected:
                reason = rejected[0]
            elif objected:
                reason = "rights.copy"
            elif best[0] is row:
                reason = None
            elif best[2]:
                reason = "duplicate.known"
            else:
                reason = "duplicate.exact" if best[1] == exact else "duplicate.near"
            shown = None if similarity is None else np.float32(similarity)
            found[row["doc_id"]] = (reason, *kept, [name for _, name in also], shown)
    return found


def order(row, _exact, corpus, rank, choice):
    opted_out = row["opted_out"] if corpus else row["optout_noai"] != 0
    date = row["warc_date"]
    if not corpus and date is not None:
        date = int(date)
    newest = 2**63 if date is None else -micros(date)
    first = () if choice.symmetric else (not corpus,)
    score, chars = np.float32(row["lang_score"]), row["text_chars"]
    return (*first, opted_out, -score, newest, -chars, row["doc_id"], rank)


def micros(date):
    return date if isinstance(date, int) else round(date.timestamp() * 1e6)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("seed", [1, 2])
def test_as_plain_python_chooses(tmp_path, seed, choice):
    folder = Folder(str(tmp_path))
    rows, others, of = run_with_known(folder, seed)
    tables, counts = decide(folder, choice)
    made = {row["doc_id"]: row for row in table(folder, tables["decisions"], DECISIONS)}
    failed = {doc_id: row["failed_rules"] for doc_id, row in made.items()}
    columns = ("reason", "kept_doc_id", "kept_in", "also_in", "similarity")
    found = {doc_id: tuple(row[c] for c in columns) for doc_id, row in made.items()}
    expected = plain(rows, others, of, failed, choice)
    assert found == expected
    reasons = {reason for reason, *_ in found.values()}
    assert {None, "duplicate.known", "duplicate.near", "duplicate.exact"} <= reasons
    assert ("rights.copy" in reasons) == choice.rights_of_cluster
    assert sum(row["documents"] for row in counts.to_pylist()) == len(rows)
    if choice.symmetric:
        gone = table(folder, tables["superseded"], SUPERSEDED)
        kept_of = {row["cluster_id"]: i for i, row in made.items() if row["reason"] is None}
        name = {c["cluster"]: f"{c['cluster'] + 2**63:016x}" for c in of.values()}
        expected = {
            (row["corpus"], row["doc_id"], kept_of[name[row["cluster"]]])
            for row in others
            if row["held"] and name[row["cluster"]] in kept_of
        }
        assert {tuple(row.values()) for row in gone} == expected
        assert len(gone) == len(expected) > 0
    else:
        assert tables["superseded"] == []


@pytest.mark.spark
def test_spark_chooses_the_same(spark, tmp_path):
    folder = Folder(str(tmp_path))
    run_with_known(folder, 4)
    found = [stages.required(folder, name) for name in ("extract", "deduplicate")]
    documents = found[0].files["documents"]
    criteria = criteria_of(folder)
    work = decisions.judged(spark.sparkContext.broadcast(criteria))
    columns = judging.judged_columns(RULES_OF)
    rows = spread.rows_of(spark, folder, documents, work, columns, decisions.JUDGED).cache()
    members, elsewhere = (
        spread.table(spark, folder, found[1].files[name], schema(own))
        for name, own in (("members", MEMBERS), ("known", KNOWN))
    )
    wanted = pa.schema([("doc_id", pa.string()), ("signature", pa.binary())])
    signatures = spread.table(spark, folder, documents, wanted)
    for choice in (CHOICES[0], CHOICES[3]):
        chosen = decisions.decided(rows, members, choice, RULES_OF, elsewhere)
        made = with_similarity(chosen, signatures, elsewhere).select(*schema(DECISIONS).names)
        tables, _ = decide(folder, choice)
        own = table(folder, tables["decisions"], DECISIONS)
        assert [row.asDict() for row in made.orderBy("file", "row").collect()] == own
        if choice.symmetric:
            frame = spread.table(spark, folder, tables["decisions"], schema(DECISIONS))
            gone = decisions.superseded(frame, elsewhere).collect()
            expected = table(folder, tables["superseded"], SUPERSEDED)
            assert sorted(tuple(row) for row in gone) == sorted(tuple(r.values()) for r in expected)
    rows.unpersist()


def of_few_addresses(draw):
    return {"url": f"https://a.example/{draw.randrange(25)}"}


@pytest.mark.spark
def test_older_fetches_share_the_fate_of_the_newest_also_by_spark(spark, tmp_path):
    folder = Folder(str(tmp_path))
    stored, _, _ = run_with_known(folder, 9, objecting=0.1, each=of_few_addresses)
    found = [stages.required(folder, name) for name in ("extract", "deduplicate")]
    documents = found[0].files["documents"]
    judge = criteria_of(folder)._replace(newest_per_url=True)
    tables, _ = outcomes.decide(folder, *found, judge, CHOICES[0])
    made = table(folder, tables["decisions"], DECISIONS)
    check_fetches(stored, made)
    members, elsewhere = (
        spread.table(spark, folder, found[1].files[name], schema(own))
        for name, own in (("members", MEMBERS), ("known", KNOWN))
    )
    shared = spark.sparkContext.broadcast(judge)
    given = (spark, folder, documents, shared, members, CHOICES[0], elsewhere)
    wanted = pa.schema([("doc_id", pa.string()), ("signature", pa.binary())])
    signatures = spread.table(spark, folder, documents, wanted)
    rows = with_similarity(fetches_spark.decided(*given), signatures, elsewhere)
    found = rows.select(*schema(DECISIONS).names).orderBy("file", "row").collect()
    assert [row.asDict() for row in found] == made


def check_fetches(stored, made):
    """Every page's fetches, by plain Python: an objection that is not older reaches them all."""
    kept = {row["doc_id"]: row["cluster_id"] for row in made if row["reason"] is None}
    pages, fates, late = {}, set(), 0
    for row, own in zip(stored, made, strict=True):
        assert row["doc_id"] == own["doc_id"]
        date = row["warc_date"]
        pages.setdefault(row["url"], []).append((own, date))
    for fetches in pages.values():
        said = [
            NEVER if date is None else date
            for own, date in fetches
            if OBJECTIONS & set(own["failed_rules"])
        ]
        passing = [(own, -1 if date is None else date) for own, date in fetches
                   if not own["failed_rules"]]  # fmt: skip
        if not passing:
            continue
        first, newest = min(passing, key=lambda one: (-one[1], one[0]["doc_id"]))
        if said and max(said) >= newest:
            late += len(passing)
            for row, _ in passing:
                assert (row["reason"], row["kept_doc_id"]) == ("rights.copy", None)
                assert row["cluster_id"] not in kept.values()
            continue
        for row, _ in passing:
            if row["reason"] == OLDER:
                fates.add(first["reason"])
                copy = (row["kept_doc_id"], row["kept_in"])
                assert copy == (first["kept_doc_id"], first["kept_in"])
                assert row["kept_in"] or row["kept_doc_id"] in kept
                assert (row["similarity"] is None) == (row["kept_doc_id"] is None)
            elif row is not first:
                assert row["reason"] == first["reason"] == "rights.copy"
                assert row["kept_doc_id"] is None
    assert late > 5
    assert fates >= {None, "duplicate.near", "duplicate.known"}


def test_an_owner_s_word_reaches_mirrors_of_older_fetches_unless_withdrawn(tmp_path):
    """One page in three fetches, and a mirror of the first at another address."""
    for said, expected in (
        ((0, 0, 1), ["rights.copy", "rights.copy", "rights.noai", "rights.copy"]),
        ((0, 1, 0), ["duplicate.url", "rights.noai", None, None]),
        ((0, 0, 0), ["duplicate.url", "duplicate.url", None, None]),
    ):
        folder = Folder(str(tmp_path / str(said)))
        rows = stored_run(
            folder, random.Random(1), sizes=(4,), langs=("eng_Latn",), **sound_columns()
        )
        pages = [
            row | {"url": f"https://{host}.example/", "warc_date": date, "optout_noai": noai}
            for row, host, date, noai in zip(rows, "aaab", (1, 2, 3, 4), (*said, 0), strict=True)
        ]
        stored_again(folder, pages, copies=(0, 3))
        judge = criteria_of(folder)._replace(newest_per_url=True)
        found = [stages.required(folder, name) for name in ("extract", "deduplicate")]
        tables, _ = outcomes.decide(folder, *found, judge, CHOICES[1])
        made = {row["doc_id"]: row for row in table(folder, tables["decisions"], DECISIONS)}
        assert [made[page["doc_id"]]["reason"] for page in pages] == expected


def sound_columns():
    """Values under which a document passes every rule."""
    found = {
        column.name: SOUND.get(column.name, 0.0 if pa.types.is_floating(column.type) else 500)
        for column in DOCUMENTS
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
    }
    return found | {"lang_score": 1.0, "text_chars": 501, "char_count": 501, "optout_noai": 0,
                    "optout_tdm_reservation": 0, "optout_aipref": 0}  # fmt: skip


def stored_again(folder, pages, copies):
    """The run's documents as given, those of ``copies`` one cluster and the others alone."""
    extracted, grouped = (stages.required(folder, name) for name in ("extract", "deduplicate"))
    nodes = judging.node_of(pa.array([page["doc_id"] for page in pages])).tolist()
    together = min(nodes[i] for i in copies)
    rows = [
        {"node": node, "cluster": together if i in copies else node,
         "cluster_size": len(copies) if i in copies else 1, "exact_node": node}
        for i, node in enumerate(nodes)
    ]  # fmt: skip
    for stage, name, own, kind in (
        (extracted, "documents", pages, DOCUMENTS), (grouped, "members", rows, MEMBERS),
    ):  # fmt: skip
        with parquet.Writer(folder, f"{name}/again.parquet", schema(kind)) as out:
            out.write(pa.RecordBatch.from_pylist(own, schema(kind)))
        stages.finish(folder, stage._replace(files=stage.files | {name: [out.file]}))


def test_no_copy_of_a_page_whose_owner_objects_resurfaces(tmp_path):
    folder = Folder(str(tmp_path))
    rows = stored_run(folder, random.Random(7), objecting=0.2)
    made = {
        r["doc_id"]: r for r in table(folder, decide(folder, CHOICES[0])[0]["decisions"], DECISIONS)
    }
    objected = {made[row["doc_id"]]["cluster_id"] for row in rows if row["optout_noai"]}
    kept = {row["cluster_id"] for row in made.values() if row["reason"] is None}
    assert objected
    assert not objected & kept
    alone = decide(folder, Choice(KEYS, rights_of_cluster=False))[0]["decisions"]
    assert {
        r["cluster_id"] for r in table(folder, alone, DECISIONS) if r["reason"] is None
    } & objected


def test_every_objection_is_a_rule():
    assert {
        "rights.tdm_reservation", "rights.noai", "rights.aipref", "url.optout", "url.robots",
    } == OBJECTIONS  # fmt: skip
    assert RULES.keys() >= OBJECTIONS


def test_similarities_are_the_share_of_equal_values_whatever_the_block(tmp_path, monkeypatch):
    folder = Folder(str(tmp_path))
    rows = stored_run(folder, random.Random(9), sizes=(30, 20))
    files = stages.required(folder, "extract").files["documents"]
    draw = np.random.default_rng(3)
    kept = draw.integers(-1, 50, 50)
    exact = draw.random(50) < 0.2
    nothing = known.read(folder, [])
    elsewhere = np.full(50, -1)
    monkeypatch.setattr("pipeline.likeness.COPIES_AT_ONCE", 4)
    found = similarities(folder, files, np.array([30, 50]), kept, elsewhere, exact, nothing)
    for row, (copy, same) in enumerate(zip(kept.tolist(), exact.tolist(), strict=True)):
        if copy < 0:
            assert np.isnan(found[row])
        elif same or copy == row:
            assert found[row] == 1
        else:
            pair = [np.frombuffer(rows[i]["signature"], np.uint32) for i in (row, copy)]
            assert found[row] == np.float32(np.mean(pair[0] == pair[1]))


def test_a_share_of_sketches_allows_for_chance():
    one = np.arange(112, dtype=np.uint32)
    equal, other = sketches(one[None]).tobytes(), sketches(one[None] + 1).tobytes()
    pairs = [
        (one, equal, 1), (one, other, 0), (b"", one, None), (one, b"", None), (None, one, None),
        (one, None, None), (one, one[:40], None), (one, one, 1), (one[:8], one[1:9], 0),
    ]  # fmt: skip
    left, right = (
        pa.array([None if v is None else bytes(v) for v in side], pa.binary())
        for side in (list(zip(*pairs, strict=True))[:2])
    )
    assert shares(left, right).to_pylist() == [expected for *_, expected in pairs]


@given(st.integers(0, 10**6), st.lists(st.integers(0, 7), max_size=9))
@settings(deadline=None)
def test_every_document_is_compared_with_the_copy_of_its_rows_wherever_batches_end(seed, cuts):
    draw = random.Random(seed)
    rows, expected = [], {}
    for number in range(draw.randint(0, 6)):
        corpus = draw.choice(["", "older"])
        copy = draw.choice([None, b"", signed(draw), signed(draw)])
        if copy and corpus:
            copy = sketches(np.frombuffer(copy, "<u4")).tobytes()
        if copy is not None:
            rows.append((corpus, f"{number}", 0, "", copy))
        for i in range(draw.randint(0, 4)):
            own = draw.choice([None, b"", signed(draw), signed(draw)])
            rows.append((corpus, f"{number}", 1, f"{number}-{i}", own))
            expected[f"{number}-{i}"] = share(own or b"", copy or b"")
    names = ("kept_in", "kept_doc_id", "first", "doc_id", "signature")
    kinds = (pa.string(), pa.string(), pa.int32(), pa.string(), pa.binary())
    columns = list(zip(*sorted(rows, key=lambda row: row[:4]), strict=True)) or [()] * 5
    whole = pa.record_batch([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names)
    ends = [0, *sorted(min(cut * 3, len(rows)) for cut in cuts), len(rows)]
    parts = (whole.slice(a, b - a) for a, b in pairwise(ends))
    found = {
        doc_id: value
        for batch in alike._compared(parts)
        for doc_id, value in zip(*(column.to_pylist() for column in batch), strict=True)
    }
    assert found == {d: v if v is None else float(np.float32(v)) for d, v in expected.items()}


def signed(draw):
    return np.array(draw.choices(range(256, 259), k=8), "<u4").tobytes()


def share(signature, copy):
    """Similarity by two signatures, or by a signature and a sketch; None where one has no words."""
    one = np.frombuffer(signature, "<u4").astype(np.uint32)
    if not signature or not copy:
        return None
    if len(copy) == len(signature):
        return float(similarity(one, np.frombuffer(copy, "<u4")))
    return float(sketch_similarity(sketches(one), np.frombuffer(copy, np.uint8)))


def test_the_choice_is_of_the_configuration_and_of_the_run(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[duplicates]\nkeep_order = ["passes", "oldest"]\nrights = "copy"\n')
    settings = config.load(None, str(own)).duplicates
    assert choice_of(settings, {}) == Choice(("passes", "oldest"), False, False)
    told = {"against": {"corpora": [["a", "f"]], "symmetric": True}}
    assert choice_of(config.load().duplicates, told) == Choice(KEYS, True, True)


def test_a_cluster_of_one_is_read_where_another_corpus_knows_it(tmp_path):
    folder = Folder(str(tmp_path))
    stored_run(folder, random.Random(2), sizes=(60,))
    grouped = stages.required(folder, "deduplicate")
    extracted = stages.required(folder, "extract")
    rows, _ = narrow.read(folder, extracted.files["documents"], [criteria_of(folder)])
    single = [
        r["cluster"]
        for r in table(folder, grouped.files["members"], MEMBERS)
        if r["cluster_size"] == 1
    ]
    plain_members = narrow.members(folder, grouped.files["members"], rows)
    found = narrow.members(folder, grouped.files["members"], rows, np.array(single[:1]))
    assert set(found.cluster.tolist()) - set(plain_members.cluster.tolist()) == {single[0]}
