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
    labels = list(dict.fromkeys(langs))
    places = {lang: place for place, lang in enumerate(labels)}
    codes = np.array([places[lang] for lang in langs], dtype=np.intp)
    failures = failing(rules, columns, codes, labels)
    first = first_failing(failures)
    names = [rule.name for rule in rules]
    failed: list[list[str]] = [[] for _ in langs]
    for document in np.flatnonzero(first >= 0).tolist():
        failed[document] = [names[number] for number in np.flatnonzero(failures[:, document])]
    rejected_by = [names[number] if number >= 0 else None for number in first.tolist()]
    return Verdicts(rejected_by, rejected_values(rules, columns, first), failed)


def failing(
    rules: Sequence[Rule],
    columns: Mapping[str, NDArray[Any]],
    codes: NDArray[np.integer[Any]],
    labels: Sequence[str],
) -> NDArray[np.bool_]:
    """Which documents fail which rules, shape (rules, documents).

    ``codes``: each document's language, as its place in ``labels``; ``columns`` as in ``judge``.
    """
    failures = np.zeros((len(rules), len(codes)), dtype=np.bool_)
    for number, rule in enumerate(rules):
        values = _column(rule, columns, len(codes))
        failures[number] = np.isnan(values)
        for bounds, holds, without in (
            (rule.low, np.greater_equal, -np.inf),
            (rule.high, np.less_equal, np.inf),
        ):
            if bounds is not None:
                limits = _limits(bounds, labels, without).astype(values.dtype)
                failures[number] |= ~holds(values, limits[codes])
    return failures


def first_failing(failures: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Number of the first rule each document fails, -1 for those that pass; shape (documents,)."""
    if not len(failures):
        return np.full(failures.shape[1], -1, dtype=np.int16)
    return np.where(failures.any(axis=0), failures.argmax(axis=0), -1).astype(np.int16)


def rejected_values(
    rules: Sequence[Rule], columns: Mapping[str, NDArray[Any]], first: NDArray[np.int16]
) -> NDArray[np.float32]:
    """What the first failing rule of each document saw, NaN where none fails."""
    values = np.full(len(first), np.nan, dtype=np.float32)
    for number in np.unique(first[first >= 0]).tolist():
        own = first == number
        values[own] = columns[rules[number].signal][own]
    return values


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


def _limits(bounds: Bounds, labels: Sequence[str], without: float) -> NDArray[np.float64]:
    """Return the bound of each language, ``without`` where it has none."""
    found = (bound(bounds, lang) for lang in labels)
    return np.array([without if each is None else each for each in found], dtype=np.float64)
