"""Arguments and options that several verbs share, and the folder they name."""

from typing import Annotated

import typer

from pipeline import config as configuration
from pipeline.config import Config
from pipeline.files import Folder

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
