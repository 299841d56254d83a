"""``corpusmill bands``: the band tables of a corpus alone; and options to compare with such."""

from collections.abc import Sequence
from typing import Annotated

import typer

from jobs.console import say, told
from jobs.options import Dir, Master, Storage, folder_of
from pipeline.config import Config
from pipeline.errors import ConfigError

app = typer.Typer(
    help="Publish what a corpus's documents are compared by, without text or address.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog="**Example**\n\n`corpusmill bands export run1 bands-of-run1`",
)

DEDUPLICATE_EXAMPLES = (
    "**Examples**\n\n`corpusmill deduplicate run1`\n\n"
    "`corpusmill deduplicate run2 --against run1 --against hplt=s3://bucket/hplt-bands`"
)
Against = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DIR|NAME=DIR",
        help="Output folder or exported band tables of an older corpus; may be given again.",
    ),
]
Symmetric = Annotated[
    bool,
    typer.Option("--symmetric", help="The better copy stays, whichever corpus has it."),
]
MixedModels = Annotated[
    bool,
    typer.Option(
        "--mixed-language-models",
        help="Accept corpora whose languages another model named; copies may be missed.",
    ),
]
Shingles = Annotated[
    bool,
    typer.Option(
        "--shingles",
        help="With the hashes that check 'jaccard' compares; they tell who guesses a run of words "
        "whether it is in the text.",
    ),
]


def with_corpora(
    config: Config, against: Sequence[str] | None, symmetric: bool, mixed: bool = False
) -> Config:
    """The configuration with the older corpora of the command line, where some are given."""
    own = config.duplicates
    duplicates = own.model_copy(
        update={
            "against": tuple(against or own.against),
            "symmetric": symmetric or own.symmetric,
            "mixed_language_models": mixed or own.mixed_language_models,
        }
    )
    if duplicates.symmetric and not duplicates.against:
        raise ConfigError("--symmetric needs --against: it says which copy stays of the two")
    return config.model_copy(update={"duplicates": duplicates})


@app.callback()
def about() -> None:
    """Publish what a corpus's documents are compared by, without text or address."""


@app.command(
    epilog="**Examples**\n\n`corpusmill bands export run1 bands-of-run1`\n\n"
    "`corpusmill bands export s3://bucket/run1 s3://public/run1-bands --shingles`"
)
def export(
    directory: Dir,
    output: Annotated[str, typer.Argument(metavar="OUT", help="Folder or s3:// prefix.")],
    shingles: Shingles = False,
    config: Storage = None,
    master: Master = None,
) -> None:
    """Copy a corpus's band tables to a folder of their own: hashes, no text, no address."""
    from jobs import export_bands as job  # noqa: PLC0415  # --help need not wait for Spark
    from jobs.session import session  # noqa: PLC0415
    from pipeline.stages import locked  # noqa: PLC0415

    with told():
        folder, target = folder_of(directory, config), folder_of(output, config)
        job.check(folder, target, shingles=shingles)  # before a session, and before a lock
        with locked(target):
            files, curated = job.run(session(master), folder, target, shingles=shingles)
        fates = "kept or not" if curated else "not curated: all count as held"
        say(f"{sum(f.rows for f in files):,} documents ({fates})")
        say(f"\nNext: corpusmill deduplicate DIR --against {output}")
