"""Arguments and options that several verbs share, and the folder they name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import config as configuration
from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.files import Folder

if TYPE_CHECKING:
    from jobs.selecting import Chosen

MILL_EXAMPLES = (
    "**Examples**\n\n"
    "`corpusmill mill samples/archives --output demo`\n\n"
    "`corpusmill mill s3://commoncrawl/crawl-data/CC-MAIN-2025-05/warc.paths.gz -o s3://bucket/corpus`"
    "\n\n"
    '`corpusmill mill --index index.parquet --where "fetch_status = 200" --base crawl/ -o corpus`'
    "\n\n"
    "`spark-submit --master spark://host:7077 jobs/mill.py crawl/ -o corpus`"
)
EXTRACT_EXAMPLES = (
    "**Examples**\n\n`corpusmill extract crawl/*.warc.gz --output run1`\n\n"
    "`corpusmill extract --index s3://commoncrawl/cc-index/table/cc-main/warc/crawl=CC-MAIN-2025-05/"
    "subset=warc/ --where \"content_languages LIKE '%mlt%'\" --base s3://commoncrawl/ -o maltese`"
)
CURATE_EXAMPLES = (
    "**Examples**\n\n`corpusmill curate run1 --preset fineweb2`\n\n"
    "`corpusmill curate run1 --config stricter.toml --dry-run`"
)
STATS_EXAMPLES = (
    "**Examples**\n\n`corpusmill stats run1`\n\n`corpusmill stats run1 --lang fin_Latn --json`"
)

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the funnel; publish nothing. No Spark.")
]
Url = Annotated[str | None, typer.Option(help="Address of the page.")]
Offset = Annotated[
    int | None, typer.Option(help="Bytes to the record; of a table, its line.", min=0)
]
Milled = Annotated[
    str | None,
    typer.Option("--run", metavar="DIR", help="Run that read it: its copies, and who stays."),
]
Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[INPUT...]",
        help="Archives or tables: files, folders, globs, path lists (*.paths.gz); local, s3:// or "
        "https://.",
    ),
]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="DIR", help="Folder or s3:// prefix.")
]
Index = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Instead of INPUT: an index as Common Crawl's (Parquet; file, folder, s3://).",
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="SQL", help="Which records of the index to read: a condition on its columns."
    ),
]
Base = Annotated[
    str | None,
    typer.Option(
        metavar="PREFIX",
        help="What goes before its file names; default: input.path_prefix.",
    ),
]
Dir = Annotated[str, typer.Argument(metavar="DIR", help="Output folder of a run, or s3:// prefix.")]
Preset = Annotated[str | None, typer.Option(metavar="NAME", help="Rules and limits to start from.")]
File = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="TOML that changes the preset.")
]
Storage = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="TOML whose [input] says how S3 is reached."),
]
Master = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Spark master; default local[*] or spark-submit's."),
]
Lang = Annotated[str | None, typer.Option(metavar="xxx_Yyyy", help="One language only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

Archive = Annotated[str, typer.Argument(metavar="ARCHIVE", help="One archive, or a run's folder.")]
DocId = Annotated[
    str | None, typer.Argument(metavar="DOC_ID", help="A record in the run's quarantine.")
]
EXPLAIN_EXAMPLES = (
    "**Examples**\n\n`corpusmill explain samples/archives/west.warc.gz --offset 326`\n\n"
    "`corpusmill explain crawl.warc.gz --url https://example.org/ --run run1`\n\n"
    "`corpusmill explain run1` and `corpusmill explain run1 DOC_ID`: what broke the sandbox, again"
)


def folder_of(directory: str, path: str | None) -> Folder:
    """An output folder, reached as the configuration file says."""
    return settled(directory, configuration.load(None, path))


def settled(directory: str, settings: Config) -> Folder:
    """An output folder, reached as the configuration says."""
    from pipeline.extraction import storage_options  # noqa: PLC0415  # imports the whole extraction

    return Folder(directory, storage_options(settings))


def chosen_of(
    settings: Config,
    inputs: Sequence[str] | None,
    index: str | None,
    where: str | None,
    base: str | None,
) -> "tuple[Config, Chosen | None]":
    """What ``--index`` selects, if it is given, and the configuration with ``--base``."""
    from jobs.selecting import Chosen  # noqa: PLC0415

    if bool(inputs) == bool(index):
        both = "INPUT or --index, not both" if index else "give archives to read, or --index"
        raise ConfigError(f"nothing to read: {both}")
    if index is None:
        if where or base:
            raise ConfigError("--where and --base belong to --index, which is not given")
        return settings, None
    if base:
        update = {"input": settings.input.model_copy(update={"path_prefix": base})}
        settings = settings.model_copy(update=update)
    return settings, Chosen(index, where)
