"""``corpusmill compare``: two configurations over the same stored documents, without Spark.

No archive and no shard is read, and nothing is written.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs.console import plain, progress
from pipeline import comparing, repeats_narrow, stages
from pipeline import config as configuration
from pipeline.comparing import KEPT, MEASURES, Change, Side
from pipeline.config import Config
from pipeline.edits import NOTHING_LEFT
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.narrow import Rows


class Comparison(NamedTuple):
    """What two configurations decide about the same documents, of one language if ``lang``."""

    names: tuple[str, str]
    rows: Rows
    a: Side
    b: Side
    changes: list[Change]
    lang: str | None


def chosen(name: str) -> Config:
    """The configuration of a preset's name or of a TOML file; ConfigError if there is neither."""
    if name in configuration.presets():
        return configuration.load(preset=name)
    if not Path(name).is_file() and not name.endswith(".toml"):
        known = ", ".join(configuration.presets())
        raise ConfigError(f"{name}: neither a preset ({known}) nor a configuration file")
    return configuration.load(path=name)


def run(folder: Folder, a: str, b: str, lang: str | None = None) -> Comparison:
    """Judge the stored documents under both; ConfigError where a stage or column is missing."""
    configs = [chosen(a), chosen(b)]
    extracted = stages.required(folder, "extract")
    grouped = stages.required(folder, "deduplicate", "members")
    total = sum(file.rows for file in extracted.files["documents"])
    passes = 1 + sum(repeats_narrow.passes(config.repeats) for config in configs)
    with progress("compare", passes * total) as advance:
        rows, (one, two) = comparing.sides(folder, extracted, grouped, configs, advance)
    if lang is not None and lang not in rows.langs:
        known = ", ".join(rows.langs[:20]) + (", …" if rows.langs[20:] else "")
        raise ConfigError(f"{folder.uri}: no document in {lang!r}; there are: {known or 'none'}")
    return Comparison((a, b), rows, one, two, comparing.changes(rows, one, two, lang), lang)


def as_json(folder: Folder, found: Comparison, examples: int) -> dict[str, Any]:
    """The whole comparison: languages, changes by language and rule, and those together.

    Examples are with the latter.
    """
    rows = found.rows
    a, b = found.names
    return {
        "a": a,
        "b": b,
        "languages": [
            {"lang": lang, **counts}
            for lang, counts in comparing.languages(rows, found.a, found.b, found.lang)
        ],
        "repeats": {"a": dict(found.a.cuts), "b": dict(found.b.cuts)},
        "by_language": [_counted(rows, change) for change in found.changes],
        "changes": [
            _counted(rows, change)
            | ({"examples": shown(folder, found, change, examples)} if examples else {})
            for change in comparing.over_languages(found.changes)
        ],
    }


def _counted(rows: Rows, change: Change) -> dict[str, Any]:
    lang = {} if change.lang is None else {"lang": change.lang}
    counts = comparing.counts(rows, change.rows)
    return {**lang, "from": change.before, "to": change.after, **counts}


def shown(folder: Folder, found: Comparison, change: Change, count: int) -> list[dict[str, Any]]:
    """Example documents of a change, as JSON can write them."""
    extracted = stages.required(folder, "extract")
    made = comparing.examples(folder, extracted, found.rows, change, found.a, found.b, count)
    for example in made:
        for side in ("a", "b"):
            why = example.get(side, {})
            why |= {k: str(why[k]) for k in ("low", "high") if not _finite(why.get(k))}
    return made


def _finite(value: float | None) -> bool:
    return value is None or math.isfinite(value)


def show(console: Console, folder: Folder, found: Comparison, examples: int) -> None:
    """Print the comparison: languages, changes of side by language and rule, changes of reason."""
    console.print(_languages(found))
    side = [c for c in found.changes if KEPT in (c.before, c.after)]
    all_of = comparing.over_languages(side) if found.lang is None else []
    console.print(_changes("Changes of side", found.rows, [*all_of, *side]))
    rest = [c for c in found.changes if KEPT not in (c.before, c.after)]
    if rest:
        together = comparing.over_languages(rest)
        console.print(_changes("Removed by both, for another reason", found.rows, together))
    if found.a.cuts or found.b.cuts:
        console.print(_cuts(found))
    if not found.changes:
        console.print("Every document has the same fate under both.")
    for change in comparing.over_languages(found.changes) if examples else []:
        console.print(Text(f"\n{change.before} → {change.after}", "bold"))
        for example in shown(folder, found, change, examples):
            console.print(_example(example), soft_wrap=True)


def _languages(found: Comparison) -> Table:
    """A row for every language with a change, and one for all."""
    a, b = (Path(name).name for name in found.names)
    table = _table(f"Kept under a = {a}, b = {b}", "")
    for title in ("a", "b", "gained", "lost"):
        table.add_column(title, justify="right")
    for title in ("words gained", "words lost", "tokens gained", "tokens lost"):
        table.add_column(title, justify="right")
    every = comparing.languages(found.rows, found.a, found.b, found.lang)
    names = ("a", "b", "gained", "lost")
    total = {n: {m: sum(c[n][m] for _, c in every) for m in MEASURES} for n in names}
    for lang, counts in [("all", total), *every]:
        if lang == "all" or counts["gained"]["documents"] or counts["lost"]["documents"]:
            numbers = [counts[n]["documents"] for n in names]
            numbers += [counts[n][m] for m in MEASURES[1:] for n in ("gained", "lost")]
            table.add_row(lang, *(f"{n:,}" if n else "-" for n in numbers))
    return table


def _changes(title: str, rows: Rows, changes: Sequence[Change]) -> Table:
    table = _table(title, "language")
    table.add_column("a", overflow="fold")
    table.add_column("b", overflow="fold")
    for measure in MEASURES:
        table.add_column(measure, justify="right")
    for change in changes:
        numbers = comparing.counts(rows, change.rows).values()
        names = (change.lang or "all", change.before, change.after)
        table.add_row(*names, *(f"{n:,}" for n in numbers))
    return table


def _cuts(found: Comparison) -> Table:
    """Documents and characters that each side cuts as repeats from the texts it keeps."""
    table = _table("Cut as repeats", "")
    for title in ("documents a", "documents b", "characters a", "characters b"):
        table.add_column(title, justify="right")
    for kind in sorted({*found.a.cuts, *found.b.cuts}):
        sides = (found.a.cuts.get(kind, {}), found.b.cuts.get(kind, {}))
        numbers = [side.get(measure, 0) for measure in ("documents", "chars") for side in sides]
        table.add_row(kind, *(f"{n:,}" if n else "-" for n in numbers))
    return table


def _table(title: str, first: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column(first)
    return table


def _example(example: dict[str, Any]) -> Text:
    lines = [f"{example['doc_id']}  {example['lang']}  {plain(example['url'])}"]
    lines += [f"    {side}: {_why(example[side])}" for side in ("a", "b") if side in example]
    return Text("\n".join([*lines, f"    {plain(example['opening'])}"]))


def _why(why: dict[str, Any]) -> str:
    if "kept_doc_id" in why:
        where = f" in {plain(why['kept_in'])}" if "kept_in" in why else ""
        return f"{why['reason']}, {why['kept_doc_id']}{where} stays"
    if why["reason"] == NOTHING_LEFT.name and "value" not in why:
        return f"{why['reason']}, all its text repeats"
    if "value" not in why:
        return str(why["reason"])
    if why["value"] is None:
        return f"{why['reason']}, {why['signal']} is missing"
    sign, bound = ("<", why["low"]) if "low" in why else (">", why["high"])
    number = bound if isinstance(bound, str) else f"{bound:g}"
    return f"{why['reason']}, {why['signal']} {why['value']:.4g} {sign} {number}"
