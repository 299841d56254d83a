"""Which crawl an archive is of, by its name; and the scope in which documents can be duplicates."""

import re

import pyarrow as pa

PATTERN = r"CC-MAIN-\d{4}(?:-\d{2,4})?(?![^/])|CC-NEWS/\d{4}/\d{2}(?![^/])"
"""Common Crawl's names of crawls, where one is a folder of the archive's path. The archives' own
names hold the time of fetching (``CC-MAIN-20240220211055-…``), which says nothing of the crawl."""
SCOPES = ("language", "crawl", "global")


def crawl_of(warc_file: str, pattern: str = PATTERN) -> str:
    """Name of the crawl: what ``pattern`` finds first in the archive's name, or its first group.

    Without a match it is the first folder of the name, and "" where there is none: archives that
    lie side by side are one crawl.

    >>> crawl_of("crawl-data/CC-MAIN-2024-10/segments/1/warc/CC-MAIN-20240220-00000.warc.gz")
    'CC-MAIN-2024-10'
    >>> crawl_of("wide00015/2016/part-3.warc.gz"), crawl_of("part-3.warc.gz")
    ('wide00015', '')
    """
    found = re.search(pattern, warc_file)
    if found is None:
        return warc_file.partition("/")[0] if "/" in warc_file else ""
    return (found.group(1) if found.re.groups else found.group()) or ""


def scopes(batch: pa.RecordBatch, scope: str, pattern: str = PATTERN) -> pa.Array:
    """The scope of each document: duplicates are looked for among those with the same.

    ``language``: the language, over all crawls; ``crawl``: the language within the crawl;
    ``global``: one for all. ``batch`` has ``lang`` and, for ``crawl``, ``warc_file``.
    """
    if scope == "global":
        return pa.array(["all"] * batch.num_rows, pa.string())
    langs = batch.column("lang").cast(pa.string())
    if scope == "language":
        return langs
    files = batch.column("warc_file").dictionary_encode()
    names = [crawl_of(name or "", pattern) for name in files.dictionary.to_pylist()]
    crawls = pa.array(names, pa.string()).take(files.indices).to_pylist()
    pairs = zip(langs.to_pylist(), crawls, strict=True)
    return pa.array([f"{lang or ''} {crawl}" for lang, crawl in pairs], pa.string())
