"""The comparison with datatrove as Markdown: figures for results/, explanations for docs/."""

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import explained
import peer
import texts
from texts import SETS, Document

MAIN = ("europa", "debian-docs", "web")
HEAD = "<!-- Written by benchmarks/fidelity.py; edit it or benchmarks/explained.py instead. -->"


def document(
    documents: Sequence[Document], rules: Mapping[str, Any], errors: Counter[tuple[str, str]]
) -> list[str]:
    pinned = (peer.PEERS / "datatrove.txt").read_text("utf-8").splitlines()
    versions = ", ".join(line for line in pinned if line and not line.startswith("#"))
    sets = Counter(one.set for one in documents)
    lines = [
        "# Fidelity: the same documents in datatrove",
        "",
        "Made by `benchmarks/fidelity.py`; `docs/fidelity.md` says what the differences are.",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}",
        f"- Corpusmill {version('corpusmill')}, Python {platform.python_version()}",
        f"- peer: {versions}",
        f"- {len(documents):,} documents, {texts.mb(documents):.1f} MB of text, SHA-256 "
        f"`{texts.checksum(documents)}`: "
        + ", ".join(f"{name} {sets[name]:,}" for name in SETS if sets[name]),
        "",
        "## Each side's own words",
        "",
        "Documents on which a rule decides the same. *in all*: europa, debian-docs and web; the",
        "translations of one declaration (udhr) are in as many languages as documents, a test of",
        "tokenisers, and stand apart. *scripts with spaces*: in all, without Chinese, Japanese,",
        "Thai and their like, which need a dictionary to be split. *told aside*: in all, differences",
        "set aside whose cause `docs/fidelity.md` tells.",
        "",
    ]
    head = [
        "rule",
        "documents",
        "in all",
        "scripts with spaces",
        "told aside",
        *SETS,
        "only theirs drops",
    ]
    head += ["only ours drops"]
    lines += _table(head, (_own(name, rule) for name, rule in rules.items()))
    lines += ["", "## The same words", "", "datatrove's filters over Corpusmill's words.", ""]
    head = ["rule", "documents", "decided alike", "differ", "causes", "values differ by at most"]
    lines += _table(head, (_given(name, rule) for name, rule in rules.items()))
    lines += ["", "## Every decision that differs on the same words", ""]
    lines += _table(["rule", "cause", "documents"], _examples(rules))
    lines += ["", "## Not comparable", "", "Languages whose tokeniser datatrove lacks here.", ""]
    rows = ([lang, why, str(count)] for (lang, why), count in sorted(errors.items()))
    return [*lines, *_table(["language", "why", "documents"], rows)]


def guide(rules: Mapping[str, Any]) -> list[str]:
    """The page for users: every known difference, and how often it decides."""
    rows = []
    for name, rule in rules.items():
        for cause in sorted({cause for _, cause in rule.causes}):
            told = explained.cause(name, cause)
            if told:
                counts = [str(rule.causes[mode, cause]) for mode in ("given", "own")]
                rows.append([f"`{name}`", told.theirs, told.ours, told.decision, *counts])
    text = (Path(__file__).parent / "fidelity_guide.md").read_text("utf-8").rstrip().splitlines()
    head = ["rule", "datatrove 0.10", "Corpusmill", "decision", "same words", "own words"]
    agreement = [
        [
            f"`{name}`",
            _share(rule, "own", MAIN),
            _share(rule, "own", MAIN, spaced=True),
            _settled_share(rule),
        ]
        for name, rule in rules.items()
    ]
    return [
        HEAD, "", *text, "", "## Differences", "", *_table(head, rows),
        "", "## Agreement with each side's own words", "",
        *_table(
            [
                "rule", "documents decided alike", "scripts with spaces",
                "differences of the table above set aside",
            ],
            agreement,
        ),
    ]  # fmt: skip


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---"] * len(head)
    cells = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return [f"| {' | '.join(row)} |" for row in (head, ruler, *cells)]


def _count(rule: Any, mode: str, sets: Sequence[str], spaced: bool | None, *outcomes: str) -> int:
    return sum(
        count
        for (how, which, spaces, outcome), count in rule.outcomes.items()
        if how == mode and which in sets and spaced in (None, spaces)
        if not outcomes or outcome in outcomes
    )


def _share(rule: Any, mode: str, sets: Sequence[str], *, spaced: bool | None = None) -> str:
    whole = _count(rule, mode, sets, spaced)
    same = _count(rule, mode, sets, spaced, "same")
    return f"{100 * same / whole:.2f} %" if whole else "-"


def _settled_share(rule: Any) -> str:
    """Documents decided alike, or otherwise for a cause that is told and decided."""
    whole = _count(rule, "own", MAIN, None)
    same = _count(rule, "own", MAIN, None, "same") + sum(rule.settled[one] for one in MAIN)
    return f"{100 * same / whole:.2f} %" if whole else "-"


def _own(name: str, rule: Any) -> list[str]:
    return [
        f"`{name}`",
        f"{_count(rule, 'own', MAIN, None):,}",
        _share(rule, "own", MAIN),
        _share(rule, "own", MAIN, spaced=True),
        _settled_share(rule),
        *(_share(rule, "own", [one]) for one in SETS),
        str(_count(rule, "own", SETS, None, "theirs")),
        str(_count(rule, "own", SETS, None, "ours")),
    ]


def _given(name: str, rule: Any) -> list[str]:
    causes = {cause: count for (mode, cause), count in rule.causes.items() if mode == "given"}
    most = f"{rule.differences[-1]:.2g}" if rule.differences else "-"
    return [
        f"`{name}`",
        f"{_count(rule, 'given', SETS, None):,}",
        _share(rule, "given", SETS),
        str(sum(causes.values())),
        ", ".join(f"{cause}: {count}" for cause, count in sorted(causes.items())),
        most,
    ]


def _examples(rules: Mapping[str, Any]) -> Iterable[list[str]]:
    for name, rule in rules.items():
        for cause, ids in sorted(rule.examples.items()):
            yield [f"`{name}`", cause, " ".join(sorted(i[:12] for i in ids))]
