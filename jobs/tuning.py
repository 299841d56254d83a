"""The verbs for choosing bounds: ``compare`` and ``fit``. Neither needs Spark."""

import json
from typing import Annotated, Literal

import typer

from jobs.console import out, save, say, told
from jobs.options import AsJson, Dir, Lang, Storage, folder_of

FitMethod = Literal["mean-deviation", "quantile", "median-ratio"]
COMPARE_EXAMPLES = (
    "**Examples**\n\n`corpusmill compare run1 openeurollm fineweb2`\n\n"
    "`corpusmill compare run1 openeurollm stricter.toml --lang fin_Latn --examples 3`"
)
FIT_EXAMPLES = (
    "**Examples**\n\n`corpusmill fit finnish.jsonl --language fin_Latn --output fin.toml`"
    "\n\n`corpusmill fit run1 --language mlt_Latn --method quantile --json`"
)


def compare(
    directory: Dir,
    a: Annotated[str, typer.Argument(metavar="A", help="Preset, or TOML file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Preset, or TOML file.")],
    lang: Lang = None,
    examples: Annotated[
        int, typer.Option(metavar="N", min=0, help="Documents to show for every change.")
    ] = 0,
    as_json: AsJson = False,
    config: Storage = None,
) -> None:
    """Which documents change sides between two configurations, and why; needs no Spark."""
    from jobs import compare as job  # noqa: PLC0415

    with told():
        folder = folder_of(directory, config)
        found = job.run(folder, a, b, lang)
        if as_json:
            typer.echo(json.dumps(job.as_json(folder, found, examples), indent=1))
        else:
            job.show(out, folder, found, examples)


def fit(
    corpus: Annotated[
        str,
        typer.Argument(
            metavar="DIR|TEXTS",
            help="Output folder of a run; or texts: .txt, .jsonl, .parquet, or a folder of these.",
        ),
    ],
    language: Annotated[
        str, typer.Option("--language", "-l", metavar="xxx_Yyyy", help="Language of the corpus.")
    ],
    method: Annotated[
        FitMethod, typer.Option(help="How English's bounds are carried over.")
    ] = "mean-deviation",
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the bounds as TOML.")
    ] = None,
    kept: Annotated[
        bool, typer.Option("--kept", help="Of a run, only documents its corpus holds.")
    ] = False,
    english: Annotated[
        str | None, typer.Option(metavar="FILE", help="English's figures, in place of ours.")
    ] = None,
    statistics: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write this corpus's figures, for --english."),
    ] = None,
    as_json: AsJson = False,
    config: Storage = None,
) -> None:
    """FineWeb-2's bounds for a language, from a reference corpus; needs no Spark."""
    from jobs import fit as job  # noqa: PLC0415

    with told():
        figures = job.reference(english)
        columns = job.run(folder_of(corpus, config), language, kept=kept)
        found = job.report(corpus, columns, language, method, figures)
        if output:
            save(output, job.as_toml(found))
        if statistics:
            save(statistics, job.statistics(corpus, language, columns))
        if as_json:
            typer.echo(json.dumps(job.as_json(found), indent=1))
            return
        job.show(out, found)
        if output:
            say(f"\nNext: corpusmill compare DIR fineweb2 {output}")
