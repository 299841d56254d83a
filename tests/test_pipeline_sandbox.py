"""The sandbox with real faults: segfaults, kills, endless C loops, memory, bad starts."""

import contextlib
import ctypes
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.sandbox import (
    Outcome,
    Sandbox,
    SandboxBrokenError,
    SandboxLimits,
    SandboxStartError,
)

CANARY = "Jane Doe jane@example.org"
ROOT = Path(__file__).parent.parent
TASK = "test_pipeline_sandbox:tasks"


# ---- what runs in the child


def tasks(settings: Mapping[str, Any]) -> Callable[[dict[str, Any], bytes], dict[str, Any]]:
    """What a record asks for by header["do"]."""
    if "fail" in settings:
        raise ValueError(settings["fail"])
    if "exit" in settings:
        os._exit(settings["exit"])
    if "sleep_s" in settings:
        time.sleep(settings["sleep_s"])
    served = iter(range(10**9))

    def work(header: dict[str, Any], body: bytes) -> dict[str, Any]:
        return dict(DEEDS[header["do"]](header, body), served=next(served))

    return work


def _raise(_: object, body: bytes) -> dict[str, Any]:
    raise RuntimeError(body.decode())


def _die(_: object, __: bytes) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def _speak(_: object, body: bytes) -> dict[str, Any]:
    print(body.decode(), flush=True)
    print(body.decode(), file=sys.stderr, flush=True)
    os.write(1, body)
    os.write(2, body)
    return {}


def _leave(_: object, body: bytes) -> dict[str, Any]:
    raise SystemExit(body.decode())


def _about(_: object, __: bytes) -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "oom": Path("/proc/self/oom_score_adj").read_text().strip(),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "space": resource.getrlimit(resource.RLIMIT_AS)[0],
        "descriptors": [str(Path(f"/proc/self/fd/{n}").readlink()) for n in range(3)],
    }


def _fill(_: object, __: bytes) -> dict[str, Any]:
    """Take memory, and write to it, until there is no more."""
    held = []
    with contextlib.suppress(MemoryError):
        while True:
            held.append(b"x" * (1 << 20))
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return {"held": len(held), "peak": int(peak[1]) << 10 if peak else 0}


DEEDS: dict[str, Callable[[Any, bytes], dict[str, Any]]] = {
    "echo": lambda header, body: {"header": header, "length": len(body), "sum": sum(body[:1000])},
    "text": lambda _, body: {"text": body.decode()},
    "segfault": lambda _, __: {"never": str(ctypes.string_at(0))},
    "kill": _die,
    "abort": lambda _, __: {"never": os.abort()},
    "c loop": lambda _, __: {"never": bool(re.match(r"(a+)+$", "a" * 60 + "b"))},
    "python loop": lambda _, __: {"never": sum(0 for _ in iter(int, 1))},
    "allocate": lambda _, __: {"never": len(bytearray(8 << 30))},
    "fill": _fill,
    "raise": _raise,
    "leave": _leave,
    "speak": _speak,
    "set": lambda _, __: {"x": {1, 2}},
    "surrogate": lambda _, __: {"x": "\ud800"},
    "about": _about,
}

# ---- the tests


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    limits = SandboxLimits(time_s=1, memory_bytes=512 << 20)
    with Sandbox(TASK, {}, limits) as one:
        yield one


def alive(sandbox: Sandbox) -> Outcome:
    return sandbox.run({"do": "echo", "é": [1, None]}, b"\0\xff body")


@pytest.mark.parametrize("size", [0, 1, 65_536, 10_000_000])
def test_bodies_and_results_come_through_whole(sandbox: Sandbox, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    outcome = sandbox.run({"do": "echo", "url": "é"}, body)
    assert outcome.failure is None
    assert outcome.result is not None
    assert outcome.result["header"] == {"do": "echo", "url": "é"}
    assert (outcome.result["length"], outcome.result["sum"]) == (size, sum(body[:1000]))


def test_large_results_come_through(sandbox: Sandbox) -> None:
    text = "sõna на 村 \u2028\n" * 300_000
    outcome = sandbox.run({"do": "text"}, text.encode())
    assert outcome.result is not None
    assert outcome.result["text"] == text


@pytest.mark.parametrize(
    ("deed", "failure", "error_class"),
    [
        ("segfault", "crash", None),
        ("kill", "crash", None),
        ("abort", "crash", None),
        ("c loop", "timeout", None),
        ("python loop", "timeout", None),
        ("allocate", "memory", None),
        ("raise", "error", "RuntimeError"),
        ("leave", "error", "SystemExit"),
        ("set", "error", "TypeError"),
        ("surrogate", "error", "UnicodeEncodeError"),
        ("no such deed", "error", "KeyError"),
    ],
)
def test_a_fault_costs_one_record(
    sandbox: Sandbox, deed: str, failure: str, error_class: str | None
) -> None:
    assert alive(sandbox).failure is None
    started = time.monotonic()
    assert sandbox.run({"do": deed}, b"x") == Outcome(None, failure, error_class)  # type: ignore[arg-type]
    assert time.monotonic() - started < 60  # the limit is 1 s; a busy machine is late
    assert alive(sandbox).failure is None


def test_what_a_page_says_is_seen_nowhere(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    outcomes = [sandbox.run({"do": deed}, CANARY.encode()) for deed in ("raise", "leave", "speak")]
    assert [o.failure for o in outcomes] == ["error", "error", None]
    seen = capfd.readouterr()
    for text in (seen.out, seen.err, caplog.text, repr(outcomes)):
        assert CANARY not in text


def test_the_child_is_bare_and_first_to_go(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "MY_PASSWORD",
        "PYSPARK_GATEWAY_SECRET",
    ):
        monkeypatch.setenv(name, CANARY)
    sandbox.close()
    result = sandbox.run({"do": "about"}, b"").result
    assert result is not None
    assert CANARY not in result["environment"].values()
    assert result["environment"]["OMP_NUM_THREADS"] == "1"
    assert result["oom"] == "1000"
    assert result["core"] == 0
    assert 512 << 20 < result["space"] < 8 << 30
    assert result["descriptors"] == ["/dev/null"] * 3
    assert result["pid"] == sandbox.pid != os.getpid()


@pytest.mark.parametrize(
    ("task", "settings", "reason"),
    [
        (TASK, {"fail": "the model is damaged"}, "ValueError: the model is damaged"),
        (TASK, {"exit": 3}, "ended with code"),
        ("no_such_module:factory", {}, "ModuleNotFoundError"),
        ("json:no_such_function", {}, "AttributeError"),
        (TASK, {"sleep_s": 60}, "did not start in time"),
    ],
    ids=["raises", "exits", "module", "function", "hangs"],
)
def test_a_child_that_cannot_start_is_no_records_fault(
    task: str, settings: dict[str, Any], reason: str
) -> None:
    limits = SandboxLimits(start_s=2 if "sleep_s" in settings else 60)
    with Sandbox(task, settings, limits) as broken, pytest.raises(SandboxStartError, match=reason):
        broken.run({"do": "echo"}, b"")


def test_failures_in_a_row_break_the_circuit() -> None:
    with Sandbox(TASK, {}, SandboxLimits(failures_in_a_row=3)) as one:
        for _ in range(2):
            assert one.run({"do": "raise"}, CANARY.encode()).failure == "error"
        assert alive(one).failure is None  # a success starts the count again
        for _ in range(2):
            assert one.run({"do": "raise"}, CANARY.encode()).failure == "error"
        with pytest.raises(SandboxBrokenError) as caught:
            one.run({"do": "raise"}, CANARY.encode())
        assert CANARY not in str(caught.value)
        assert alive(one).failure is None


def test_a_probe_tells_hostile_pages_from_a_broken_task() -> None:
    limits = SandboxLimits(failures_in_a_row=3)
    with Sandbox(TASK, {}, limits, probe=({"do": "echo"}, b"")) as one:
        for _ in range(10):
            assert one.run({"do": "raise"}, b"").failure == "error"
    with Sandbox(TASK, {}, limits, probe=({"do": "raise"}, b"")) as broken:
        for _ in range(2):
            broken.run({"do": "raise"}, b"")
        with pytest.raises(SandboxBrokenError):
            broken.run({"do": "raise"}, b"")


def test_children_are_replaced_after_their_share_of_records() -> None:
    with Sandbox(TASK, {}, SandboxLimits(recycle_after=3)) as one:
        served = [alive(one).result["served"] for _ in range(7)]  # type: ignore[index]
    assert served == [0, 1, 2, 0, 1, 2, 0]


def test_a_child_that_died_between_records_is_replaced_without_blame(sandbox: Sandbox) -> None:
    alive(sandbox)
    assert sandbox.pid is not None
    child = psutil.Process(sandbox.pid)
    child.kill()
    for _ in range(100):
        if child.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.02)
    assert alive(sandbox).failure is None


def test_closing_ends_the_child() -> None:
    with Sandbox(TASK, {}) as one:
        alive(one)
        assert one.pid is not None
        child = psutil.Process(one.pid)
    assert not child.is_running()
    assert one.pid is None


def test_a_forked_copy_gets_a_child_of_its_own(sandbox: Sandbox) -> None:
    alive(sandbox)
    before = sandbox.pid
    pid = os.fork()
    if not pid:
        ok = alive(sandbox).failure is None and sandbox.pid != before
        sandbox.close()
        os._exit(0 if ok else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert alive(sandbox).failure is None
    assert sandbox.pid == before


def script(code: str, cwd: Path, **options: Any) -> subprocess.Popen[str]:
    """A parent launched elsewhere, with the packages on its path by its own doing."""
    head = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
    head += "from pipeline.sandbox import *\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + code], cwd=cwd, stdout=subprocess.PIPE, text=True, **options
    )


def test_the_child_dies_with_its_parent_even_in_a_c_loop(tmp_path: Path) -> None:
    parent = script(
        f"one = Sandbox({TASK!r}, {{}}, SandboxLimits(time_s=60))\n"
        "one.run({'do': 'echo'}, b'')\nprint(one.pid, flush=True)\n"
        "one.run({'do': 'c loop'}, b'')\n",
        tmp_path,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([child], timeout=5)[0] == [child]
    parent.stdout.close()


def test_no_more_is_ever_held_than_the_limit() -> None:
    limit = 512 << 20
    with Sandbox(TASK, {}, SandboxLimits(memory_bytes=limit)) as one:
        result = one.run({"do": "fill"}, b"").result
    assert result is not None
    assert 0.8 * limit < result["peak"] <= limit
    assert result["held"] > 32


def test_a_limit_that_leaves_a_page_nothing_is_refused() -> None:
    message = r"16 MiB are too little: \d+ are in use before"
    limits = SandboxLimits(memory_bytes=16 << 20)
    with Sandbox(TASK, {}, limits) as one, pytest.raises(SandboxStartError, match=message):
        one.run({"do": "echo"}, b"")


def test_a_hard_limit_on_address_space_is_respected(tmp_path: Path) -> None:
    parent = script(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        f"one = Sandbox({TASK!r}, {{}}, SandboxLimits(memory_bytes=64 << 30))\n"
        "print(one.run({'do': 'about'}, b'').result['space'] == 2 << 30,"
        " one.run({'do': 'allocate'}, b'').failure)\none.close()\n",
        tmp_path,
    )
    assert parent.communicate(timeout=60)[0] == "True memory\n"


def test_a_file_in_the_working_folder_shadows_nothing(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(1)")
    parent = script(
        f"one = Sandbox({TASK!r}, {{}})\n"
        "print(one.run({'do': 'echo'}, b'').failure)\none.close()\n",
        tmp_path,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )
    assert parent.communicate(timeout=60)[0] == "None\n"


def test_a_record_waits_for_no_pause_and_no_new_child(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = alive(sandbox).result
    assert found
    monkeypatch.setattr(time, "sleep", None)
    for number in range(1, 31):
        outcome = sandbox.run({"do": "text"}, b"word " * 8000)
        assert outcome.result == {"text": "word " * 8000, "served": found["served"] + number}
