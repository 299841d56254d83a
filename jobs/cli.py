"""The command line: one function a verb."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from jobs import bands, lists
from jobs.bands import DEDUPLICATE_EXAMPLES, Against, MixedModels, Symmetric, with_corpora
from jobs.console import BROKEN, DAMAGED, SHOWN, complain, out, say, told
from jobs.options import (
    CURATE_EXAMPLES,
    EXPLAIN_EXAMPLES,
    EXTRACT_EXAMPLES,
    MILL_EXAMPLES,
    STATS_EXAMPLES,
    Archive,
    AsJson,
    Base,
    Dir,
    DocId,
    DryRun,
    File,
    Index,
    Inputs,
    Lang,
    Master,
    Milled,
    Offset,
    Output,
    Preset,
    Storage,
    Url,
    Where,
    chosen_of,
    folder_of,
    settled,
)  # fmt: skip
from jobs.tuning import COMPARE_EXAMPLES, FIT_EXAMPLES, compare, fit
from pipeline import config as configuration
from pipeline.config import Config
from pipeline.config_toml import to_toml
from pipeline.errors import ConfigError
from pipeline.files import Folder
from pipeline.stages import Stage, locked

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

app = typer.Typer(
    name="corpusmill",
    help="Web archives in, pretraining corpora out; every record kept, rejected by a named rule, "
    "or failed with its place and error.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(lists.app, name="lists")
app.add_typer(bands.app, name="bands")


@app.command(epilog=MILL_EXAMPLES)
def mill(
    output: Output,
    inputs: Inputs = None,
    preset: Preset = None,
    config: File = None,
    master: Master = None,
    index: Index = None,
    where: Where = None,
    base: Base = None,
) -> None:
    """Archives in, corpus out: extract, deduplicate and curate in one go."""
    from jobs import mill as job  # noqa: PLC0415  # --help need not wait for Spark
    from jobs import report  # noqa: PLC0415

    with _run(preset, config, output) as (settings, folder):
        settings, chosen = chosen_of(settings, inputs, index, where, base)  # noqa: PLW2901
        milled = job.run(_spark(master), settings, folder, inputs or [], chosen)
        report.show_run(out, folder)
        say(f"\nCorpus: {output}/corpus   removed, with reasons: {output}/removed")
        say(f"Next:   corpusmill verify {output}")
        _end(milled.extracted, settings)


@app.command(epilog=EXTRACT_EXAMPLES)
def extract(
    output: Output,
    inputs: Inputs = None,
    preset: Preset = None,
    config: File = None,
    master: Master = None,
    index: Index = None,
    where: Where = None,
    base: Base = None,
) -> None:
    """Archives to documents and ledger (text, language, signals, signatures)."""
    from jobs import extract as job  # noqa: PLC0415

    with _run(preset, config, output) as (settings, folder):
        settings, chosen = chosen_of(settings, inputs, index, where, base)  # noqa: PLW2901
        stage = job.run(_spark(master), settings, folder, inputs or [], chosen)
        for reason, count in stage.counts.items():
            if not reason.startswith(job.DAMAGE):
                say(f"{count:>12,}  {reason.removesuffix(':-')}")
        say(f"\nNext: corpusmill deduplicate {output}")
        _end(stage, settings)


@app.command(epilog=DEDUPLICATE_EXAMPLES)
def deduplicate(
    directory: Dir,
    preset: Preset = None,
    config: File = None,
    master: Master = None,
    against: Against = None,
    symmetric: Symmetric = False,
    mixed_language_models: MixedModels = False,
) -> None:
    """Documents to clusters of exact and near duplicates, also of documents of older corpora."""
    from jobs import deduplicate as job  # noqa: PLC0415

    with _run(preset, config, directory) as (settings, folder):
        settings = with_corpora(settings, against, symmetric, mixed_language_models)  # noqa: PLW2901
        stage = job.run(_spark(master), settings, folder)
        say(f"{stage.counts['documents']:,} documents, each in its cluster of copies")
        if "known" in stage.counts:
            say(f"{stage.counts['known']:,} documents of older corpora are in the same clusters")
        say(f"\nNext: corpusmill curate {directory}")


@app.command(epilog=CURATE_EXAMPLES)
def curate(
    directory: Dir,
    preset: Preset = None,
    config: File = None,
    master: Master = None,
    dry_run: DryRun = False,
) -> None:
    """Decide what stays, by stored measurements, and write the corpus; reads no archive."""
    from jobs import curate as job  # noqa: PLC0415
    from jobs import report  # noqa: PLC0415
    from jobs.session import local_cores  # noqa: PLC0415

    if dry_run:
        with told():
            settings = configuration.load(preset, config)
            report.show(out, job.preview(settings, settled(directory, settings)))
            say(f"\nNothing was written. Next: corpusmill curate {directory}, without --dry-run")
        return
    with _run(preset, config, directory) as (settings, folder):
        cores = local_cores(master)
        alone = job.alone(settings, folder, cores)
        job.run(None if alone else _spark(master), settings, folder, cores)
        report.show_run(out, folder)
        say(f"\nNext: corpusmill verify {directory}")


app.command(epilog=COMPARE_EXAMPLES)(compare)
app.command(epilog=FIT_EXAMPLES)(fit)


@app.command(epilog=STATS_EXAMPLES)
def stats(
    directory: Dir,
    lang: Lang = None,
    as_json: AsJson = False,
    config: Storage = None,
) -> None:
    """The funnel: documents, words and tokens per language, stage and reason."""
    from jobs import report  # noqa: PLC0415

    with told():
        folder = folder_of(directory, config)
        rows = report.funnel_rows(folder)
        if as_json:
            typer.echo(json.dumps([r for r in rows if lang is None or r["lang"] == lang], indent=1))
        else:
            report.show(out, rows, lang)
            if lang is None:
                report.show_cut(out, folder)


@app.command(epilog="**Example**\n\n`corpusmill verify run1 && echo sound`")
def verify(
    directory: Dir, config: Storage = None, master: Master = None, as_json: AsJson = False
) -> None:
    """Recount everything: bytes, records, documents, shards; exit code 1 if anything differs."""
    from jobs import verify as job  # noqa: PLC0415

    with told():
        folder = folder_of(directory, config)
        if not folder.exists("stages/extract.json"):
            raise ConfigError(f"{directory}: no run wrote here; `corpusmill mill` does")
        differing = job.run(_spark(master), folder)
        if as_json:
            typer.echo(json.dumps([d._asdict() for d in differing], indent=1))
        for difference in differing if not as_json else []:
            complain(difference.check, difference.what)
        if differing:
            raise typer.Exit(BROKEN)
        if not as_json:
            say(f"{directory}: adds up")


@app.command(epilog=EXPLAIN_EXAMPLES)
def explain(
    archive: Archive,
    doc_id: DocId = None,
    url: Url = None,
    offset: Offset = None,
    milled: Milled = None,
    preset: Preset = None,
    config: File = None,
) -> None:
    """One page's way through the mill, without Spark: response, text, signals, rules, fate."""
    from jobs import explain as job  # noqa: PLC0415
    from jobs import replay  # noqa: PLC0415

    with told():
        settings = configuration.load(preset, config)
        if replay.replayed(archive, doc_id, settings, out, own=bool(preset or config)):
            return
        folder = settled(milled, settings) if milled else None
        if not job.run(settings, archive, url, offset, out, folder):
            asked = f" of {url}" if url else "" if offset is None else f" at byte {offset}"
            complain(archive, f"no record{asked}")
            raise typer.Exit(BROKEN)


@app.command(
    "compile", epilog="**Example**\n\n`NUMBA_CACHE_DIR=/shared/kernels corpusmill compile`"
)
def compile_kernels() -> None:
    """Compile the kernels, once for all workers that see the folder; at once where they are."""
    from pipeline import kernels  # noqa: PLC0415

    with told():
        made = kernels.compiled()
        say(f"{made.folder or 'beside the sources'}: {made.files} kernels, {made.seconds:.1f} s")


@app.command("config", epilog="**Example**\n\n`corpusmill config --preset fineweb2 > mine.toml`")
def show_config(preset: Preset = None, config: File = None) -> None:
    """Print the resolved configuration, every key with its value."""
    with told():
        typer.echo(to_toml(configuration.load(preset, config)))


@contextmanager
def _run(preset: str | None, path: str | None, output: str) -> Iterator[tuple[Config, Folder]]:
    with told():
        settings = configuration.load(preset, path)
        folder = settled(output, settings)
        with locked(folder):
            yield settings, folder


def _spark(master: str | None) -> "SparkSession":
    from jobs.session import session  # noqa: PLC0415

    return session(master)


def _end(stage: Stage, settings: Config) -> None:
    """Exit code 3, with what of which input is damaged, unless the configuration allows it."""
    from jobs.extract import damaged  # noqa: PLC0415

    found = damaged(stage)
    for name, reason, count in found[:SHOWN]:
        complain("damaged input", f"{name}: {reason}" + (f", {count} times" * (count > 1)))
    if found:
        more = f"{len(found) - SHOWN:,} more; " if len(found) > SHOWN else ""
        complain("damaged input", f"{more}the ledger has the bytes and the reasons")
    if found and settings.input.fail_on_damage:
        raise typer.Exit(DAMAGED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the ``corpusmill`` command."""
    app(args=list(arguments) if arguments is not None else sys.argv[1:])
