"""Duplicates on S3, by a server on loopback: older corpora, exported tables, clusters, repeats."""

import random

import boto3
import pyarrow.parquet as pq
import pytest
from conftest import stored_run
from moto.server import ThreadedMotoServer

from dedup.exact import text_hashes
from dedup.minhash import signatures
from dedup.shingling import shingles_of
from jobs import curate, deduplicate, export_bands
from jobs.bands import with_corpora
from language_id.decoded import characters_of
from language_id.words import token_hashes, tokenize
from pipeline import config, stages
from pipeline.files import Folder
from pipeline.storage import StorageOptions

OWN = """
[input]
endpoint_url = "{url}"
region = "us-east-1"
[rules]
order = ["language.score"]
[duplicates]
check = "jaccard"
[repeats]
site_line_pages = 2
paragraphs = "lines"
paragraph_min_chars = 20
"""
ENVIRONMENT = {
    "no_proxy": "127.0.0.1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_EC2_METADATA_DISABLED": "true",
}
MENU = "Menu of the whole site"


@pytest.fixture
def bucket(spark, tmp_path, monkeypatch):
    """A configuration that reaches a server with an empty bucket, and the options of folders."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setitem(spark.sparkContext.environment, name, value)  # the workers get this
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket="corpora")
    (tmp_path / "own.toml").write_text(OWN.format(url=url))
    settings = config.load(None, str(tmp_path / "own.toml"))
    yield settings, StorageOptions(endpoint_url=url, region="us-east-1")
    server.stop()


def pages_of(families):
    """Columns of a page that is nearly one of these texts, or just that."""

    def columns(draw):
        family = draw.choice(families)
        words = random.Random(family).choices([f"w{i}" for i in range(500)], k=60)
        words[-1] = draw.choice([words[-1], f"x{draw.random()}"])
        text = "\n".join([MENU, " ".join(words[:30]), " ".join(words[30:])])
        characters = characters_of([text])
        tokens = tokenize(characters)
        lower = token_hashes(characters, tokens).lower
        (text_hash,) = text_hashes(lower, tokens.kinds, tokens.doc_offsets)
        (signature,) = signatures(*shingles_of(characters, tokens, lower), 112)
        return {
            "domain": f"family{family}", "host": "a.example", "text": text, "pii": [],
            "url": f"https://a.example/{draw.random()}", "lang": "eng_Latn",
            "lang_score": 0.9, "text_hash": text_hash.tobytes(), "signature": signature.tobytes(),
        }  # fmt: skip

    return columns


def extracted(folder, settings, seed, families):
    rows = stored_run(folder, random.Random(seed), (9, 9), each=pages_of(families))
    stage = stages.required(folder, "extract")
    signature = settings.duplicates.signature
    language = settings.language.model_dump(mode="json")
    parts = stage.parts | {"config": {"signature": signature, "language": language}}
    stages.finish(folder, stage._replace(parts=parts))
    return rows


def read(folder, table):
    return pq.read_table(folder.path(table), filesystem=folder.filesystem()).to_pylist()


@pytest.mark.spark
def test_against_an_exported_corpus_and_cut_on_s3(spark, bucket):
    settings, options = bucket
    old, exported, new = (
        Folder(f"s3://corpora/{name}", options) for name in ("old", "bands", "new")
    )
    extracted(old, settings, 1, range(6))
    deduplicate.run(spark, settings, old)
    plain = settings.model_copy(update={"repeats": config.Config().repeats})
    curate.run(None, plain, old, cores=1)
    export_bands.run(spark, old, exported, shingles=True)
    rows = {row["doc_id"]: row for row in extracted(new, settings, 2, range(4, 9))}
    against = with_corpora(settings, [f"older={exported.uri}"], symmetric=False)
    done = deduplicate.run(spark, against, new)
    assert done.counts["documents"] == len(rows)
    assert not new.list("scratch")
    curate.run(spark, against, new)

    clusters = {row["doc_id"]: row for row in read(new, "clusters")}
    assert clusters.keys() == rows.keys()
    family = {doc_id: row["domain"] for doc_id, row in rows.items()}
    names = {clusters[doc_id]["cluster_id"]: family[doc_id] for doc_id in rows}
    assert len(names) == len(set(family.values())) == 5
    assert all(names[clusters[doc_id]["cluster_id"]] == family[doc_id] for doc_id in rows)
    held = {row["doc_id"]: row["domain"] for row in read(old, "corpus")}
    known = {doc_id for doc_id, row in clusters.items() if row["kept_in"] == "older"}
    assert known == {d for d in rows if family[d] in held.values()}
    assert known
    for doc_id in known:
        assert held[clusters[doc_id]["kept_doc_id"]] == family[doc_id]

    corpus, removed = read(new, "corpus"), read(new, "removed")
    fresh = set(family.values()) - set(held.values())
    assert fresh
    assert sorted(row["domain"] for row in corpus) == sorted(fresh)
    assert not [row for row in corpus if MENU in row["text"]]
    assert all(row["edits"][0]["kind"] == "repeats.site_line" for row in corpus)
    reasons = {row["reason"] for row in removed if row["doc_id"] in known}
    assert reasons <= {"duplicate.known", "language.score"}
    assert len(corpus) + len(removed) == len(rows)
