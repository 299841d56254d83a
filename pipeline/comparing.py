"""Two configurations over the same documents: who changes sides, why, and examples.

Everything is counted from stored columns in one process; text is read only for examples.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.pii import Span, mask
from filters.rules import Rule, bound
from pipeline import deciding, judging, narrow, outcomes, parquet
from pipeline import known as known_copies
from pipeline.choosing import choice_of
from pipeline.config import Config
from pipeline.criteria import criteria
from pipeline.files import Folder
from pipeline.known import Known
from pipeline.narrow import Advance, Judged, Rows
from pipeline.stages import Stage

KEPT = "kept"
MEASURES = ("documents", "words", "tokens")
CUT_MEASURES = ("documents", "spans", "chars")
OPENING_WORDS = 12
OPENING_CHARS = 120
"""An opening is this long at most, also where a language writes no spaces."""

Counts = dict[str, int]


class Side(NamedTuple):
    """One configuration's decisions.

    ``names`` are the reasons that ``reason`` numbers, -1 standing for kept; ``kept`` as in
    ``deciding.Decided``; ``elsewhere``: place among ``known`` of another corpus's copy, or -1;
    ``cuts`` what is cut from kept texts as repeats, by kind: documents, pieces and characters.
    """

    rules: Sequence[Rule]
    judged: Judged
    names: list[str]
    reason: NDArray[np.int16]
    kept: NDArray[np.int64]
    cuts: Mapping[str, Counts]
    elsewhere: NDArray[np.int64]
    known: Known

    def name(self, number: int) -> str:
        """The reason of that number."""
        return KEPT if number < 0 else self.names[number]


class Change(NamedTuple):
    """Documents of one language (all if None) that go from one reason to another, row numbers."""

    lang: str | None
    before: str
    after: str
    rows: NDArray[np.int64]


def sides(
    folder: Folder,
    extracted: Stage,
    grouped: Stage,
    configs: Sequence[Config],
    advance: Advance = lambda _: None,
) -> tuple[Rows, list[Side]]:
    """The documents, and what each configuration decides about them.

    Raises ConfigError where a rule looks at a column they do not have.
    """
    documents = extracted.files["documents"]
    judges = [criteria(config, folder.options) for config in configs]
    tables = [judge.rules for judge in judges]
    judging.measured(folder, documents, [rule for table in tables for rule in table])
    rows, judged = narrow.read(folder, documents, judges, advance)
    known = known_copies.read(folder, grouped.files.get("known", []))
    members = narrow.members(folder, grouped.files["members"], rows, known.cluster)
    found = []
    for config, judge, own in zip(configs, judges, judged, strict=True):
        choice = choice_of(config.duplicates, grouped.parts)
        made = outcomes.outcome(folder, documents, rows, own, members, known, judge, choice)
        made, cuts = outcomes.without_emptied(folder, documents, made, judge, advance)
        names, own_cuts = deciding.reasons(judge.rules), _repeats(cuts)
        fate = (made.reason, made.kept, own_cuts, made.known, known)
        found.append(Side(judge.rules, own, names, *fate))
    return rows, found


def _repeats(cuts: pa.Table) -> dict[str, Counts]:
    """Documents, pieces and characters cut as repeats, by kind, all languages together."""
    kinds: dict[str, Counts] = {}
    for row in cuts.to_pylist():
        if row["kind"].startswith("repeats."):
            own = kinds.setdefault(row["kind"], dict.fromkeys(CUT_MEASURES, 0))
            for measure in CUT_MEASURES:
                own[measure] += row[measure]
    return dict(sorted(kinds.items()))


def changes(rows: Rows, a: Side, b: Side, lang: str | None = None) -> list[Change]:
    """Every language, reason before and reason after that documents have, where the two differ.

    Largest first.
    """
    names = sorted({KEPT, *a.names, *b.names})
    place = {name: number for number, name in enumerate(names)}
    before, after = (
        np.array([place[name] for name in (*side.names, KEPT)], np.int64)[side.reason]
        for side in (a, b)
    )
    key = (rows.lang.astype(np.int64) * len(names) + before) * len(names) + after
    differing = np.flatnonzero(before != after)
    if lang is not None:
        differing = differing[rows.lang[differing] == _place(rows, lang)]
    order = differing[np.argsort(key[differing], kind="stable")]
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    found = []
    for own in np.split(order, starts[1:]) if len(order) else []:
        first = int(own[0])
        label, was, now = rows.langs[rows.lang[first]], names[before[first]], names[after[first]]
        found.append(Change(label, was, now, own))
    return sorted(found, key=lambda c: (-len(c.rows), c.before, c.after, c.lang or ""))


def over_languages(found: Sequence[Change]) -> list[Change]:
    """The same changes, all languages together."""
    together: dict[tuple[str, str], list[NDArray[np.int64]]] = {}
    for change in found:
        together.setdefault((change.before, change.after), []).append(change.rows)
    merged = [Change(None, *key, np.concatenate(parts)) for key, parts in together.items()]
    return sorted(merged, key=lambda c: (-len(c.rows), c.before, c.after))


def counts(rows: Rows, which: NDArray[np.int64]) -> Counts:
    """Documents, words and tokens of some rows."""
    words, tokens = (
        int(rows.sizes[name][which].sum(dtype=np.int64)) for name in ("word_count", "token_count")
    )
    return {"documents": len(which), "words": words, "tokens": tokens}


def languages(
    rows: Rows, a: Side, b: Side, lang: str | None = None
) -> list[tuple[str, dict[str, Counts]]]:
    """Per language: kept under ``a``, kept under ``b``, gained and lost; most documents first."""
    in_a, in_b = a.reason < 0, b.reason < 0
    masks = {"a": in_a, "b": in_b, "gained": in_b & ~in_a, "lost": in_a & ~in_b}
    sums = {name: _per_language(rows, np.flatnonzero(mask)) for name, mask in masks.items()}
    order = np.argsort(-np.bincount(rows.lang, minlength=len(rows.langs)), kind="stable")
    return [
        (
            rows.langs[place],
            {
                name: {measure: int(found[measure][place]) for measure in MEASURES}
                for name, found in sums.items()
            },
        )
        for place in order.tolist()
        if lang in (None, rows.langs[place])
    ]


def _per_language(rows: Rows, which: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    lang, count = rows.lang[which], len(rows.langs)
    found = {"documents": np.bincount(lang, minlength=count)}
    for measure, column in (("words", "word_count"), ("tokens", "token_count")):
        sums = np.zeros(count, np.int64)
        np.add.at(sums, lang, rows.sizes[column][which])
        found[measure] = sums
    return found


def _place(rows: Rows, lang: str) -> int:
    return rows.langs.index(lang) if lang in rows.langs else -1


def examples(
    folder: Folder, extracted: Stage, rows: Rows, change: Change, a: Side, b: Side, count: int
) -> list[dict[str, Any]]:
    """The ``count`` documents of a change with the smallest ids: link, opening words, and why."""
    ids = rows.ids[change.rows]
    chosen = change.rows[np.lexsort((ids[:, 1], ids[:, 0]))[:count]]
    pages = _pages(folder, extracted.files["documents"], rows, chosen)
    shown = []
    for row, page in zip(chosen.tolist(), pages, strict=True):
        lang = rows.langs[rows.lang[row]]
        shown.append(
            {
                "doc_id": page["doc_id"],
                "url": page["url"],
                "lang": lang,
                "opening": opening(page["text"], page["pii"]),
                **{
                    name: why
                    for name, side in (("a", a), ("b", b))
                    if (why := _why(rows, side, row, lang))
                },
            }
        )
    return shown


def _why(rows: Rows, side: Side, row: int, lang: str) -> dict[str, Any] | None:
    """The reason a row goes, with the value and the bound that decided; None where it stays."""
    number = int(side.reason[row])
    if number < 0:
        return None
    if number >= len(side.rules):
        reason, known = {"reason": side.names[number]}, int(side.elsewhere[row])
        if known < 0 and side.kept[row] < 0:
            return reason
        copy = rows.ids[side.kept[row]] if known < 0 else side.known.ids[known]
        where = {} if known < 0 else {"kept_in": side.known.corpora[side.known.rank[known]]}
        return reason | {"kept_doc_id": "".join(f"{h:016x}" for h in copy)} | where
    rule, value = side.rules[number], float(side.judged.value[row])
    low, high = bound(rule.low, lang), bound(rule.high, lang)
    why: dict[str, Any] = {"reason": rule.name, "signal": rule.signal}
    if np.isnan(value):
        return why | {"value": None}
    below = low is not None and not value >= np.float32(low)
    return why | {"value": value, **({"low": low} if below else {"high": high})}


def opening(text: str, spans: Sequence[Mapping[str, Any]]) -> str:
    """The first words of a text, personal data masked."""
    end = 4 * OPENING_CHARS
    own = [Span(s["start"], s["end"], s["kind"]) for s in spans if s["start"] < end]
    masked, _ = mask(text[: max([end, *(span.end for span in own)])], own)
    words = masked.split(maxsplit=OPENING_WORDS)
    short = " ".join(words[:OPENING_WORDS])
    cut = len(words) > OPENING_WORDS or len(short) > OPENING_CHARS
    return short[:OPENING_CHARS] + (" …" if cut else "")


def _pages(
    folder: Folder, files: Sequence[parquet.File], rows: Rows, chosen: NDArray[np.int64]
) -> Iterator[dict[str, Any]]:
    for row in chosen.tolist():
        file = int(np.searchsorted(rows.ends, row, side="right"))
        start = int(rows.ends[file - 1]) if file else 0
        yield parquet.row(folder, files[file].path, row - start, ("doc_id", "url", "text", "pii"))
