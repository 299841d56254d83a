"""What a user reads: results, complaints in one line, and the exit codes.

Exit codes: 0 done, 1 something does not add up or the run broke, 2 cannot start, 3 done but inputs
were damaged, 130 interrupted.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from pipeline.errors import ArchiveError, ConfigError

BROKEN, CANNOT_START, DAMAGED, INTERRUPTED = 1, 2, 3, 130
SHOWN = 20


def _console(*, stderr: bool = False) -> Console:
    """A console; wide where no terminal bounds it, so that pipes and logs get whole lines."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=160)


out = _console()
err = _console(stderr=True)


def say(text: str) -> None:
    """A line as it is: paths are no markup, and are not broken."""
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def complain(what: str, text: str) -> None:
    """A line for the error stream, as it is: ``what: text``."""
    err.print(Text.assemble((f"{what}: ", "red"), text), highlight=False, soft_wrap=True)


@contextmanager
def told() -> Iterator[None]:
    """A user's mistake ends in one line and an exit code, never in a stack trace."""
    handler = RichHandler(console=err, show_time=False, show_path=False, show_level=False)
    # Py4J logs an interrupt with its stack traces, some by the root logger, which nobody else uses.
    handler.addFilter(lambda record: record.name.partition(".")[0] not in ("root", "py4j"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    for name in ("jobs", "pipeline"):
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        yield
    except ConfigError as error:
        complain("cannot start", str(error))
        raise typer.Exit(CANNOT_START) from None
    except ArchiveError as error:
        complain("cannot read", str(error))
        raise typer.Exit(CANNOT_START) from None
    except KeyboardInterrupt:
        complain("interrupted", "what was committed stays; the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


def plain(text: str | None, keep: str = "") -> str:
    """Text that cannot command a terminal: control and direction characters escaped."""
    return "".join(
        c if c in keep or (c.isprintable() and c not in _DIRECTIONS) else f"\\u{ord(c):04x}"
        for c in text or ""
    )


_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def save(path: str, text: str) -> None:
    """Write a small file the user asked for; ConfigError where that cannot be."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


@contextmanager
def progress(title: str, total: int, *, logged: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar that the function it gives moves on, on a terminal only; else a line if ``logged``."""
    if not err.is_terminal:
        if logged:
            logging.getLogger(__name__).info("%s", title)
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as shown:
        bar = shown.add_task(title, total=total)
        yield lambda count: shown.advance(bar, count)
