"""The Web Docs Scorer: how much of a document there is in a page's text.

After the scorer of HPLT (Burchell et al. 2025, arXiv:2503.10267), made anew: ten sub-scores and a
score, each 0 to 1 here and 0 to 10 there. ``docs/web-docs-score.md`` has every constant and says
where this one differs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filters import web_docs_kernel
from filters.lines import Lines, lines_of
from filters.signal import Signal
from filters.web_docs_classes import CHARACTER_CLASSES
from filters.web_docs_scores import COLUMNS
from filters.web_docs_table import factor_rows
from language_id.decoded import Characters

WEB_DOCS_SIGNALS: tuple[Signal, ...] = tuple(
    Signal(f"wds_{name}", "score", "float32", meaning)
    for name, meaning in (
        ("language", "share of the lines longer than a menu's in the document's language"),
        ("url", "1 with few web addresses for the text's length, 0 with many"),
        ("punctuation", "1 with as many punctuation marks as the language's texts have"),
        ("singular", "1 with few symbols among the word characters, 0 with many"),
        ("numbers", "1 with few numerals among the word characters, 0 with many"),
        ("repeated", "share of lines over 4 characters that occur once"),
        ("long", "lines as long as a paragraph, 1 for ten or more"),
        ("great", "how far the longest lines go beyond a paragraph, 0 without such lines"),
        ("informativeness", "1 where the text compresses about as its length and language let"),
        ("short", "1 where half of the lines or fewer are as short as a menu's, .5 for all"),
        (
            "score",
            ".8 language, .1 long and .1 great, times powers of the other seven",
        ),
    )
)


def measure_web_docs(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    langs: Sequence[str],
    language_share: NDArray[np.float64],
    lines: Lines | None = None,
) -> NDArray[np.float64]:
    """Return the columns of ``WEB_DOCS_SIGNALS``, shape (documents, 11), each value 0 to 1.

    ``codes``, ``offsets``: code points and n + 1 document bounds (``language_id.decoded``);
    ``langs``: a canonical label per document; ``language_share``: what
    ``language_id.lines.line_language_shares`` found with ``web_docs_table.menu_chars(langs)``;
    ``lines``: the batch's, where the caller has them. Time is linear in characters. Raises
    ValueError where the counts of documents differ.
    """
    found = lines or lines_of(Characters(codes, offsets))
    documents = len(offsets) - 1
    if not len(langs) == len(language_share) == documents:
        msg = f"{len(langs)} labels, {len(language_share)} shares, {documents} texts"
        raise ValueError(msg)
    out = np.zeros((documents, COLUMNS))
    table, row_of_doc = factor_rows(langs)
    web_docs_kernel.measure_web_docs(
        codes,
        offsets,
        found.starts,
        found.ends,
        found.hashes,
        found.counts,
        found.doc_offsets,
        CHARACTER_CLASSES,
        table,
        row_of_doc,
        language_share,
        out,
    )
    return out
