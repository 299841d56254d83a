"""``corpusmill lists``: which lists there are, and fetching one, checked and pinned."""

import json
import os
import uuid
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.console import out, say, told
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.storage import StorageOptions

app = typer.Typer(
    help="Show the lists of sites known by name, or fetch one.",
    invoke_without_command=True,
    rich_markup_mode="markdown",
)
_PIECE = 8 << 20


@app.callback(invoke_without_command=True, epilog="**Example**\n\n`corpusmill lists`")
def show(context: typer.Context) -> None:
    """Show the lists of sites known by name, or fetch one."""
    if context.invoked_subcommand is None:
        with told():
            _show(out)


@app.command(
    epilog="**Examples**\n\n`corpusmill lists fetch ut1-adult --output lists`\n\n"
    "`corpusmill lists fetch https://example.org/objections.txt -o lists --category optout`"
)
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME|ADDRESS", help="One of the known, or any.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Local folder.")],
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="Refuse any other content.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it is a list of; known lists say so.")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="TOML whose [input] says how S3 is reached."),
    ] = None,
) -> None:
    """Download a list, read it, and print its checksum and the lines for a configuration."""
    with told():
        _fetch(name, output, sha256, category, config)


def _show(console: Console) -> None:
    from filters import url_lists  # noqa: PLC0415  # --help need not wait for these
    from pipeline.known_lists import KNOWN  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for column in ("name", "category", "licence", "what it lists", "address"):
        table.add_column(column, overflow="fold")
    for category, own in url_lists.builtin().items():
        what = f"{own.entries} well-known sites"
        table.add_row("built in", category, "Apache-2.0", what, "-")
    for name, known in KNOWN.items():
        table.add_row(name, known.category, known.licence, known.meaning, known.address)
    console.print(table)
    say("\nNext: corpusmill lists fetch NAME --output lists")


def _fetch(
    name: str, output: str, sha256: str | None, category: str | None, config: str | None
) -> None:
    from filters.url_lists import CATEGORIES  # noqa: PLC0415
    from pipeline import config as configuration  # noqa: PLC0415
    from pipeline.extraction import storage_options  # noqa: PLC0415
    from pipeline.known_lists import KNOWN  # noqa: PLC0415
    from pipeline.lists import read_url_list, text_of  # noqa: PLC0415
    from pipeline.word_files import checked  # noqa: PLC0415

    known = KNOWN.get(name)
    if known is None and not ("/" in name or Path(name).exists()):
        raise ConfigError(f"no list named {name!r}; `corpusmill lists` shows them")
    category = category or (known.category if known else "other")
    if category not in CATEGORIES:
        raise ConfigError(f"no category {category!r}; there are: {', '.join(CATEGORIES)}")
    address = known.address if known else name
    ending = _file_name(address)
    target = Path(output) / (f"{name}.{ending.partition('.')[2]}" if known else ending)
    fresh = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        _download(address, fresh, storage_options(configuration.load(None, config)))
        found = read_url_list(str(fresh))
        checked(address, found.sha256, sha256)
        if not found.entries:
            raise ConfigError(f"{address}: names no site and no page")
        fresh.replace(target)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    say(f"{target}: {text_of(found.folders.values())}")
    say(f"SHA-256 {found.sha256}")
    if known:
        say(f"UT1 blacklist, Université Toulouse Capitole, {known.licence}")
    say("\n# for the configuration")
    for folder in found.folders:
        _say_section(category, target, found.sha256, folder if len(found.folders) > 1 else None)


def _say_section(category: str, path: Path, sha256: str, folder: str | None) -> None:
    values = {"category": category, "path": str(path), "sha256": sha256, "folder": folder}
    say("[[urls.lists]]")
    for key, value in values.items():
        if value is not None:
            say(f"{key} = {json.dumps(value)}")


def _file_name(address: str) -> str:
    """The last part of an address, as a plain file name."""
    last = address.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
    kept = "".join(c if c.isalnum() or c in "._-" else "_" for c in last).lstrip(".")
    return kept[:100] or "list"


def _download(address: str, target: Path, options: "StorageOptions") -> None:
    from pipeline.list_files import MAX_BYTES  # noqa: PLC0415
    from pipeline.storage import open_source  # noqa: PLC0415

    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(open_source(address, options)) as source:
        if source.size > MAX_BYTES:
            raise ConfigError(f"{address}: {source.size:,} bytes: no such list")
        with target.open("xb") as file:
            for at in range(0, source.size, _PIECE):
                file.write(source.read_at(at, _PIECE))
            file.flush()
            os.fsync(file.fileno())
