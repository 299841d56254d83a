"""The command line.

Exit codes: 0 done, 1 something does not add up or the run broke, 2 cannot start, 3 done but inputs
were damaged, 130 interrupted.
"""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from pipeline import config as configuration
from pipeline.config import Config
from pipeline.errors import ArchiveError, ConfigError
from pipeline.files import Folder
from pipeline.stages import Stage, locked

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BROKEN, CANNOT_START, DAMAGED, INTERRUPTED = 1, 2, 3, 130

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
out = Console()
err = Console(stderr=True)

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Archives: files, folders, globs, path lists (*.paths.gz); local, s3:// or https://.",
    ),
]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="DIR", help="Folder or s3:// prefix.")
]
Dir = Annotated[str, typer.Argument(metavar="DIR", help="Output folder of a run, or s3:// prefix.")]
Preset = Annotated[str | None, typer.Option(metavar="NAME", help="Rules and limits to start from.")]
File = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="TOML that changes the preset.")
]
Master = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Spark master; default local[*] or spark-submit's."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command(
    epilog="**Examples**\n\n"
    "`corpusmill mill samples/archives --output demo`\n\n"
    "`corpusmill mill 's3://commoncrawl/crawl-data/*/warc.paths.gz' -o s3://bucket/corpus`\n\n"
    "`spark-submit --master spark://host:7077 jobs/mill.py crawl/ -o corpus`"
)
def mill(
    inputs: Inputs,
    output: Output,
    preset: Preset = None,
    config: File = None,
    master: Master = None,
) -> None:
    """Archives in, corpus out: extract, deduplicate and curate in one go."""
    from jobs import mill as job  # noqa: PLC0415  # --help need not wait for Spark

    with _run(preset, config, output) as (settings, folder):
        milled = job.run(_spark(master), settings, folder, inputs)
        _show_funnel(folder)
        out.print(f"\nCorpus: [bold]{output}/corpus[/]   removed, with reasons: {output}/removed")
        out.print(f"Next:   corpusmill verify {output}")
        _end(milled.extracted, settings)


@app.command(epilog="**Example**\n\n`corpusmill extract crawl/*.warc.gz --output run1`")
def extract(
    inputs: Inputs,
    output: Output,
    preset: Preset = None,
    config: File = None,
    master: Master = None,
) -> None:
    """Archives to documents and ledger (text, language, signals, signatures)."""
    from jobs import extract as job  # noqa: PLC0415

    with _run(preset, config, output) as (settings, folder):
        stage = job.run(_spark(master), settings, folder, inputs)
        for reason, count in stage.counts.items():
            out.print(f"{count:>12,}  {reason.removesuffix(':-')}", highlight=False)
        out.print(f"\nNext: corpusmill deduplicate {output}")
        _end(stage, settings)


@app.command(epilog="**Example**\n\n`corpusmill deduplicate run1`")
def deduplicate(
    directory: Dir, preset: Preset = None, config: File = None, master: Master = None
) -> None:
    """Documents to clusters of exact and near duplicates."""
    from jobs import deduplicate as job  # noqa: PLC0415

    with _run(preset, config, directory) as (settings, folder):
        stage = job.run(_spark(master), settings, folder)
        out.print(
            f"{stage.counts['documents']:,} documents in {stage.counts['clusters']:,} clusters"
        )
        out.print(f"\nNext: corpusmill curate {directory}")


@app.command(
    epilog="**Examples**\n\n`corpusmill curate run1 --preset fineweb2`\n\n"
    "`corpusmill curate run1 --config stricter.toml`"
)
def curate(
    directory: Dir, preset: Preset = None, config: File = None, master: Master = None
) -> None:
    """Decide what stays, by stored measurements, and write the corpus; reads no archive."""
    from jobs import curate as job  # noqa: PLC0415

    with _run(preset, config, directory) as (settings, folder):
        job.run(_spark(master), settings, folder)
        _show_funnel(folder)
        out.print(f"\nNext: corpusmill verify {directory}")


@app.command(
    epilog="**Examples**\n\n`corpusmill stats run1`\n\n"
    "`corpusmill stats run1 --lang fin_Latn --json`"
)
def stats(
    directory: Dir,
    lang: Annotated[str | None, typer.Option(metavar="xxx_Yyyy", help="One language only.")] = None,
    as_json: AsJson = False,
) -> None:
    """The funnel: documents, words and tokens per language, stage and reason."""
    from jobs import report  # noqa: PLC0415

    with _told():
        rows = _funnel(Folder(directory))
        if as_json:
            typer.echo(json.dumps([r for r in rows if lang is None or r["lang"] == lang], indent=1))
        else:
            report.show(out, rows, lang)


@app.command(epilog="**Example**\n\n`corpusmill verify run1 && echo sound`")
def verify(directory: Dir, master: Master = None, as_json: AsJson = False) -> None:
    """Recount everything: bytes, records, documents, shards; exit code 1 if anything differs."""
    from jobs import verify as job  # noqa: PLC0415

    with _told():
        differing = job.run(_spark(master), Folder(directory))
        if as_json:
            typer.echo(json.dumps([d._asdict() for d in differing], indent=1))
        for difference in differing if not as_json else []:
            err.print(f"[red]{difference.check}[/]: {difference.what}", highlight=False)
        if differing:
            raise typer.Exit(BROKEN)
        if not as_json:
            out.print(f"{directory}: adds up")


@app.command(
    epilog="**Examples**\n\n`corpusmill explain samples/archives/news.warc.gz --offset 1234`\n\n"
    "`corpusmill explain crawl.warc.gz --url https://example.org/`"
)
def explain(
    archive: Annotated[str, typer.Argument(metavar="ARCHIVE", help="One archive.")],
    url: Annotated[str | None, typer.Option(help="Address of the page.")] = None,
    offset: Annotated[int | None, typer.Option(help="Bytes to the record.", min=0)] = None,
    preset: Preset = None,
    config: File = None,
) -> None:
    """One page's way through the mill, without Spark: response, text, signals, rules, fate."""
    from jobs import explain as job  # noqa: PLC0415

    with _told():
        found = job.run(configuration.load(preset, config), archive, url, offset, out)
        if not found:
            err.print(f"{archive}: no record {f'of {url}' if url else f'at byte {offset}'}")
            raise typer.Exit(BROKEN)


@app.command("config", epilog="**Example**\n\n`corpusmill config --preset fineweb2 > mine.toml`")
def show_config(preset: Preset = None, config: File = None) -> None:
    """Print the resolved configuration, every key with its value."""
    with _told():
        typer.echo(configuration.to_toml(configuration.load(preset, config)))


@contextmanager
def _told() -> Iterator[None]:
    """A user's mistake ends in one line and an exit code, never in a stack trace."""
    handler = RichHandler(console=err, show_time=False, show_path=False, show_level=False)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    for name in ("jobs", "pipeline"):
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        yield
    except ConfigError as error:
        err.print(f"[red]cannot start:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(CANNOT_START) from None
    except ArchiveError as error:
        err.print(f"[red]{error}[/]", highlight=False, soft_wrap=True)
        raise typer.Exit(CANNOT_START) from None
    except KeyboardInterrupt:
        err.print("interrupted: what was committed stays; the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _run(preset: str | None, path: str | None, output: str) -> Iterator[tuple[Config, Folder]]:
    from pipeline.extraction import storage_options  # noqa: PLC0415

    with _told():
        settings = configuration.load(preset, path)
        folder = Folder(output, storage_options(settings))
        with locked(folder):
            yield settings, folder


def _spark(master: str | None) -> "SparkSession":
    from jobs.session import session  # noqa: PLC0415

    return session(master)


def _funnel(folder: Folder) -> list[dict[str, object]]:
    from jobs.report import funnel_rows  # noqa: PLC0415

    try:
        return funnel_rows(folder)
    except FileNotFoundError:
        raise ConfigError(
            f"{folder.uri}: nothing is published here; `corpusmill mill` makes it"
        ) from None


def _show_funnel(folder: Folder) -> None:
    from jobs import report  # noqa: PLC0415

    report.show(out, _funnel(folder))


def _end(stage: Stage, settings: Config) -> None:
    """Exit code 3, with the inputs' damage by reason, unless the configuration allows it."""
    from jobs.extract import damaged  # noqa: PLC0415

    found = damaged(stage)
    for reason, count in found.items():
        err.print(
            f"[yellow]damaged input[/]: {reason}: {count}; the ledger says where", highlight=False
        )
    if found and settings.input.fail_on_damage:
        raise typer.Exit(DAMAGED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the ``corpusmill`` command."""
    app(args=list(arguments) if arguments is not None else sys.argv[1:])
