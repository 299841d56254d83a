"""Which copy of a cluster stays, in one process: over this run's documents and those it knows of.

``pipeline.decisions`` does the same with Spark; tests compare them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from filters.rules import Rule
from filters.tables import OBJECTIONS
from pipeline.duplicate_config import Duplicates
from pipeline.fingerprint import Parts
from pipeline.known import Known
from pipeline.narrow import Judged, Members, Rows

NEVER = 2**63 - 1
"""A date after all others, whichever way they are sorted."""
RIGHTS = "rights."


class Choice(NamedTuple):
    """How the copy that stays is chosen.

    ``keys`` as in ``duplicates.keep_order``; ``rights_of_cluster``: an objection removes every copy
    of the cluster; ``symmetric``: other corpora's copies compete, else they stay whatever comes.
    """

    keys: tuple[str, ...]
    rights_of_cluster: bool = True
    symmetric: bool = False


class Best(NamedTuple):
    """For every member: its group (cluster) and that group's best copy.

    ``copy`` is a place among the members, or the number of members and a place among the known;
    ``stays``: whether that copy stays; ``objected``: whether an objection removes the cluster.
    ``known_group`` is the group of each known document.
    """

    group: NDArray[np.int64]
    copy: NDArray[np.int64]
    stays: NDArray[np.bool_]
    objected: NDArray[np.bool_]
    known_group: NDArray[np.int64]


def choice_of(duplicates: Duplicates, deduplicated: Parts) -> Choice:
    """The configuration's choice; ``symmetric`` as deduplicate was run."""
    against = cast(Mapping[str, Any], deduplicated.get("against") or {})
    return Choice(
        tuple(duplicates.keep_order),
        duplicates.rights == "cluster",
        bool(against.get("symmetric", False)),
    )


def objections(names: Iterable[str]) -> list[str]:
    """Those of the rules that act on an owner's objection."""
    return [name for name in names if name in OBJECTIONS]


def asks_opt_outs(rules: Sequence[Rule]) -> bool:
    """Whether a document of another corpus that opted out has an objection under these rules."""
    return any(rule.name.startswith(RIGHTS) for rule in rules)


def objecting(judged: Judged, rules: Sequence[Rule]) -> NDArray[np.bool_]:
    """Rows that fail a rule on objections, whichever rule rejected them first."""
    found = np.zeros(len(judged.first), np.bool_)
    if not len(found):
        return found
    for number, rule in enumerate(rules):
        if rule.name in OBJECTIONS:
            found |= (judged.failed[:, number // 8] & (128 >> number % 8)) != 0
    return found


def best(
    rows: Rows,
    judged: Judged,
    found: Members,
    known: Known,
    choice: Choice,
    rules: Sequence[Rule],
    late: NDArray[np.bool_] | None = None,
) -> Best:
    """The best copy of every cluster, ties broken by doc_id, then this run before others.

    ``late``: rows whose owner objects beside those that fail a rule on it.
    """
    clusters, group = np.unique(found.cluster, return_inverse=True)
    known_group = np.searchsorted(clusters, known.cluster).astype(np.int64)
    objected = np.zeros(len(clusters), np.bool_)
    if choice.rights_of_cluster:
        own = objecting(judged, rules)
        objected[group[(own if late is None else own | late)[found.row]]] = True
        said = known.objected | known.opted_out if asks_opt_outs(rules) else known.objected
        objected[known_group[said]] = True
    groups = np.concatenate([group, known_group])
    order = np.lexsort((*reversed(_order(rows, judged, found, known, choice)), groups))
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    first = order[starts]
    passing = np.concatenate([judged.first[found.row] < 0, known.held])
    stays = passing[first] & ~objected
    return Best(group, first[group], stays[group], objected[group], known_group)


def _order(
    rows: Rows, judged: Judged, found: Members, known: Known, choice: Choice
) -> list[NDArray[Any]]:
    """What copies are sorted by, most important first: this run's members, then the known."""
    at = found.row
    own, others = np.zeros(len(at), np.int32), known.rank + 1
    dates, dated = _both(rows.dates[at], known.dates), _both(rows.dated[at], known.dated)
    order = {
        "passes": _both(judged.first[at] >= 0, ~known.held),
        "not_opted_out": _both(rows.opted_out[at], known.opted_out),
        "lang_score": -_both(rows.scores[at], known.scores),
        "longest": -_both(rows.sizes["text_chars"][at], known.chars),
        "newest": np.where(dated, -dates, NEVER),
        "oldest": np.where(dated, dates, NEVER),
    }
    passes, *rest = choice.keys
    ids = _both(rows.ids[at], known.ids)
    place = _both(own, others)
    ranked = [] if choice.symmetric else [place == 0]
    return [
        order[passes],
        *ranked,
        *(order[key] for key in rest),
        ids[:, 0],
        ids[:, 1],
        place,
        _both(found.exact_node, known.exact_node),
    ]


def _both(own: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([own, others])
