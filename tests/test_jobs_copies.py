"""A page's cluster as ``explain --run`` prints it, over stored measurements; no JVM."""

import io
import random

import pytest
from conftest import stored_run
from rich.console import Console

from jobs import copies
from pipeline import config, outcomes, parquet, stages
from pipeline.choosing import choice_of
from pipeline.criteria import criteria
from pipeline.errors import ConfigError
from pipeline.files import Folder


@pytest.fixture
def folder(tmp_path):
    """A curated run of 40 documents, all of record 7 of one archive."""
    made = Folder(str(tmp_path / "run"))
    stored_run(made, random.Random(5), sizes=(30, 10), warc_file="crawl/a.warc.gz", warc_offset=7)
    settings = config.load()
    found = [stages.required(made, name) for name in ("extract", "deduplicate")]
    choice = choice_of(settings.duplicates, found[1].parts)
    tables, _ = outcomes.decide(made, *found, criteria(settings, made.options), choice)
    parts = {"deduplicate": found[1].fingerprint}
    stages.finish(made, stages.Stage("curate", parts, tables, {}))
    return made


def shown(folder, archive, offset):
    out = io.StringIO()
    found = copies.show(Console(file=out, width=200), folder, archive, offset)
    return found, out.getvalue()


def test_every_document_of_the_record_is_shown_with_its_copies(folder):
    copies.required(folder)
    files = stages.required(folder, "curate").files["decisions"]
    rows = [r for f in files for b in parquet.batches(folder, f.path) for r in b.to_pylist()]
    found, text = shown(folder, "/data/crawl/a.warc.gz", 7)
    assert found
    parts = text.split("In the run")[1:]
    assert len(parts) == len(rows) == 40
    for row, part in zip(rows, parts, strict=True):
        assert row["doc_id"] in part
        assert (row["reason"] or "stays") in part
        members = [r["doc_id"] for r in rows if r["cluster_id"] == row["cluster_id"]]
        assert len(members) == row["cluster_size"]
        assert all(doc_id in part for doc_id in members)
        assert ("Copies in the cluster" in part) == (len(members) > 1)


@pytest.mark.parametrize(("archive", "offset"), [("a.warc.gz", 7), ("crawl/a.warc.gz", 8)])
def test_what_the_run_did_not_read_is_not_shown(folder, archive, offset):
    assert shown(folder, archive, offset) == (False, "")


def test_clusters_that_changed_since_are_told(folder):
    stages.finish(folder, stages.Stage("deduplicate", {"new": 1}, {}, {}))
    with pytest.raises(ConfigError, match="corpusmill curate"):
        copies.required(folder)
