"""What ordinary text is like in each language, for the Web Docs Scorer's limits.

``data/web_docs.tsv`` holds it for the languages there is text of (``data/fit_web_docs.py`` wrote
it), ``data/genealogy.tsv`` which languages are kin. Another language has the mean of its genus in
its script, else of its family in its script, else of its script, else of all.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.web_docs_scores import (
    COMPRESSION,
    FACTORS,
    LENGTH,
    MENU_CHARS,
    NUMBERS,
    PUNCTUATION,
    SYMBOL,
)

DATA = Path(__file__).parent / "data"
SPANISH = "spa_Latn"
LEAST_FACTOR, GREATEST_FACTOR = 0.5, 4.0
"""Bounds on a limit by the Spanish one. Thai marks no sentence ends: by its .22 a menu line would
reach to 134 letters."""


class Figures(NamedTuple):
    """A language's row, or the mean of some; and where it is from.

    ``values``: punctuation, numbers, symbols in % of word characters, and the compression curve.
    ``source``: "own", "genus", "family", "script" or "all".
    """

    values: NDArray[np.float64]
    source: str


@cache
def rows() -> dict[str, NDArray[np.float64]]:
    """Return the fitted figures by label, as shipped."""
    lines = (DATA / "web_docs.tsv").read_text("ascii").splitlines()
    fitted = [line.split("\t") for line in lines if not line.startswith("#")][1:]
    return {label: np.array(list(map(float, values))) for label, *values in fitted}


@cache
def genealogy() -> dict[str, tuple[str, str]]:
    """Return the genus and the family of each language code."""
    kin = {}
    for line in (DATA / "genealogy.tsv").read_text("ascii").splitlines()[2:]:
        family, genus, codes = line.split("\t")
        kin.update(dict.fromkeys(codes.split(), (genus, family)))
    return kin


@cache
def _means() -> dict[tuple[str, str, str], NDArray[np.float64]]:
    """Return the mean figures of each genus, family and script, and of all."""
    groups = defaultdict(list)
    for label, values in rows().items():
        code, script = label.split("_")
        genus, family = genealogy().get(code, ("", ""))
        for key in (
            ("genus", genus, script),
            ("family", family, script),
            ("script", "", script),
            ("all", "", ""),
        ):
            groups[key].append(values)
    return {key: np.mean(values, axis=0) for key, values in groups.items()}


def figures(label: str) -> Figures:
    """Return the figures of a language: its own, or those of its nearest kin in its script.

    >>> figures("mlt_Latn").source, figures("frr_Latn").source, figures("und_Zyyy").source
    ('own', 'genus', 'all')
    """
    if label in rows():
        return Figures(rows()[label], "own")
    code, _, script = label.partition("_")
    genus, family = genealogy().get(code, (None, None))
    for source, group in (("genus", genus), ("family", family), ("script", "")):
        mean = None if group is None else _means().get((source, group, script))
        if mean is not None:
            return Figures(mean, source)
    return Figures(_means()["all", "", ""], "all")


@cache
def factors(label: str) -> tuple[float, ...]:
    """Return a language's row for the kernel.

    ``FACTORS`` values: four that scale limits, then the compression it is expected to have.
    """
    own, spanish = figures(label).values, rows()[SPANISH]
    row = np.empty(FACTORS)
    row[[PUNCTUATION, NUMBERS, SYMBOL]] = np.clip(
        own[:3] / spanish[:3], LEAST_FACTOR, GREATEST_FACTOR
    )
    row[LENGTH] = 1 / row[PUNCTUATION]
    row[COMPRESSION:] = own[3:]
    return tuple(row.tolist())


def factor_rows(langs: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return a row for each language that occurs, and which of them each document has."""
    places = {lang: place for place, lang in enumerate(dict.fromkeys(langs))}
    table = np.array([factors(lang) for lang in places]).reshape(-1, FACTORS)
    return table, np.array([places[lang] for lang in langs], dtype=np.int64)


def menu_chars(langs: Sequence[str]) -> NDArray[np.float64]:
    """Return how many word characters a menu's line has at most, for each document's language.

    What ``language_id.lines.line_language_shares`` wants.
    """
    return np.array([MENU_CHARS * factors(lang)[LENGTH] for lang in langs])
