"""What each rule rejects of the sample pages, measured as the job measures them, without Spark."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from filters.rules import Rule, judge
from pipeline import config, extraction
from pipeline.decisions import signal_columns
from pipeline.extraction import Range
from pipeline.steps import documents
from pipeline.storage import open_source

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
        batches.append(documents(pages, extraction.identifier(settings.language), settings))
    return pa.Table.from_batches(batches)


def rejected_by(rule: Rule) -> Rejected:
    """Sample documents the rule rejects when it is asked alone, under its own bounds."""
    found: Counter[str] = Counter()
    for batch in sample_documents().to_batches():
        langs = batch.column("lang").to_pylist()
        verdicts = judge([rule], signal_columns(batch, [rule]), langs)
        found.update(
            lang for lang, reason in zip(langs, verdicts.rejected_by, strict=True) if reason
        )
    return Rejected(found.total(), found)
