"""From the samples' text to clusters, with other shingles and the true check."""

from collections import defaultdict
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.bands import band_hashes
from dedup.minhash import signatures
from dedup.set_leaders import jaccard
from dedup.shingling import distinct, shingles_of
from jobs import deduplicate
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize
from pipeline import config, extraction, parquet, stages
from pipeline.errors import ConfigError
from pipeline.extraction import Range
from pipeline.files import Folder
from pipeline.judging import node_of
from pipeline.schema import DOCUMENTS, schema
from pipeline.steps import documents
from pipeline.storage import open_source

ARCHIVES = sorted((Path(__file__).parent.parent / "samples" / "archives").iterdir())
OWN = """
preset = "nemo"
[duplicates]
check = "jaccard"
minimum_similarity = 0.5
"""


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """A folder as extract leaves it under OWN, a file of documents an archive; and the rows."""
    path = tmp_path_factory.mktemp("extracted")
    (path / "own.toml").write_text(OWN)
    settings = config.load(None, str(path / "own.toml"))
    folder, files, rows = Folder(str(path / "run")), [], []
    for archive in ARCHIVES:
        source = open_source(str(archive), extraction.storage_options(settings))
        task = Range(str(archive), archive.name, source.size, "", 0, source.size)
        source.close()
        _, pages = extraction.mill(extraction.screened_records(task, settings), settings)
        batch = documents(pages, extraction.tools(settings), settings)
        with parquet.Writer(folder, f"documents/{len(files)}.parquet", schema(DOCUMENTS)) as out:
            out.write(batch)
        files.append(out.file)
        rows += batch.select(["doc_id", "lang", "text", "text_hash", "signature"]).to_pylist()
    parts = {"config": {"signature": settings.duplicates.signature}}
    stages.finish(folder, stages.Stage("extract", parts, {"documents": files}, {}))
    return settings, folder, rows


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


@pytest.mark.spark
def test_clusters_are_chains_of_candidates_that_are_truly_similar(spark, extracted):
    settings, folder, rows = extracted
    done = deduplicate.run(spark, settings, folder)
    assert not list(folder.list("scratch"))
    found = {}
    for file in done.files["members"]:
        for batch in parquet.batches(folder, file.path):
            found |= {row["node"]: row["cluster"] for row in batch.to_pylist()}
    nodes = node_of(pa.array([row["doc_id"] for row in rows])).tolist()
    assert set(nodes) == found.keys()
    values, offsets = sets_of(rows, settings.duplicates.shingling)
    sets = [values[a:b] for a, b in pairwise(offsets)]
    signed = np.stack([np.frombuffer(row["signature"], "<u4") for row in rows])
    bands = band_hashes(signed.astype(np.uint32), 20)
    joined = {node: {node} for node in nodes}
    near = 0
    for i, j in combinations(range(len(rows)), 2):
        if rows[i]["lang"] != rows[j]["lang"]:
            continue
        exact = rows[i]["text_hash"] == rows[j]["text_hash"] != bytes(16)
        similar = (bands[i] == bands[j]).any() and jaccard(sets[i], sets[j]) >= 0.5
        near += similar and not exact
        if exact or similar:
            together = joined[nodes[i]] | joined[nodes[j]]
            joined |= dict.fromkeys(together, together)
    assert near
    clusters = defaultdict(set)
    for node, cluster in found.items():
        clusters[cluster].add(node)
    assert {node: clusters[found[node]] for node in nodes} == joined


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
