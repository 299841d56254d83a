"""``corpusmill fit``: FineWeb-2's bounds for one language, from a reference corpus; no Spark.

The corpus is texts, which are measured here, or the documents of a run, whose measurements are
stored.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from filters import fitting
from filters.fineweb2 import FINEWEB2
from filters.fitting import LANGUAGE_SCORE, Method, Side, Statistics
from filters.rules import Rule, bound, failing
from jobs.console import progress
from pipeline import judging, parquet, stages, texts
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.measuring import measured_all

FEW = 200
"""Below so many documents the tails of a distribution are guesses."""
_LABEL = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")

Columns = dict[str, NDArray[Any]]


class Fit(NamedTuple):
    """One bound: FineWeb-2's, the fitted one, and the share of the corpus each keeps.

    ``fitted`` and its share are None where the method gives none.
    """

    rule: Rule
    side: str
    shipped: float
    fitted: float | None
    kept_shipped: float
    kept_fitted: float | None


class Report(NamedTuple):
    """All bounds of a language; the shares that FineWeb-2's whole table keeps with either."""

    source: str
    lang: str
    method: Method
    documents: int
    fits: list[Fit]
    kept_shipped: float
    kept_fitted: float


def columns_of(folder: Folder, lang: str, *, kept: bool = False) -> Columns:
    """What a run measured in the documents of a language, with their ``lang_score``.

    ``kept``: only of those its corpus holds. Raises ConfigError where there is nothing to read.
    """
    extracted = stages.required(folder, "extract")
    documents = extracted.files["documents"]
    judging.measured(folder, documents, [LANGUAGE_SCORE, *FINEWEB2])
    decided = _decided(folder, extracted) if kept else [None] * len(documents)
    names = list(dict.fromkeys(["lang_score", *(rule.signal for rule in FINEWEB2)]))
    parts: list[pa.RecordBatch] = []
    with progress("read", sum(file.rows for file in documents)) as advance:
        for file, decisions in zip(documents, decided, strict=True):
            start = 0
            reasons = _reasons(folder, decisions) if decisions else None
            for batch in parquet.batches(folder, file.path, ["lang", *names], judging.ROWS):
                chosen = pc.equal(batch.column("lang"), lang)
                if reasons is not None:
                    own = reasons.slice(start, batch.num_rows)
                    chosen = pc.and_(chosen, pc.is_null(own).combine_chunks())
                parts.append(batch.select(names).filter(chosen))
                start += batch.num_rows
                advance(batch.num_rows)
    found = pa.Table.from_batches(parts) if parts else None
    if found is None or not len(found):
        of = "kept document" if kept else "document"
        raise ConfigError(f"{folder.uri}: has no {of} in {lang}")
    return {name: found[name].to_numpy() for name in names}


def _decided(folder: Folder, extracted: stages.Stage) -> list[parquet.File]:
    curated = stages.required(folder, "curate")
    if curated.parts["extract"] != extracted.fingerprint:
        raise ConfigError(
            f"{folder.uri}: was extracted again since it was curated; run `corpusmill curate` first"
        )
    return curated.files["decisions"]


def _reasons(folder: Folder, decisions: parquet.File) -> pa.ChunkedArray:
    batches = parquet.batches(folder, decisions.path, ["reason"], judging.ROWS)
    schema = pa.schema([("reason", pa.string())])
    return pa.Table.from_batches(list(batches), schema)["reason"]


def measured(path: str, lang: str) -> Columns:
    """Every signal of the texts at a path, taken to be in that language."""
    files = texts.files(path)

    def every() -> Any:
        for file in files:
            yield from texts.texts(file)
            advance(1)

    with progress("measure", len(files)) as advance:
        columns = measured_all(every(), lang)
    if not len(columns["word_count"]):
        raise ConfigError(f"{path}: holds no text")
    return columns


def run(folder: Folder, lang: str, *, kept: bool = False) -> Columns:
    """Measurements of a reference corpus: a run's output folder, or texts."""
    if not _LABEL.fullmatch(lang):
        raise ConfigError(f"{lang!r} is no language label; one looks like fin_Latn")
    if folder.exists("stages/extract.json"):
        return columns_of(folder, lang, kept=kept)
    if kept:
        raise ConfigError(f"{folder.uri}: --kept asks for a run's output folder")
    if folder.is_s3:
        raise ConfigError(f"{folder.uri}: no run wrote here; texts are read from a local path")
    return measured(folder.base, lang)


def reference(path: str | None) -> Mapping[tuple[str, str], Statistics]:
    """Figures of English, shipped or from a file that ``--statistics`` wrote."""
    if path is None:
        return fitting.english_reference()
    try:
        return fitting.read(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path}: cannot be read") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; `corpusmill fit --statistics` writes one") from None


def report(
    source: str,
    columns: Columns,
    lang: str,
    method: Method,
    english: Mapping[tuple[str, str], Statistics],
) -> Report:
    """Fitted bounds, and what they would keep of the corpus they were fitted on."""
    fits = []
    for side in fitting.SIDES:
        shipped = fitting.shipped(side, lang)
        if shipped is not None:
            values = columns[side.rule.signal]
            fits.append(
                _fit(side, shipped, fitting.fitted(side, english[side.key], values, method), values)
            )
    if "lang_score" in columns:
        values, low = columns["lang_score"], bound(LANGUAGE_SCORE.low, lang)
        side = Side(LANGUAGE_SCORE, is_low=True, english=low or 0.0)
        fits.insert(0, _fit(side, low or 0.0, fitting.language_score(values), values))
    asked = [LANGUAGE_SCORE] if "lang_score" in columns else []
    rules = [*asked, *FINEWEB2]
    mended = [_with(rule, fits, lang) for rule in rules]
    shares = [_kept(each, columns, lang) for each in (rules, mended)]
    return Report(source, lang, method, len(columns["word_count"]), fits, shares[0], shares[1])


def _fit(side: Side, shipped: float, found: float | None, values: NDArray[Any]) -> Fit:
    def share(limit: float) -> float:
        edge = np.float32(limit)
        return float((values >= edge if side.is_low else values <= edge).mean())

    kept = None if found is None else share(found)
    return Fit(side.rule, side.key[1], shipped, found, share(shipped), kept)


def _with(rule: Rule, fits: list[Fit], lang: str) -> Rule:
    """A rule with its fitted bounds."""
    own = {f.side: f.fitted for f in fits if f.rule.name == rule.name and f.fitted is not None}
    low, high = own.get("low", bound(rule.low, lang)), own.get("high", bound(rule.high, lang))
    return Rule(rule.name, rule.signal, low, high, rule.source)


def _kept(rules: list[Rule], columns: Columns, lang: str) -> float:
    codes = np.zeros(len(columns["word_count"]), np.int64)
    return float((~failing(rules, columns, codes, [lang]).any(axis=0)).mean())


def as_toml(found: Report) -> str:
    """The fitted bounds as a configuration that changes this language only."""
    lines = [
        f"# FineWeb-2's bounds for {found.lang}, fitted to {found.documents:,} documents by the",
        f"# {found.method} method. Other languages keep theirs.",
    ]
    for name in dict.fromkeys(fit.rule.name for fit in found.fits if fit.fitted is not None):
        lines += ["", f'[rules.bounds."{name}"]']
        for fit in found.fits:
            if fit.rule.name == name and fit.fitted is not None:
                lines.append(f"{fit.side} = {{ {found.lang} = {fit.fitted} }}")
    return "\n".join(lines) + "\n"


def as_json(found: Report) -> dict[str, Any]:
    """The report as JSON can write it."""
    whole = found._asdict()
    fits = [
        fit._asdict() | {"rule": fit.rule.name, "signal": fit.rule.signal} for fit in found.fits
    ]
    return whole | {"fits": fits}


def show(console: Console, found: Report) -> None:
    """Print the report."""
    title = f"{found.lang}: {found.documents:,} documents, {found.method}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("rule", overflow="fold")
    table.add_column("")
    for column in ("FineWeb-2", "keeps", "fitted", "keeps"):
        table.add_column(column, justify="right")
    for fit in found.fits:
        own = ["-", "-"]
        if fit.fitted is not None and fit.kept_fitted is not None:
            own = [f"{fit.fitted:g}", f"{fit.kept_fitted:.1%}"]
        sign = ">=" if fit.side == "low" else "<="
        table.add_row(fit.rule.name, sign, f"{fit.shipped:g}", f"{fit.kept_shipped:.1%}", *own)
    both = (f"{found.kept_shipped:.1%}", "", f"{found.kept_fitted:.1%}")
    table.add_row("all rules of FineWeb-2", "", "", *both)
    console.print(table)
    if any(fit.fitted is None for fit in found.fits):
        console.print(
            "- : English has nothing to compare with under this method; FineWeb-2's stays"
        )
    if found.documents < FEW:
        console.print(f"Fewer than {FEW} documents: what the tails look like is a guess.")


def statistics(source: str, lang: str, columns: Columns) -> str:
    """Figures of the corpus, for ``--english`` of another run."""
    count = len(columns["word_count"])
    return fitting.written(columns, [f"{count:,} documents in {lang} of {json.dumps(source)}"])
