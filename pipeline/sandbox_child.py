"""The guarded process: runs one task on one record after another, and nothing else.

Started by ``pipeline.sandbox`` as ``python -P -m pipeline.sandbox_child FD PARENT``; its standard
streams are the null device, so that no page's text leaves it but in a result. What goes over the
socket: bytes that are a body, and JSON. Never pickle.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Task = Callable[[dict[str, Any], bytes], dict[str, Any]]

HEAD: Final = struct.Struct(">II")
"""Before a request: bytes of its JSON header, bytes of its body. Before a reply: status, bytes."""
READY, RESULT, ERROR, MEMORY, BROKEN_START = range(5)
"""Status of a reply; the payload is JSON for RESULT, a class name for ERROR, else a reason."""

_LEAST_LEFT: Final = 32 << 20

_PR_SET_PDEATHSIG: Final = 1
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000


def main(arguments: list[str]) -> int:
    """Serve until the parent closes the socket; the exit code is 0 then, 1 for a failed start."""
    channel = socket.socket(fileno=int(arguments[0]))
    _guard(parent=int(arguments[1]))
    start, _ = _request(channel) or ({}, b"")
    try:
        task = _load(start["task"])(start["settings"])
        _limit_memory(start["memory_bytes"])
    except BaseException as error:  # whatever it is, the parent must hear of it
        _reply(channel, BROKEN_START, f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
        return 1
    gc.freeze()
    _reply(channel, READY, b"")
    while request := _request(channel):
        _reply(channel, *_run(task, *request))
    return 0


def _run(task: Task, header: dict[str, Any], body: bytes) -> tuple[int, bytes]:
    """Return the task's answer, or the class of what it raised: messages quote pages."""
    try:
        result = task(header, body)
        return RESULT, json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
    except MemoryError:
        return MEMORY, b""
    except BaseException as error:  # Rust panics are no Exception
        return ERROR, type(error).__name__.encode()


def _load(name: str) -> Callable[[dict[str, Any]], Task]:
    """Return the factory that ``module:function`` names."""
    module, _, function = name.partition(":")
    factory: Callable[[dict[str, Any]], Task] = getattr(importlib.import_module(module), function)
    return factory


def _guard(parent: int) -> None:
    """First to be killed when memory runs out, dead when the parent is; no network, no dumps."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    libc = ctypes.CDLL(None, use_errno=True)
    # where the system allows it; changing credentials clears the death signal, hence the order
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _limit_memory(most_bytes: int) -> None:
    """Let address space grow by what is left of the memory, so that no more is ever resident."""
    pages = Path("/proc/self/statm").read_text().split()
    mapped, resident = (int(count) * resource.getpagesize() for count in pages[:2])
    if most_bytes < resident + _LEAST_LEFT:
        raise ValueError(
            f"{most_bytes >> 20} MiB are too little: {resident >> 20} are in use before a page is "
            f"read, which may need {_LEAST_LEFT >> 20} and more"
        )
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = mapped + most_bytes - resident
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _request(channel: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Return the next request, None when the parent is gone."""
    head = _receive(channel, HEAD.size)
    if len(head) < HEAD.size:
        return None
    header_bytes, body_bytes = HEAD.unpack(head)
    content = _receive(channel, header_bytes + body_bytes)
    if len(content) < header_bytes + body_bytes:
        return None
    return json.loads(content[:header_bytes]), bytes(memoryview(content)[header_bytes:])


def _receive(channel: socket.socket, size: int) -> bytearray:
    """``size`` bytes, or fewer where the other side closed."""
    buffer = bytearray(size)
    view, done = memoryview(buffer), 0
    while done < size:
        count = channel.recv_into(view[done:])
        if not count:
            break
        done += count
    view.release()
    del buffer[done:]
    return buffer


def _reply(channel: socket.socket, status: int, payload: bytes) -> None:
    channel.sendall(HEAD.pack(status, len(payload)) + payload)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
