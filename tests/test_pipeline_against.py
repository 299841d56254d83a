"""Against older corpora: the clusters of one run over all, and nothing taken for something else."""

import re

import numpy as np
import pyarrow as pa
import pytest
from test_pipeline_clusters import brute, rows_of, web

from pipeline import against, band_tables, config, corpora, judging, parquet, stages
from pipeline.buckets import as_batch, bands_of_batch, stored_bands
from pipeline.clusters import ClusterSettings
from pipeline.corpora import Corpus
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.schema import BANDS, DECISIONS, schema

DUPLICATES, LANGUAGE = config.load().duplicates, config.load().language
SETTINGS = ClusterSettings()
KEYED = ("node", "scope", "text_hash", "signature")


def doc_ids(nodes):
    return [f"{node + 2**63:016x}{'0' * 16}" for node in nodes]


def stored(table):
    """Rows of a documents table, as band tables read them."""
    count = table.num_rows
    columns = {
        "doc_id": doc_ids(table["node"].to_pylist()),
        "text_hash": table["text_hash"].combine_chunks().cast(pa.binary(16)),
        "lang_score": pa.array([1.0] * count, pa.float32()),
        "warc_date": pa.array([None] * count, pa.timestamp("us", tz="UTC")),
        "text_chars": pa.array([9] * count, pa.int32()),
        "lang": table["scope"].combine_chunks(),
        "warc_file": ["a"] * count,
        "signature": table["signature"].combine_chunks(),
        **{name: pa.array([0] * count, pa.int32()) for name in judging.OBJECTIONS},
    }
    return pa.record_batch(columns)


def corpus(folder, name, table, fates=None):
    """A corpus of two band files, with fates where given."""
    files = []
    for i, part in enumerate((table.slice(0, 7), table.slice(7))):
        with parquet.Writer(folder, f"bands/{name}{i}.parquet", schema(BANDS)) as out:
            batch = band_tables.of_documents(stored(part.combine_chunks()), DUPLICATES)
            if fates:
                own = pa.array(fates[7 * i :][: batch.num_rows], pa.string())
                batch = batch.set_column(batch.num_columns - 1, "fate", own)
            out.write(batch)
        files.append(out.file)
    return Corpus(name, folder, files, None, {}, name)


def subset(table, rows):
    return table.take(pa.array(rows))


@pytest.mark.spark
def test_the_clusters_are_those_of_one_run_over_both(spark, tmp_path):
    table, draw = web(), np.random.default_rng(4)
    place = draw.integers(0, 3, table.num_rows)
    parts = [subset(table, np.flatnonzero(place == i)) for i in range(3)]
    expected = {
        node: (cluster, exact)
        for node, cluster, _, exact in brute(table, SETTINGS.minimum_similarity)
    }
    known = against.older(
        spark, [corpus(Folder(str(tmp_path)), n, parts[i + 1]) for i, n in enumerate("ab")]
    )
    new = spark.createDataFrame(parts[0]).repartition(3)
    check_named(new, known, Folder(str(tmp_path / "named")), expected, parts)


def check_named(new, known, scratch, expected, parts):
    """The run's own names and sizes of these clusters, and who else is in them."""
    own, elsewhere = against.clusters_against(new, known, SETTINGS, scratch)
    nodes = parts[0]["node"].to_pylist()
    groups, texts = {}, {}
    for node in nodes:
        cluster, exact = expected[node]
        groups.setdefault(cluster, []).append(node)
        texts.setdefault(exact, []).append(node)
    assert rows_of(own) == sorted(
        (n, min(groups[expected[n][0]]), len(groups[expected[n][0]]), min(texts[expected[n][1]]))
        for n in nodes
    )
    seen = {
        (row["corpus"], row["doc_id"]): (row["cluster"], row["exact_node"])
        for row in elsewhere.collect()
    }
    held = {}
    for name, part in zip("ab", parts[1:], strict=True):
        ids = part["node"].to_pylist()
        for node, doc_id in zip(ids, doc_ids(ids), strict=True):
            cluster, exact = expected[node]
            if cluster in groups:
                same = min(texts[exact]) if exact in texts else None
                held[name, doc_id] = (min(groups[cluster]), same)
    assert seen == held
    assert {same is None for _, same in held.values()} == {True, False}


def row(node, text, seed=None):
    signature = np.random.default_rng(seed or node).integers(0, 2**32, 112).astype("<u4")
    return dict(
        zip(KEYED, (node, "fin_Latn", text.encode() * 16, signature.tobytes()), strict=True)
    )


def table_of(*rows):
    kinds = (pa.int64(), pa.string(), pa.binary(), pa.binary())
    return pa.Table.from_pylist(list(rows), pa.schema(list(zip(KEYED, kinds, strict=True))))


@pytest.mark.spark
def test_ids_used_by_several_corpora_link_nothing_and_only_what_must_be_known_is(spark, tmp_path):
    folder = Folder(str(tmp_path))
    new = table_of(row(1, "x"), row(2, "n", 20), row(3, "m", 30), row(4, "o", 40), row(9, "p", 40))
    older = [
        corpus(folder, "a", table_of(row(1, "x"), row(2, "y", 21), row(5, "q", 22))),
        corpus(
            folder,
            "b",
            table_of(row(2, "z", 30), row(3, "z", 30), row(5, "q", 50), row(6, "o", 60)),
            ["kept", "rejected", "kept", "objected"],
        ),
    ]
    frame = spark.createDataFrame(new)
    own, known = against.clusters_against(
        frame, against.older(spark, older), SETTINGS, folder.below("scratch")
    )
    assert rows_of(own) == [(1, 1, 1, 1), (2, 2, 1, 2), (3, 3, 1, 3), (4, 4, 2, 4), (9, 4, 2, 9)]
    found = sorted(
        (r["cluster"], r["corpus"], int(r["doc_id"], 16) >> 64, r["exact_node"], r["held"])
        for r in known.collect()
    )
    shift = 2**63
    assert found == [
        (1, "a", 1 + shift, 1, True),  # the same document
        (
            3,
            "b",
            2 + shift,
            None,
            True,
        ),  # similar to 3; its equal text under 3's own id is rejected
        (4, "b", 6 + shift, 4, False),  # an objection
    ]


@pytest.mark.parametrize("sketched", [False, True])
def test_bands_as_stored_are_those_made_of_signatures(sketched):
    table = web()
    (batch,) = table.combine_chunks().to_batches()
    batch = batch.set_column(1, "scope", batch["scope"].fill_null(""))
    kept = band_tables.of_documents(stored(table), DUPLICATES)
    named = {name: batch[name] for name in ("node", "scope")}
    named |= {name: kept[name] for name in ("buckets", "sketch")}
    found = as_batch(stored_bands(pa.record_batch(named).slice(3), sketched)).to_pylist()
    made = as_batch(bands_of_batch(batch.slice(3), 14, 8, sketched)).to_pylist()
    assert sorted(map(repr, found)) == sorted(map(repr, made))
    assert {len(row["sketch"]) for row in found} == {112 * sketched}


# ------------------------------------------------------------------ what can be compared (no JVM)
def finished(folder, **parts):
    with parquet.Writer(folder, "bands/0.parquet", schema(BANDS)) as out:
        batch = band_tables.of_documents(stored(table_of(row(1, "x"))), DUPLICATES)
        out.write(batch)
    made = {"bands": band_tables.made_with(DUPLICATES, LANGUAGE)} | parts
    stage = stages.Stage("deduplicate", made, {"bands": [out.file], "members": []}, {})
    stages.finish(folder, stage)
    return stage


def test_corpora_are_opened_by_folder_or_name(tmp_path):
    own, wanted = Folder(str(tmp_path / "own")), band_tables.made_with(DUPLICATES, LANGUAGE)
    one, two = (Folder(str(tmp_path / name)) for name in ("one", "two"))
    finished(one)
    stage = finished(two)
    stages.finish(
        two, stages.Stage("curate", {"deduplicate": stage.fingerprint}, {"decisions": []}, {})
    )
    found = corpora.opened([f"{one.base}/", f"second={two.base}"], wanted, own)
    assert [corpus.name for corpus in found] == ["one", "second"]
    assert [corpus.decisions for corpus in found] == [None, []]
    assert found[0].fingerprint != found[1].fingerprint
    for arguments, told in (
        ([one.base, f"one={two.base}"], "two corpora are named 'one'"),
        ([own.base], "compared with itself"),
        ([str(tmp_path / "none")], "corpusmill bands export"),
        (["=x"], "NAME=DIR"),
    ):
        with pytest.raises(ConfigError, match=told):
            corpora.opened(arguments, wanted, own)
    stages.finish(two, stages.Stage("curate", {"deduplicate": "?"}, {"decisions": []}, {}))
    with pytest.raises(ConfigError, match="corpusmill curate"):
        corpora.opened([two.base], wanted, own)
    stages.finish(one, stages.Stage("deduplicate", {}, {"members": []}, {}))
    with pytest.raises(ConfigError, match="kept no band tables"):
        corpora.opened([one.base], wanted, own)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bands": 7, "rows": 16}, "bands: 14 -> 7"),
        ({"bands": 7}, "hashes: 112 -> 56"),
        ({"scope": "global"}, "scope"),
        ({"scope": "crawl"}, "crawl_pattern"),
    ],
)
def test_band_tables_of_other_settings_are_refused_with_the_remedy(tmp_path, change, told):
    old = Folder(str(tmp_path / "old"))
    finished(old)
    wanted = band_tables.made_with(DUPLICATES.model_copy(update=change), LANGUAGE)
    with pytest.raises(ConfigError, match="deduplicate") as refused:
        corpora.opened([old.base], wanted, Folder(str(tmp_path / "own")))
    assert told in str(refused.value)
    assert old.uri in str(refused.value)


def test_languages_named_by_another_model_are_refused_or_told(tmp_path, caplog):
    old, own = Folder(str(tmp_path / "old")), Folder(str(tmp_path / "own"))
    finished(old)
    other = LANGUAGE.model_copy(update={"model": "glotlid-v3", "sha256": "ab" * 32})
    wanted = band_tables.made_with(DUPLICATES, other)
    named = r"old: .* by lid\.176 \(SHA-256 8f3472cf…\).* by glotlid-v3 \(SHA-256 abababab…\)"
    with pytest.raises(ConfigError, match=f"{named}.*--mixed-language-models"):
        corpora.opened([old.base], wanted, own)
    assert corpora.opened([old.base], wanted, own, mixed=True)
    assert re.search(named, caplog.text)
    finished(old, bands={**band_tables.made_with(DUPLICATES, LANGUAGE), corpora.MODEL: None})
    with pytest.raises(ConfigError, match="by a model that its band tables do not name"):
        corpora.opened([old.base], wanted, own)
    every = DUPLICATES.model_copy(update={"scope": "global"})
    finished(old, bands=band_tables.made_with(every, LANGUAGE))
    assert corpora.opened([old.base], band_tables.made_with(every, other), own)


def test_an_export_is_a_corpus_and_a_new_one_replaces_it(tmp_path):
    old, target = Folder(str(tmp_path / "old")), Folder(str(tmp_path / "out"))
    stage = finished(old)
    files, decided, fingerprint = corpora.tables(old)
    with parquet.Writer(target, "bands/0.parquet", schema(BANDS)) as out:
        for batch in band_tables.with_fates(old, files[0], None):
            out.write(batch)
    with parquet.Writer(target, "bands/dead.parquet", schema(BANDS)) as _:
        pass
    corpora.finish_export(target, [out.file], stage.parts["bands"], fingerprint)
    corpora.sweep_export(target, [out.file])
    assert decided is None
    assert [name for name, _ in target.list("bands")] == ["bands/0.parquet"]
    (found,) = corpora.opened([target.base], band_tables.made_with(DUPLICATES, LANGUAGE), old)
    assert (found.bands, found.decisions, found.fingerprint) == ([out.file], None, fingerprint)


def test_fates_are_told_by_decisions():
    rows = [
        {"reason": None, "failed_rules": []},
        {"reason": "duplicate.near", "failed_rules": []},
        {"reason": "gopher.word_count", "failed_rules": ["gopher.word_count", "rights.noai"]},
        {"reason": "gopher.word_count", "failed_rules": ["gopher.word_count"]},
        {"reason": "rights.copy", "failed_rules": []},
        {"reason": "url.optout", "failed_rules": ["url.optout"]},
    ]
    own = schema([c for c in DECISIONS if c.name in ("reason", "failed_rules")])
    found = band_tables.fates(pa.Table.from_pylist(rows, own)).to_pylist()
    assert found == ["kept", "rejected", "objected", "rejected", "objected", "objected"]


def test_the_bands_table_holds_no_text_and_no_address():
    names = {column.name for column in BANDS}
    assert not names & {"text", "url", "title", "host", "domain", "warc_file"}
    batch = band_tables.of_documents(stored(web()), DUPLICATES)
    assert batch.schema == schema(BANDS)
    lengths = {len(buckets) for buckets in batch.column("buckets").to_pylist()}
    assert lengths == {0, 14}
