"""Rules: a column, its bounds, where they come from; and the judgement of documents by them.

A rule's name is the reason a rejected document carries, the key in a configuration, the anchor in
the documentation and the id of its tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from language_id.word_classes import NO_SPACE_SCRIPTS

ANY = "*"
Bounds = float | Mapping[str, float] | None
"""One bound for all; or one per language, "*_Cyrl" for the other languages of a script, "*" for the
rest; or none. A language that a mapping does not cover has no bound."""

UNSPACED = (*sorted(NO_SPACE_SCRIPTS), "Jpan", "Hans", "Hant")
"""The scripts of labels whose tokens are single characters (``language_id.words.NO_SPACE``)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rejects a document whose ``signal`` is below ``low``, above ``high`` or not a number.

    ``source``: paper and section, or specification, the bounds are from.
    """

    name: str
    signal: str
    low: Bounds
    high: Bounds
    source: str


class Verdicts(NamedTuple):
    """What the rules say of each document.

    ``rejected_by``: the first rule, in order, that rejects it; ``rejected_value``: what that rule
    saw, NaN where the document is kept (or the value was missing); ``failed``: every such rule.
    """

    rejected_by: list[str | None]
    rejected_value: NDArray[np.float32]
    failed: list[list[str]]


def bound(bounds: Bounds, lang: str) -> float | None:
    """Return the bound for one language label, None where there is none.

    >>> bound({"fin_Latn": 3, "*_Hani": 1, "*": 2}, "yue_Hani")
    1
    """
    if not isinstance(bounds, Mapping):
        return bounds
    for key in (lang, f"{ANY}_{lang.rpartition('_')[2]}", ANY):
        if key in bounds:
            return bounds[key]
    return None


def above(value: float) -> float:
    """Return the next float32: as a low bound it also rejects ``value`` itself ("drop if <= 5")."""
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def judge(
    rules: Sequence[Rule], columns: Mapping[str, NDArray[Any]], langs: Sequence[str]
) -> Verdicts:
    """Apply the rules, in order, to every document.

    ``columns``: one array of shape (documents,) per signal the rules name, a missing value as NaN;
    KeyError names a rule whose column is absent. float32 columns are compared with the bound as
    float32, so that a stored 0.1 is not above 0.1.
    """
    places = {lang: place for place, lang in enumerate(dict.fromkeys(langs))}
    lang_of_doc = np.array([places[lang] for lang in langs], dtype=np.intp)
    failures = np.zeros((len(langs), len(rules)), dtype=np.bool_)
    for number, rule in enumerate(rules):
        values = _column(rule, columns, len(langs))
        low = _bounds(rule.low, list(places), -np.inf).astype(values.dtype)[lang_of_doc]
        high = _bounds(rule.high, list(places), np.inf).astype(values.dtype)[lang_of_doc]
        failures[:, number] = ~((values >= low) & (values <= high))
    rejected_by: list[str | None] = [None] * len(langs)
    rejected_value = np.full(len(langs), np.nan, dtype=np.float32)
    failed: list[list[str]] = [[] for _ in langs]
    for document in np.flatnonzero(failures.any(axis=1)).tolist():
        numbers = np.flatnonzero(failures[document]).tolist()
        first = rules[numbers[0]]
        rejected_by[document] = first.name
        rejected_value[document] = columns[first.signal][document]
        failed[document] = [rules[number].name for number in numbers]
    return Verdicts(rejected_by, rejected_value, failed)


def _column(rule: Rule, columns: Mapping[str, NDArray[Any]], documents: int) -> NDArray[Any]:
    """Return the rule's column as floats: float32 stays, integers become exact float64."""
    if rule.signal not in columns:
        msg = f"rule {rule.name} needs column {rule.signal}, which is not there"
        raise KeyError(msg)
    values = columns[rule.signal]
    if values.shape != (documents,):
        msg = f"column {rule.signal} has shape {values.shape}, {documents} documents are judged"
        raise ValueError(msg)
    return values if values.dtype == np.float32 else values.astype(np.float64)


def _bounds(bounds: Bounds, langs: Sequence[str], without: float) -> NDArray[np.float64]:
    """Return the bound of each language, ``without`` where it has none."""
    found = (bound(bounds, lang) for lang in langs)
    return np.array([without if each is None else each for each in found], dtype=np.float64)
