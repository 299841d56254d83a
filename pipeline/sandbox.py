"""A child process for code that must not be trusted with a page: a crash or hang costs one record.

Signals, threads and handlers do not stop a C loop; killing a process does. So fragile work runs in
one child per worker process, each record with a deadline and a memory budget. A child that cannot
start, or records that fail one after another, are faults of the run and raise; they are never
booked on the pages.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self

from pipeline.sandbox_child import BROKEN_START, ERROR, HEAD, MEMORY, READY, RESULT

Failure = Literal["timeout", "memory", "crash", "error"]

MAX_REPLY_BYTES: Final = 256 << 20
_ENVIRONMENT: Final = (
    "PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "NUMBA_CACHE_DIR",
    "PYTHONHOME", "SYSTEMROOT",
)  # fmt: skip
_ONE_THREAD: Final = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)  # fmt: skip


class SandboxError(Exception):
    """The sandbox does not work; no record is to blame."""


class SandboxStartError(SandboxError):
    """The child did not become ready; the message has its reason (no record was sent to it yet)."""


class SandboxBrokenError(SandboxError):
    """Too many records in a row failed: the task is broken, not the pages."""


@dataclass(frozen=True)
class SandboxLimits:
    """What a record and a child may cost.

    ``memory_bytes`` is what the child may hold in all; a child is replaced after ``recycle_after``
    records; ``failures_in_a_row`` break the circuit.
    """

    time_s: float = 10.0
    memory_bytes: int = 512 << 20
    recycle_after: int = 5000
    failures_in_a_row: int = 20
    start_s: float = 120.0


class Outcome(NamedTuple):
    """What became of a record: a result, or the kind of failure.

    ``error_class`` names the class of the exception for an "error"; its message stays in the child.
    """

    result: dict[str, Any] | None
    failure: Failure | None
    error_class: str | None = None


class _Lost(Exception):  # noqa: N818 - never leaves this module
    """The child is gone or out of time."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure: Failure = failure


class Sandbox:
    """Runs ``task`` ("module:factory") in a child process, started with the first record.

    ``factory(settings)`` is called once in the child and gives the function
    ``(header, body) -> dict`` that every record meets; settings, headers and results are JSON.
    Not for several threads at once; after a fork the copy starts a child of its own.

    ``probe`` is a record that must give a result. Where many in a row fail, it tells a site of
    hostile pages, which costs only these pages, from a task that does not work.
    """

    def __init__(
        self,
        task: str,
        settings: Mapping[str, Any],
        limits: SandboxLimits | None = None,
        probe: tuple[Mapping[str, Any], bytes] | None = None,
    ) -> None:
        self._task = task
        self._probe = probe
        self._settings = dict(settings)
        self._limits = limits or SandboxLimits()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._owner = 0
        self._served = 0
        self._failed_in_a_row = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        return self._process.pid if self._process else None

    def run(self, header: Mapping[str, Any], body: bytes) -> Outcome:
        """One record through the child.

        Raises SandboxStartError when no child can be started, SandboxBrokenError when too many in a
        row failed and the probe does too, or there is none.
        """
        outcome = self._served_one(header, body)
        self._count(outcome)
        return outcome

    def _served_one(self, header: Mapping[str, Any], body: bytes) -> Outcome:
        channel = self._ready()
        try:
            outcome = self._ask(channel, header, body)
        except _Lost as lost:
            self._discard()
            outcome = Outcome(None, lost.failure)
        self._served += 1
        if outcome.failure == "memory" or self._served >= self._limits.recycle_after:
            self._discard()
        return outcome

    def close(self) -> None:
        """Kill the child; the sandbox may be used again."""
        self._discard()

    def _ask(self, channel: socket.socket, header: Mapping[str, Any], body: bytes) -> Outcome:
        deadline = time.monotonic() + self._limits.time_s
        _send(channel, header, body, deadline)
        status, payload = _reply(channel, deadline)
        if status == RESULT:
            return Outcome(json.loads(payload), None)
        if status == MEMORY:
            return Outcome(None, "memory")
        if status == ERROR:
            return Outcome(None, "error", payload.decode("ascii", "replace")[:100])
        raise _Lost("crash")

    def _count(self, outcome: Outcome) -> None:
        self._failed_in_a_row = self._failed_in_a_row + 1 if outcome.failure else 0
        if self._failed_in_a_row < self._limits.failures_in_a_row:
            return
        self._discard()
        count, self._failed_in_a_row = self._failed_in_a_row, 0
        if self._probe and self._served_one(*self._probe).failure is None:
            return
        raise SandboxBrokenError(
            f"{count} records in a row failed in {self._task}, the last with {outcome.failure}"
        )

    def _ready(self) -> socket.socket:
        """Channel to a living child of this very process."""
        mine = self._owner == os.getpid()
        if self._channel and mine and self._process and self._process.poll() is None:
            return self._channel
        self._discard()
        self._process, self._channel = _start(self._task, self._settings, self._limits)
        self._owner, self._served = os.getpid(), 0
        return self._channel

    def _discard(self) -> None:
        process, channel = self._process, self._channel
        self._process = self._channel = None
        if channel:
            channel.close()
        if process and self._owner == os.getpid():
            _kill(process)


def _start(
    task: str, settings: Mapping[str, Any], limits: SandboxLimits
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Return a child that said it is ready, and the channel to it."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pipeline.sandbox_child",
             str(theirs.fileno()), str(os.getpid())],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),), env=_environment(), start_new_session=True,
        )  # fmt: skip
    start = {"task": task, "settings": settings, "memory_bytes": limits.memory_bytes}
    deadline = time.monotonic() + limits.start_s
    try:
        _send(ours, start, b"", deadline)
        status, payload = _reply(ours, deadline)
    except _Lost as lost:
        ours.close()
        _kill(process)
        raise SandboxStartError(_last_words(task, lost.failure, process)) from None
    if status == READY:
        return process, ours
    ours.close()
    _kill(process)
    reason = payload.decode("utf-8", "replace") if status == BROKEN_START else "unknown reply"
    raise SandboxStartError(f"{task} did not start: {reason}")


def _last_words(task: str, failure: Failure, process: subprocess.Popen[bytes]) -> str:
    if failure == "timeout":
        return f"{task} did not start in time"
    return f"{task} did not start: its process ended with code {process.returncode}"


def _environment() -> dict[str, str]:
    """Of this process's environment what a parser needs: no credentials, one thread, no locale."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    root = str(Path(__file__).parent.parent)
    paths = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - '' is the folder here
    return (
        kept
        | dict.fromkeys(_ONE_THREAD, "1")
        | {
            "PYTHONPATH": os.pathsep.join(dict.fromkeys([*paths, root])),
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "TZ": "UTC",
        }
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()


def _send(channel: socket.socket, header: Mapping[str, Any], body: bytes, deadline: float) -> None:
    encoded = json.dumps(header).encode()
    try:
        channel.settimeout(max(0.001, deadline - time.monotonic()))
        channel.sendall(HEAD.pack(len(encoded), len(body)) + encoded)
        channel.sendall(body)
    except TimeoutError:
        raise _Lost("timeout") from None
    except OSError:
        raise _Lost("crash") from None


def _reply(channel: socket.socket, deadline: float) -> tuple[int, bytes]:
    status, size = HEAD.unpack(_receive(channel, HEAD.size, deadline))
    if size > MAX_REPLY_BYTES:
        raise _Lost("crash")
    return status, _receive(channel, size, deadline)


def _receive(channel: socket.socket, size: int, deadline: float) -> bytes:
    buffer = bytearray(size)
    view, done = memoryview(buffer), 0
    while done < size:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise _Lost("timeout")
        channel.settimeout(remaining)
        try:
            count = channel.recv_into(view[done:])
        except TimeoutError:
            raise _Lost("timeout") from None
        except OSError:
            raise _Lost("crash") from None
        if not count:
            raise _Lost("crash")
        done += count
    return bytes(view)
