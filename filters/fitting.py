"""FineWeb-2's rules fitted to a language: its bounds from a reference corpus and English's.

FineWeb-2 (Penedo et al. 2025, arXiv:2506.20920, section 4 and appendix on filters) carries the
bounds found good for English over to another language by comparing how a signal is distributed in
both. With ``b`` the English bound, ``m``, ``s`` and ``h`` the mean, standard deviation (population)
and median, primed for the language:

- ``mean-deviation``: as many deviations from the mean, ``b' = m' + s' (b - m) / s``
- ``quantile``: the value that leaves the same share outside: ``b'`` is the q-quantile of the
  language's values, where ``q`` is the share of English values ``<= b`` for an upper bound and
  ``< b`` for a lower one; of two neighbours the one that keeps more
- ``median-ratio``: as far from the median in proportion, ``b' = b h' / h``

A method that divides by zero (no English document has a duplicate line: ``h = 0``) gives no bound.
Fitted bounds are never negative and are rounded to three decimals, outwards. The bound on the
language's own score needs no English: ``max(.3, min(.9, h' - s'))``, section 3.

``data/english_reference.tsv`` holds English's figures; its head says from what. It is small, so the
quantile method sees little of the tails there: better bring one's own.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from filters.fineweb2 import FINEWEB2
from filters.language import LANGUAGE_FINEWEB2
from filters.rules import Rule, bound

Method = Literal["mean-deviation", "quantile", "median-ratio"]
METHODS: tuple[Method, ...] = get_args(Method)
ENGLISH = "eng_Latn"
REFERENCE = Path(__file__).parent / "data" / "english_reference.tsv"
HEAD = ("rule", "side", "signal", "documents", "mean", "deviation", "median", "bound", "share")
LANGUAGE_SCORE = LANGUAGE_FINEWEB2[1]


class Side(NamedTuple):
    """One bound of one rule, and English's value of it."""

    rule: Rule
    is_low: bool
    english: float

    @property
    def key(self) -> tuple[str, str]:
        """Rule and ``low`` or ``high``."""
        return self.rule.name, "low" if self.is_low else "high"


class Statistics(NamedTuple):
    """How a signal is distributed in a corpus; ``share`` lies below the English bound.

    (At or below it for an upper bound.)
    """

    documents: int
    mean: float
    deviation: float
    median: float
    share: float


def _sides(rules: Iterable[Rule]) -> list[Side]:
    found = []
    for rule in rules:
        for is_low, bounds in ((True, rule.low), (False, rule.high)):
            english = bound(bounds, ENGLISH)
            if isinstance(bounds, Mapping) and english is not None:
                found.append(Side(rule, is_low, english))
    return found


SIDES: tuple[Side, ...] = tuple(_sides(r for r in FINEWEB2 if r.name.startswith("fineweb2.")))
"""Every bound of FINEWEB2 that differs by language."""


def shipped(side: Side, lang: str) -> float | None:
    """FineWeb-2's own bound for a language, None where the rule asks nothing of it."""
    found = bound(side.rule.low if side.is_low else side.rule.high, lang)
    if found is None or math.isinf(found):
        return None
    unasked = side.rule.signal == "mean_word_chars" and side.is_low and found == 0
    return None if unasked else found


def statistics(side: Side, values: NDArray[Any]) -> Statistics:
    """Figures of a corpus, one value a document, at least one."""
    numbers = values.astype(np.float64)
    limit = np.float32(side.english)
    below = values < limit if side.is_low else values <= limit
    return Statistics(
        len(values),
        float(numbers.mean()),
        float(numbers.std()),
        float(np.median(numbers)),
        float(below.mean()),
    )


def fitted(side: Side, english: Statistics, values: NDArray[Any], method: Method) -> float | None:
    """The bound for the language these values are of; None where the method divides by zero."""
    own = statistics(side, values)
    if method == "quantile":
        numbers, q = values.astype(np.float64), english.share
        found = float(
            np.quantile(numbers, q, method="lower")
            if side.is_low
            else np.quantile(numbers, q, method="higher")
        )
    elif method == "median-ratio":
        if not english.median:
            return None
        found = side.english * own.median / english.median
    else:
        if not english.deviation:
            return None
        distance = (side.english - english.mean) / english.deviation
        found = own.mean + own.deviation * distance
    return outwards(max(0.0, found), is_low=side.is_low)


def outwards(value: float, *, is_low: bool) -> float:
    """Three decimals, a lower bound rounded down and an upper one up.

    >>> outwards(0.1234, is_low=True), outwards(0.1231, is_low=False)
    (0.123, 0.124)
    """
    scaled = round(value * 1000, 6)  # 0.29 * 1000 is above 290
    return (math.floor(scaled) if is_low else math.ceil(scaled)) / 1000


def language_score(scores: NDArray[Any]) -> float:
    """Lower bound on ``lang_score``: the median less a standard deviation, within .3 to .9."""
    numbers = scores.astype(np.float64)
    found = float(np.median(numbers) - numbers.std())
    return outwards(max(0.3, min(0.9, found)), is_low=True)


def written(columns: Mapping[str, NDArray[Any]], source: Sequence[str]) -> str:
    """Figures of a corpus as TSV: ``source`` as comments, then a line for every bound."""
    lines = [*(f"# {line}" for line in source), "\t".join(HEAD)]
    for side in SIDES:
        own = statistics(side, columns[side.rule.signal])
        numbers = (f"{n:.6g}" for n in (*own[1:4], side.english, own.share))
        lines.append("\t".join([*side.key, side.rule.signal, str(own.documents), *numbers]))
    return "\n".join(lines) + "\n"


def read(text: str) -> dict[tuple[str, str], Statistics]:
    """What ``written`` wrote, by rule and side; ValueError where it is something else."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if not lines or tuple(lines[0].split("\t")) != HEAD:
        raise ValueError("is no table of reference statistics")
    found = {}
    for line in lines[1:]:
        row = dict(zip(HEAD, line.split("\t"), strict=True))
        own = (float(row[name]) for name in ("mean", "deviation", "median", "share"))
        found[row["rule"], row["side"]] = Statistics(int(row["documents"]), *own)
    missing = [" ".join(side.key) for side in SIDES if side.key not in found]
    if missing:
        raise ValueError(f"has no line for {', '.join(missing)}")
    return found


def english_reference() -> dict[tuple[str, str], Statistics]:
    """The figures of English that are shipped."""
    return read(REFERENCE.read_text(encoding="utf-8"))
