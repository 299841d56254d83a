"""Every table's columns: name, type and one line of meaning.

Only types that Arrow, Parquet and Spark share. ``docs/data-format.md`` is generated from here.
"""

from collections.abc import Iterable

import pyarrow as pa

from filters.signals import SIGNALS
from pipeline.column import Column
from pipeline.stats_schema import EDIT_COUNTS, FUNNEL, PERSONAL_DATA, REHYDRATION

UTC = pa.timestamp("us", tz="UTC")
SPANS = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("kind", pa.string())]))
RIGHTS = pa.list_(
    pa.struct([("source", pa.string()), ("name", pa.string()), ("value", pa.string())])
)
LABELS = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))
DERIVED_FROM = pa.struct(
    [
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("id", pa.string()),
        ("collection", pa.string()),
        ("lang", pa.string()),
    ]
)
DIGEST = pa.binary(16)
"""A 128-bit hash."""


ORIGIN = (
    Column(
        "doc_id", pa.string(), "128-bit id in hex: xxh3 of file, offset and place in the member"
    ),
    Column("url", pa.string(), "WARC-Target-URI, as recorded"),
    Column("host", pa.string(), "host of the URL, lower case"),
    Column("domain", pa.string(), "registrable domain of the host (public suffix list)"),
    Column("warc_file", pa.string(), "archive, relative to the input it was found in"),
    Column("warc_offset", pa.int64(), "bytes from the start of the archive to the record"),
    Column("warc_length", pa.int64(), "bytes the record takes in the archive, compressed"),
    Column("line", pa.int64(), "line of a table, from 1; null for records of archives"),
    Column(
        "derived_from",
        DERIVED_FROM,
        "what a table says its line was made from: archive, offset and length of the record, its "
        "own id, collection and language; null for records of archives",
    ),
    Column("warc_date", UTC, "WARC-Date; null where it is not a date"),
    Column(
        "source_type",
        pa.string(),
        "html, text (text/plain), feed, pdf, wet (conversion record) or table (a row of text)",
    ),
    Column("payload_digest", pa.string(), "WARC-Payload-Digest, as recorded"),
    Column(
        "truncated", pa.string(), "why the crawler or a limit cut the payload; null where whole"
    ),
)
PAGE = (
    Column("charset", pa.string(), "WHATWG name of the encoding the page was read in"),
    Column("charset_source", pa.string(), "bom, header, meta, detected or fallback"),
    Column("html_lang", pa.string(), "lang attribute of the html element"),
    Column("title", pa.string(), "title of the page"),
    Column("page_date", pa.string(), "date the page gives for itself, ISO 8601"),
    Column("text", pa.string(), "main text: NFC, no control characters, lines end in \\n"),
    Column(
        "markdown",
        pa.string(),
        "the text's structure as Markdown, personal data masked; null unless asked for "
        "(`text.markdown`), and where the text was edited",
    ),
    Column("text_chars", pa.int32(), "code points of the text"),
    Column("text_bytes", pa.int32(), "UTF-8 bytes of the text"),
    Column("token_count", pa.int32(), "tokens of the text by the configured tokenizer"),
)
LANGUAGE = (
    Column("lang_score", pa.float32(), "score of the best label, 0..1"),
    Column("lang_top", LABELS, "three best labels with their scores"),
    Column(
        "quality_score",
        pa.float32(),
        "probability of the configured quality classifier's label, 0..1; null without one",
    ),
)
LANG = Column("lang", pa.string(), "best label, ISO 639-3 and ISO 15924: fin_Latn")
MEASURES = tuple(
    Column(s.name, pa.int32() if s.dtype == "int32" else pa.float32(), f"{s.meaning} [{s.unit}]")
    for s in SIGNALS
)
OPT_OUTS = tuple(
    Column(f"optout_{name}", pa.int32(), meaning)
    for name, meaning in (
        ("tdm_reservation", "1 where TDM is reserved (TDMRep: header or meta)"),
        ("noai", "1 where robots directives say noai (header or meta)"),
        ("aipref", "1 where Content-Usage says train-ai=n (IETF AIPREF drafts)"),
    )
)
CARE = (
    Column("rights", RIGHTS, "rights signals of response and page, as found"),
    *OPT_OUTS,
    Column("pii", SPANS, "personal data: code points from, to (exclusive) and kind"),
)
EDITED = Column(
    "edits",
    SPANS,
    "what line edits and repeats removed: code points from, to (exclusive) of the unedited text, "
    "which other columns keep describing, and what removed them",
)
KEYS = (
    Column("text_hash", DIGEST, "128-bit hash of the normalised text"),
    Column("signature", pa.binary(), "MinHash values, uint32 little-endian; empty without words"),
)
SIMILARITY = Column(
    "similarity",
    pa.float32(),
    "similarity to the copy of the cluster that stays: share of equal MinHash values, 1 for "
    "that copy and for equal texts; null where none stays",
)
KEPT_COPY = Column(
    "kept_doc_id",
    pa.string(),
    "the copy of its cluster (older fetch: of the newest's) that stays; null where none does",
)
KEPT_IN = Column("kept_in", pa.string(), "corpus of that copy, if it is another than this one")
DUPLICATES = (
    Column(
        "cluster_id", pa.string(), "first 16 digits of the smallest doc_id among near-duplicates"
    ),
    Column("cluster_size", pa.int32(), "documents in the cluster"),
    SIMILARITY,
    Column(
        "also_in",
        pa.list_(pa.string()),
        "corpora given as --against that hold a document of the cluster, in that order",
    ),
)
WEIGHT = Column(
    "weight",
    pa.int32(),
    "times to show it, by the size of its cluster (rehydration); null unless configured",
)
VERDICT = (
    Column(
        "reason",
        pa.string(),
        "rule that rejected the document; duplicate.exact, .near, .url or .known; or rights.copy",
    ),
    Column("rejected_value", pa.float32(), "value the rule saw; null for other reasons"),
    Column("failed_rules", pa.list_(pa.string()), "every rule the document fails"),
    KEPT_COPY,
    KEPT_IN,
)

DOCUMENTS = (*ORIGIN, *PAGE, LANG, *LANGUAGE, *MEASURES, *CARE, *KEYS)
CORPUS = (*ORIGIN, *PAGE, LANG, *LANGUAGE, *MEASURES, *CARE, EDITED, *DUPLICATES, WEIGHT)
REMOVED = (*CORPUS, *VERDICT)
CLUSTERS = (ORIGIN[0], *DUPLICATES[:2], KEPT_COPY, KEPT_IN, SIMILARITY)
MEMBERS = (
    Column("node", pa.int64(), "first 64 bits of doc_id as a number in the same order"),
    Column("cluster", pa.int64(), "smallest node of the cluster"),
    Column("cluster_size", pa.int32(), "documents in the cluster"),
    Column("exact_node", pa.int64(), "smallest node with the same normalised text and scope"),
)
BANDS = (
    ORIGIN[0],
    Column("scope", pa.string(), "what duplicates are looked for within"),
    KEYS[0],
    Column("buckets", pa.list_(pa.int64()), "hash of every band, in order; empty without words"),
    Column("sketch", pa.binary(), "lowest 8 bits of every MinHash value; empty without words"),
    Column("opted_out", pa.bool_(), "whether an opt-out column of the document is not 0"),
    LANGUAGE[0],
    Column("warc_date", UTC, "WARC-Date; null where it is not a date"),
    Column("text_chars", pa.int32(), "code points of the text"),
    Column(
        "fate",
        pa.string(),
        "kept, objected (removed for rights) or rejected; null where nothing is decided",
    ),
)
SHINGLES = (
    ORIGIN[0],
    Column("shingles", pa.binary(), "64-bit hashes of its shingles, sorted: uint64 little-endian"),
)
KNOWN = (
    Column("cluster", pa.int64(), "cluster of this run that the document belongs to"),
    Column("corpus", pa.string(), "name of the older corpus"),
    Column("rank", pa.int32(), "place of that corpus among those given"),
    ORIGIN[0],
    Column("exact_node", pa.int64(), "exact_node of the run's documents of the same text, if any"),
    Column("held", pa.bool_(), "whether that corpus keeps it, or has not decided yet"),
    Column("objected", pa.bool_(), "whether it was removed there for rights"),
    *(column for column in BANDS if column.name in ("opted_out", "lang_score")),
    *(column for column in BANDS if column.name in ("warc_date", "text_chars", "sketch")),
)
SUPERSEDED = (
    Column("corpus", pa.string(), "name of the older corpus"),
    ORIGIN[0],
    Column("kept_doc_id", pa.string(), "better copy in this corpus"),
)
LEDGER = (
    Column("warc_file", pa.string(), "archive the bytes are in"),
    Column("warc_offset", pa.int64(), "first byte this row answers for"),
    Column("warc_length", pa.int64(), "bytes this row answers for; they add up to the file's size"),
    Column("line", pa.int64(), "line of a table, from 1; null for records and whole files"),
    Column(
        "record_type",
        pa.string(),
        "WARC-Type; line of a table; gap for bytes that are no readable record",
    ),
    Column("record_id", pa.string(), "WARC-Record-ID"),
    Column("url", pa.string(), "WARC-Target-URI"),
    Column("http_status", pa.int32(), "status of the response"),
    Column("media_type", pa.string(), "declared media type"),
    Column("fate", pa.string(), "extracted, skipped or failed"),
    Column("reason", pa.string(), "why skipped or failed; null where extracted"),
    Column("notes", pa.list_(pa.string()), "what was odd about the record"),
    Column("lang", pa.string(), "language of a page left out for it; else null"),
    Column("doc_id", pa.string(), "the document made from it"),
)
HEADERS = pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())]))
QUARANTINE = (
    *ORIGIN[:2],
    *(column for column in ORIGIN if column.name in ("warc_file", "warc_offset", "warc_length")),
    Column(
        "inner_offset",
        pa.int64(),
        "bytes from the start of the inflated member to the record; a line's number",
    ),
    Column("record_type", pa.string(), "WARC-Type"),
    Column("format", pa.string(), "warc or arc"),
    Column("line_said", pa.string(), "of a table's line, what it says beside the text, as JSON"),
    Column("reason", pa.string(), "timeout, memory, crash or error, as in the ledger"),
    Column("notes", pa.list_(pa.string()), "the ledger's; for an error the class of the exception"),
    Column("problem", pa.string(), "what the archive reader found wrong with the record"),
    Column("truncated", pa.bool_(), "whether the block was cut at the record limit"),
    Column("headers", HEADERS, "header of the record, names in lower case"),
    Column("block", pa.binary(), "block as the archive holds it; null beyond 64 MiB a range"),
)
SELECTION = (
    Column("warc_file", pa.string(), "archive, as the index names it"),
    Column("warc_offset", pa.int64(), "bytes from the start of the archive to the record"),
    Column("warc_length", pa.int64(), "bytes the record takes in the archive"),
)
REPEATS = (
    Column("step", pa.string(), "site_line or paragraph"),
    Column("file", pa.int32(), "number of the documents file that has some to remove"),
    Column("hash", pa.int64(), "64-bit hash of its normalised text; of a line, with its host's"),
    Column("kept_node", pa.int64(), "paragraphs: first 64 bits of the doc_id that keeps it"),
    Column("copies", pa.int64(), "paragraphs: copies in the corpus; lines: pages of the host"),
)
DECISIONS = (
    Column("file", pa.int32(), "number of the documents file"),
    Column("row", pa.int32(), "row in it"),
    ORIGIN[0],
    LANG,
    Column("text_chars", pa.int32(), "code points of the text"),
    Column("word_count", pa.int32(), "words of the text"),
    Column("text_bytes", pa.int32(), "UTF-8 bytes of the text"),
    Column("token_count", pa.int32(), "tokens of the text"),
    *DUPLICATES,
    *VERDICT,
)

TABLES = {
    "corpus": CORPUS,
    "removed": REMOVED,
    "selection": SELECTION,
    "clusters": CLUSTERS,
    "ledger": LEDGER,
    "quarantine": QUARANTINE,
    "documents": DOCUMENTS,
    "members": MEMBERS,
    "bands": BANDS,
    "shingles": SHINGLES,
    "known": KNOWN,
    "superseded": SUPERSEDED,
    "decisions": DECISIONS,
    "repeats": REPEATS,
    "stats/funnel": FUNNEL,
    "stats/personal_data": PERSONAL_DATA,
    "stats/edits": EDIT_COUNTS,
    "stats/rehydration": REHYDRATION,
}
"""The tables of an output folder, in the order a reader meets them."""


def schema(columns: Iterable[Column]) -> pa.Schema:
    """Arrow schema of the columns, in order."""
    return pa.schema([(column.name, column.type) for column in columns])
