"""Columns of the published statistics: what is counted, and by what."""

import pyarrow as pa

from pipeline.column import Column

FUNNEL = (
    Column("stage", pa.string(), "read, extract, language, rules, duplicates or kept"),
    Column("lang", pa.string(), "language; null before it is known"),
    Column("reason", pa.string(), "what happened there"),
    Column("documents", pa.int64(), "records or documents"),
    Column("chars", pa.int64(), "code points of text"),
    Column("words", pa.int64(), "words of text"),
    Column("bytes", pa.int64(), "bytes: of the archive for records, of text for documents"),
    Column("tokens", pa.int64(), "tokens by the configured tokenizer"),
)
PERSONAL_DATA = (
    Column("lang", pa.string(), "language"),
    Column("kind", pa.string(), "email, phone, ipv4, ipv6, iban or card"),
    Column("documents", pa.int64(), "documents of the corpus that hold some"),
    Column("spans", pa.int64(), "places masked in them"),
)
EDIT_COUNTS = (
    Column("lang", pa.string(), "language"),
    Column("kind", pa.string(), "what removed text, as in the column edits"),
    Column("documents", pa.int64(), "documents of the corpus it removed some from"),
    Column("spans", pa.int64(), "pieces removed"),
    Column("chars", pa.int64(), "code points removed"),
)
REHYDRATION = (
    Column("lang", pa.string(), "language"),
    Column(
        "cluster_size", pa.int32(), "documents in a cluster; a language's last row: or more than so"
    ),
    Column("documents", pa.int64(), "documents of such clusters that the rules judged"),
    Column("removed", pa.int64(), "those that a rule removed"),
    Column("removal_rate", pa.float64(), "share removed, 0..1"),
    Column(
        "language_rate", pa.float64(), "share of the language's clusters removed, one copy each"
    ),
    Column("weight", pa.int32(), "times to show a kept document of such a cluster"),
)
