"""What each rule rejects of the sample pages, measured as the job measures them, without Spark."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from filters.rules import Rule
from pipeline import config, extraction
from pipeline.criteria import Criteria
from pipeline.extraction import Range
from pipeline.judging import judgement
from pipeline.lists import derived_lists
from pipeline.steps import documents
from pipeline.storage import StorageOptions, open_source

ARCHIVES = Path(__file__).parent.parent / "samples" / "archives"


class Rejected(NamedTuple):
    """How many sample documents a rule rejects, and of which languages."""

    documents: int
    langs: Counter[str]


@cache
def sample_documents() -> pa.Table:
    """Rows of the documents table for every page of the samples."""
    settings = config.load()
    batches = []
    for archive in sorted(ARCHIVES.iterdir()):
        source = open_source(str(archive), extraction.storage_options(settings))
        task = Range(str(archive), archive.name, source.size, "", 0, source.size)
        source.close()
        _, pages = extraction.mill(extraction.screened_records(task, settings), settings)
        batches.append(documents(pages, extraction.tools(settings), settings))
    return pa.Table.from_batches(batches)


def rejected_by(rule: Rule) -> Rejected:
    """Sample documents the rule rejects when it is asked alone, under its own bounds."""
    found: Counter[str] = Counter()
    lists = derived_lists(config.load(), [rule], StorageOptions())
    for batch in sample_documents().to_batches():
        fails = judgement(batch, Criteria((rule,), lists=lists)).failures[0].tolist()
        langs = batch.column("lang").to_pylist()
        found.update(lang for lang, failed in zip(langs, fails, strict=True) if failed)
    return Rejected(found.total(), found)
