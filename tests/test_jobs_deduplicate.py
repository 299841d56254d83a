"""From the samples' text to clusters, with other shingles and the true check."""

from collections import defaultdict
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.bands import band_hashes
from dedup.exact import text_hashes
from dedup.minhash import signatures
from dedup.set_leaders import jaccard
from dedup.shingling import distinct, shingles_of
from jobs import deduplicate, export_bands
from jobs.bands import with_corpora
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize
from pipeline import band_tables, config, corpora, extraction, parquet, stages
from pipeline.errors import ConfigError
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.schema import DOCUMENTS, schema
from pipeline.steps import documents
from pipeline.storage import open_source

ARCHIVE = Path(__file__).parent.parent / "samples" / "archives" / "west.warc.gz"
OWN = """
preset = "nemo"
[duplicates]
check = "jaccard"
minimum_similarity = 0.5
"""


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """A folder as extract leaves it under OWN, with shortened copies; and the rows."""
    path = tmp_path_factory.mktemp("extracted")
    (path / "own.toml").write_text(OWN)
    settings = config.load(None, str(path / "own.toml"))
    folder, files, rows = Folder(str(path / "run")), [], []
    source = open_source(str(ARCHIVE), extraction.storage_options(settings))
    task = Range(str(ARCHIVE), ARCHIVE.name, source.size, "", 0, source.size)
    source.close()
    _, pages = extraction.mill(extraction.screened_records(task, settings), settings)
    batch = documents(pages, extraction.tools(settings), settings)
    for every in (batch, shortened(batch, settings, 20), shortened(batch, settings, 3)):
        with parquet.Writer(folder, f"documents/{len(files)}.parquet", schema(DOCUMENTS)) as out:
            out.write(every)
        files.append(out.file)
        rows += every.select(["doc_id", "lang", "text", "text_hash", "signature"]).to_pylist()
    finished(folder, settings, files)
    return settings, folder, rows


def shortened(batch, settings, part):
    """The documents under other ids, with the last part of their text gone."""
    rows = [
        {"doc_id": f"{int(doc_id, 16) ^ part << 64:032x}", "text": text[: -len(text) // part]}
        for doc_id, text in zip(*batch.select(["doc_id", "text"]).to_pydict().values(), strict=True)
    ]
    characters = characters_of([row["text"] for row in rows])
    tokens = tokenize(characters)
    lower = token_hashes(characters, tokens).lower
    signed = signatures(*sets_of(rows, settings.duplicates.shingling), hashes=260)
    columns = {
        "doc_id": [row["doc_id"] for row in rows],
        "text": [row["text"] for row in rows],
        "text_hash": list(map(bytes, text_hashes(lower, tokens.kinds, tokens.doc_offsets))),
        "signature": list(map(bytes, signed)),
    }
    for name, values in columns.items():
        at = batch.schema.get_field_index(name)
        batch = batch.set_column(
            at, batch.schema.field(at), pa.array(values, batch.schema.types[at])
        )
    return batch


def finished(folder, settings, files):
    """The record of an extract stage that made these files of documents."""
    language = settings.language.model_dump(mode="json")
    parts = {"config": {"signature": settings.duplicates.signature, "language": language}}
    stage = stages.Stage("extract", parts | {"of": folder.base}, {"documents": files}, {})
    stages.finish(folder, stage)
    return stage


def sets_of(rows, shingling):
    characters = characters_of([row["text"] for row in rows])
    tokens = tokenize(characters)
    lower = token_hashes(characters, tokens).lower
    return distinct(*shingles_of(characters, tokens, lower, shingling))


def test_signatures_are_of_the_preset_s_shingles(extracted):
    settings, _, rows = extracted
    expected = signatures(*sets_of(rows, settings.duplicates.shingling), hashes=260)
    assert settings.duplicates.shingling == ("characters", 24)
    for row, signature in zip(rows, expected, strict=True):
        assert row["signature"] == signature.tobytes()


@pytest.fixture(scope="module")
def joined(extracted):
    """The cluster of every node: every pair compared, with nothing of Spark."""
    settings, _, rows = extracted
    nodes = node_of(pa.array([row["doc_id"] for row in rows])).tolist()
    values, offsets = sets_of(rows, settings.duplicates.shingling)
    sets = [values[a:b] for a, b in pairwise(offsets)]
    signed = np.stack([np.frombuffer(row["signature"], "<u4") for row in rows])
    bands = band_hashes(signed.astype(np.uint32), 20)
    found = {node: {node} for node in nodes}
    near = 0
    for i, j in combinations(range(len(rows)), 2):
        if rows[i]["lang"] != rows[j]["lang"]:
            continue
        exact = rows[i]["text_hash"] == rows[j]["text_hash"] != bytes(16)
        similar = (bands[i] == bands[j]).any() and jaccard(sets[i], sets[j]) >= 0.5
        near += similar and not exact
        if exact or similar:
            together = found[nodes[i]] | found[nodes[j]]
            found |= dict.fromkeys(together, together)
    assert near
    return found


def members_of(folder, stage):
    """The clusters of a finished stage, as sets of nodes, by node."""
    found = {}
    for file in stage.files["members"]:
        for batch in parquet.batches(folder, file.path):
            found |= {row["node"]: row["cluster"] for row in batch.to_pylist()}
    clusters = defaultdict(set)
    for node, cluster in found.items():
        clusters[cluster].add(node)
    return {node: clusters[cluster] for node, cluster in found.items()}


def part(extracted, path, chosen, made_with=None):
    """Chosen documents as a run of their own; with band tables where asked for."""
    settings, whole, _ = extracted
    folder, files, start = Folder(str(path)), [], 0
    for file in stages.required(whole, "extract").files["documents"]:
        (batch,) = parquet.batches(whole, file.path, rows=file.rows)
        own = pa.array([chosen(start + row) for row in range(file.rows)])
        with parquet.Writer(folder, file.path, schema(DOCUMENTS)) as out:
            out.write(batch.filter(own))
        files.append(out.file)
        start += file.rows
    stage = finished(folder, settings, files)
    if made_with is not None:
        bands = band_tables.write(made_with, folder, files, settings.duplicates)
        parts = {
            "bands": band_tables.made_with(settings.duplicates, settings.language),
            "extract": stage.fingerprint,
        }
        stages.finish(folder, stages.Stage("deduplicate", parts, {"bands": bands}, {}))
    return folder


def nodes_in(folder):
    files = stages.required(folder, "extract").files["documents"]
    batches = [b for f in files for b in parquet.batches(folder, f.path, ["doc_id"])]
    return [node for batch in batches for node in node_of(batch.column(0)).tolist()]


@pytest.mark.spark
def test_against_texts_and_exported_shingles_the_true_check_says_what_one_run_would(
    spark, extracted, joined, tmp_path
):
    """Every eighth document is both in the run and in an older corpus, under the same id."""
    settings, _, _ = extracted
    texts = part(extracted, tmp_path / "texts", lambda row: row % 4 == 0, spark)
    source = part(extracted, tmp_path / "source", lambda row: row % 4 == 1, spark)
    sets, bare = Folder(str(tmp_path / "sets")), Folder(str(tmp_path / "bare"))
    export_bands.run(spark, source, sets, shingles=True)
    export_bands.run(spark, source, bare)
    new = part(extracted, tmp_path / "new", lambda row: row % 4 > 1 or row % 8 == 1)
    with pytest.raises(ConfigError, match=r"bare: .*bands export RUN OUT --shingles"):
        deduplicate.run(spark, with_corpora(settings, [texts.base, bare.base], False), new)
    done = deduplicate.run(spark, with_corpora(settings, [texts.base, sets.base], False), new)
    own = set(nodes_in(new))
    found = members_of(new, done)
    assert found == {node: joined[node] & own for node in own}
    older = [(name, n) for name, of in (("texts", texts), ("sets", source)) for n in nodes_in(of)]
    expected = {(min(joined[n] & own), name, n) for name, n in older if joined[n] & own}
    known = [
        row
        for file in done.files["known"]
        for batch in parquet.batches(new, file.path)
        for row in batch.to_pylist()
    ]
    nodes = node_of(pa.array([row["doc_id"] for row in known])).tolist()
    assert {(r["cluster"], r["corpus"], n) for r, n in zip(known, nodes, strict=True)} == expected
    assert {name for _, name, _ in expected} == {"texts", "sets"}


def test_texts_that_are_gone_or_newer_than_the_bands_are_told(extracted, tmp_path):
    folder = part(extracted, tmp_path / "old", lambda row: row < 3)
    stage = stages.required(folder, "extract")
    parts = {"extract": stage.fingerprint}
    stages.finish(folder, stages.Stage("deduplicate", parts, {"bands": []}, {}))
    older = corpora.Corpus("old", folder, [], None, {}, "")
    assert corpora.sets_of(older) == (stage.files["documents"], "text")
    with pytest.raises(ConfigError, match="a run wrote here"):
        export_bands.check(folder, folder, shingles=True)
    folder.delete(stage.files["documents"][0].path)
    with pytest.raises(ConfigError, match=r"old: .* are gone, the first documents/0\.parquet"):
        corpora.sets_of(older)
    out = Folder(str(tmp_path / "out"))
    with pytest.raises(ConfigError, match="are gone"):
        export_bands.check(folder, out, shingles=True)
    export_bands.check(folder, out)
    stages.finish(folder, stages.Stage("deduplicate", {"extract": "?"}, {"bands": []}, {}))
    with pytest.raises(ConfigError, match=r"old: was extracted again .*`corpusmill deduplicate"):
        corpora.sets_of(older)


def test_signatures_of_other_shingles_are_refused(extracted, tmp_path):
    _, folder, _ = extracted
    own = tmp_path / "own.toml"
    own.write_text('preset = "nemo"\n[duplicates]\nshingle_length = 25\n')
    with pytest.raises(ConfigError, match=r"are 25 characters, but .* shingles of 24 characters;"):
        deduplicate.run(None, config.load(None, str(own)), folder)
    own.write_text('preset = "nemo"\n[duplicates]\nshingle_unit = "words"\n')
    with pytest.raises(ConfigError, match=r"are 24 words, but .* shingles of 24 characters;"):
        deduplicate.run(None, config.load(None, str(own)), folder)
    with pytest.raises(ConfigError, match="choose bands and rows whose product is 260"):
        deduplicate.run(None, config.load("olmo3"), folder)
