"""The funnel: documents, characters, words, bytes and tokens per language, stage and reason.

Counts are queries over committed tables; nothing is counted on the side. Parts of a table are
counted where they are read, with or without Spark (``pipeline.counting``), and added up.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.tables import RULES
from pipeline.schema import schema
from pipeline.stats_schema import EDIT_COUNTS, FUNNEL, PERSONAL_DATA

MEASURES = ("documents", "chars", "words", "bytes", "tokens")
STAGES = ("read", "extract", "language", "rules", "duplicates", "kept")
LANGUAGE_RULES = [rule.name for rule in RULES.values() if rule.signal == "lang_score"]
FUNNEL_SCHEMA = schema(FUNNEL)
EDIT_COUNTS_SCHEMA = schema(EDIT_COUNTS)
LEDGER_COLUMNS = ("record_type", "fate", "reason", "lang", "warc_length")
DECISION_COLUMNS = ("lang", "reason", "text_chars", "word_count", "text_bytes", "token_count")
KEY = ("stage", "lang", "reason")


def ledger_counts(ledger: pa.Table) -> pa.Table:
    """Records per fate and reason, and language where they are left out for it.

    Columns: in ``LEDGER_COLUMNS``, out ``FUNNEL``. Bytes are those of the archive. A gap is no
    record; it counts as lost in the extract stage only.
    """
    records = ledger.filter(pc.not_equal(ledger["record_type"], "gap"))
    ended = ledger.filter(pc.not_equal(ledger["fate"], "extracted"))
    reason = pc.binary_join_element_wise(ended["fate"], ended["reason"], ".")
    read = _funnel(
        {
            "stage": ["read"] * len(records),
            "reason": ["records"] * len(records),
            "bytes": records["warc_length"],
        }
    )
    lost = _funnel(
        {
            "stage": ["extract"] * len(ended),
            "lang": ended["lang"],
            "reason": reason,
            "bytes": ended["warc_length"],
        }
    )
    return summed([read, lost])


def decision_counts(decisions: pa.Table) -> pa.Table:
    """Documents per language and reason. Columns: in ``DECISION_COLUMNS``, out ``FUNNEL``."""
    reason = decisions["reason"]
    stage = pc.case_when(
        pc.make_struct(
            pc.is_null(reason),
            pc.starts_with(reason, "duplicate."),
            pc.is_in(reason, pa.array(LANGUAGE_RULES)),
        ),
        *(pa.scalar(name) for name in ("kept", "duplicates", "language", "rules")),
    )
    sizes = dict(zip(MEASURES[1:], DECISION_COLUMNS[2:], strict=True))
    return summed(
        [
            _funnel(
                {
                    "stage": stage,
                    "lang": decisions["lang"],
                    "reason": reason.fill_null("kept"),
                    **{measure: decisions[column] for measure, column in sizes.items()},
                }
            )
        ]
    )


def _funnel(columns: Mapping[str, Any]) -> pa.Table:
    """Rows of one document or record each; a column that is not given is null."""
    count = len(columns["stage"])
    given = {"documents": [1] * count} | dict(columns)
    arrays = []
    for field in FUNNEL_SCHEMA:
        column = given.get(field.name, pa.nulls(count, field.type))
        is_list = isinstance(column, list)
        arrays.append(pa.array(column, field.type) if is_list else column.cast(field.type))
    return pa.table(arrays, FUNNEL_SCHEMA)


def summed(parts: Iterable[pa.Table]) -> pa.Table:
    """Rows of the same stage, language and reason as one. Columns: in and out ``FUNNEL``."""
    every = pa.concat_tables([FUNNEL_SCHEMA.empty_table(), *parts])
    found = every.group_by(list(KEY)).aggregate([(measure, "sum") for measure in MEASURES])
    named = {**{name: found[name] for name in KEY}, **{m: found[f"{m}_sum"] for m in MEASURES}}
    return pa.table(
        [named[name].cast(FUNNEL_SCHEMA.field(name).type) for name in FUNNEL_SCHEMA.names],
        FUNNEL_SCHEMA,
    )


def funnel(ledger: pa.Table, decisions: pa.Table) -> pa.RecordBatch:
    """The funnel as one small sorted batch: a row per stage, language and reason.

    Both in the columns of ``FUNNEL``.
    """
    none = {"stage": "read", "reason": "records", "documents": 0}
    nothing = pa.Table.from_pylist([none], FUNNEL_SCHEMA)
    rows = sorted(summed([nothing, ledger, decisions]).to_pylist(), key=_order)
    return pa.RecordBatch.from_pylist(rows, FUNNEL_SCHEMA)


def text_bytes(decisions: pa.Table) -> dict[tuple[str, str], int]:
    """Bytes of text per table (corpus or removed) and language, from counts of decisions."""
    sums: dict[tuple[str, str], int] = {}
    for row in decisions.select(["stage", "lang", "bytes"]).to_pylist():
        key = ("corpus" if row["stage"] == "kept" else "removed", row["lang"])
        sums[key] = sums.get(key, 0) + row["bytes"]
    return sums


def kind_counts(spans: pa.Array) -> dict[str, tuple[int, int]]:
    """Documents and places per kind of personal data, from their lists of spans."""
    kinds = spans.flatten().field("kind")
    if not len(kinds):
        return {}
    parents = pc.list_parent_indices(spans)
    found = pa.table({"kind": kinds, "parent": parents}).group_by("kind")
    rows = found.aggregate([("parent", "count_distinct"), ("parent", "count")]).to_pylist()
    return {row["kind"]: (row["parent_count_distinct"], row["parent_count"]) for row in rows}


def edit_counts(langs: pa.Array, edits: pa.Array) -> pa.Table:
    """What was removed from documents, by language and kind: ``EDIT_COUNTS``.

    ``edits``: the column of that name; ``langs``: a label for each document.
    """
    spans, parents = edits.flatten(), pc.list_parent_indices(edits)
    pieces = pa.table(
        {
            "lang": langs.take(parents).cast(pa.string()),
            "kind": spans.field("kind"),
            "chars": pc.subtract(spans.field("end"), spans.field("start")).cast(pa.int64()),
            "document": parents,
        }
    )
    each = pieces.group_by(["lang", "kind", "document"]).aggregate(
        [("chars", "count"), ("chars", "sum")]
    )
    ones = pa.array(np.ones(len(each), np.int64))
    columns = [each["lang"], each["kind"], ones, each["chars_count"], each["chars_sum"]]
    return summed_edits([pa.table(columns, EDIT_COUNTS_SCHEMA)])


def summed_edits(parts: Iterable[pa.Table]) -> pa.Table:
    """Rows of the same language and kind as one, sorted. Columns: in and out ``EDIT_COUNTS``."""
    every = pa.concat_tables([EDIT_COUNTS_SCHEMA.empty_table(), *parts])
    key, measures = ["lang", "kind"], ["documents", "spans", "chars"]
    found = every.group_by(key).aggregate([(measure, "sum") for measure in measures])
    columns = [found[name] for name in (*key, *(f"{measure}_sum" for measure in measures))]
    return pa.table(columns, EDIT_COUNTS_SCHEMA).sort_by(
        [("lang", "ascending"), ("kind", "ascending")]
    )


def edits(told: Iterable[Iterable[Mapping[str, Any]]]) -> pa.RecordBatch:
    """What was removed from the texts of the corpus, as the writers of shards tell it."""
    rows = [row for own in told for row in own]
    every = summed_edits([pa.Table.from_pylist(rows, EDIT_COUNTS_SCHEMA)])
    return pa.RecordBatch.from_pylist(every.to_pylist(), EDIT_COUNTS_SCHEMA)


def personal_data(counted: Iterable[tuple[str, str, int, int]]) -> pa.RecordBatch:
    """Masked personal data per language and kind: ``PERSONAL_DATA``.

    ``counted``: language, kind, documents and places, of parts of the corpus.
    """
    sums: dict[tuple[str, str], list[int]] = {}
    for lang, kind, documents, spans in counted:
        own = sums.setdefault((lang, kind), [0, 0])
        own[0] += documents
        own[1] += spans
    rows = [
        {"lang": lang, "kind": kind, "documents": documents, "spans": spans}
        for (lang, kind), (documents, spans) in sums.items()
    ]
    rows.sort(key=itemgetter("lang", "kind"))
    return pa.RecordBatch.from_pylist(rows, schema(PERSONAL_DATA))


def _order(row: dict[str, Any]) -> tuple[int, str, str]:
    return STAGES.index(row["stage"]), row["lang"] or "", row["reason"]


def total(rows: Sequence[dict[str, Any]], measure: str = "documents", **where: str) -> int:
    """Sum of a measure over the funnel rows that match: ``total(rows, stage="kept")``."""
    matching = (r for r in rows if all(r[key] == value for key, value in where.items()))
    return sum(r[measure] or 0 for r in matching)
