"""Names of tables of documents that can be read as inputs."""

from typing import Final

LINES: Final = ".jsonl.zst"
VERDICTS: Final = "allowed.zst"
"""Whether robots.txt allows each page, and nothing else of it (HPLT 4)."""
LEADING: Final = {
    "text.zst": ("metadata.zst", "lang.zst", VERDICTS),
    "html.zst": ("metadata.zst", VERDICTS),
}
"""Files of HPLT that hold documents, and those beside them whose lines say more of them."""
BESIDE: Final = frozenset(name for names in LEADING.values() for name in names)


def base(uri: str) -> str:
    """Last part of a path or address.

    >>> base("https://data.example/1/text.zst?signed")
    'text.zst'
    """
    return uri.partition("?")[0].rsplit("/", 1)[-1]


def is_table_name(uri: str) -> bool:
    """Whether a file of this name holds lines of documents, or is read with one that does."""
    name = base(uri).lower()
    return name.endswith(LINES) or name in LEADING or name in BESIDE
