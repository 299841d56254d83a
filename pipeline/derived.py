"""Signals that are no column: what is said of a page's address when its fate is decided."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.robots_sites import NONE, Sites, disallowed
from filters.rules import Rule
from filters.url_lists import UrlList, listed
from filters.url_rules import URL_SIGNALS, signal_of
from filters.url_words import UrlWords, counted
from pipeline.fingerprint import Parts

DERIVED = frozenset(signal.name for signal in URL_SIGNALS)
COLUMNS = ("url", "host", "lang")
"""What they are derived from; the verdict on robots.txt from ``RIGHTS``, too."""
RIGHTS = "rights"
TABLES_VERDICT = {
    "source": ("table",),
    "name": ("robots.txt",),
    "value": ("disallowed", "disallow"),
}
"""Among the ``RIGHTS`` of a page that a table says is forbidden; HPLT's pipeline wrote both words
(hplt-project/monotextor-slurm, annotator.rs and annotate.py), and ``"allowed": false``, which is
read as the first."""
_ROBOTS = "url_robots_disallowed"
_WORDS = frozenset(("url_hard_word_count", "url_soft_word_count"))


class Lists(NamedTuple):
    """What is looked up, and what it was made from, for fingerprints."""

    urls: Mapping[str, UrlList]
    words: UrlWords
    made_from: Parts
    robots: Sites = NONE


def wanted(rules: Iterable[Rule]) -> frozenset[str]:
    """The derived signals that rules look at."""
    return DERIVED.intersection(rule.signal for rule in rules)


def stored_columns(rules: Iterable[Rule]) -> list[str]:
    """Columns of documents that the rules' signals are or are derived from, each once."""
    rules = list(rules)
    stored = [rule.signal for rule in rules if rule.signal not in DERIVED]
    names = wanted(rules)
    own = (*COLUMNS, RIGHTS) if _ROBOTS in names else COLUMNS if names else ()
    return list(dict.fromkeys([*stored, *own]))


def derived_columns(
    batch: pa.RecordBatch, rules: Iterable[Rule], lists: Lists | None
) -> dict[str, Any]:
    """The derived signals the rules look at, as NumPy arrays; none, and no list, for other rules.

    ``batch`` has ``stored_columns``. A category without a list names no page.
    """
    names = wanted(rules)
    if not names:
        return {}
    if lists is None:
        raise ValueError(f"no lists to derive {', '.join(sorted(names))} from")
    urls, hosts, langs = (batch.column(name).to_pylist() for name in COLUMNS)
    chosen = {c: own for c, own in lists.urls.items() if signal_of(c) in names}
    found: dict[str, Any] = {signal_of(c): n for c, n in listed(chosen, hosts, urls).items()}
    if names & _WORDS:
        found |= counted(lists.words, urls, langs)
    if _ROBOTS in names:
        own = disallowed(lists.robots, hosts, urls)
        found[_ROBOTS] = np.maximum(own, disallowed_by_table(batch.column(RIGHTS)))
    nothing = np.zeros(batch.num_rows, dtype=np.int32)
    return {name: found.get(name, nothing) for name in names}


def disallowed_by_table(rights: pa.ListArray) -> NDArray[np.int32]:
    """1 for each page of which the table it comes from says that robots.txt forbids it, else 0."""
    signals, pages = rights.flatten(), pc.list_parent_indices(rights)
    is_verdict = np.ones(len(signals), np.bool_)
    for field, values in TABLES_VERDICT.items():
        lowered = pc.utf8_lower(pc.struct_field(signals, field))
        same = pc.is_in(lowered, value_set=pa.array(values))  # null is none of them
        is_verdict &= same.to_numpy(zero_copy_only=False)
    found = np.zeros(len(rights), np.int32)
    found[pages.to_numpy()[is_verdict]] = 1
    return found
