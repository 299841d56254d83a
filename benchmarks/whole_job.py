"""``corpusmill mill`` as a user runs it, one task at a time: time by stage, memory by process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_S = 0.05
START, EXTRACT, DEDUPLICATE, CURATE, END = "start", "extract", "deduplicate", "curate", "end"
PARTS = (START, EXTRACT, DEDUPLICATE, CURATE, END)
DRIVER, JVM, DAEMON, WORKER, CHILD = (
    "driver (Python)", "JVM", "worker daemon", "Python worker", "guarded child",
)  # fmt: skip
ROLES = (WORKER, CHILD, JVM, DRIVER, DAEMON)
TICK = os.sysconf("SC_CLK_TCK")
DONE_WITH = (0, 3)
"""Exit codes of a finished run; 3 is one over damaged inputs."""


class Job(NamedTuple):
    """One run: seconds by part of it, CPU seconds by part and process, bytes of memory at most."""

    wall_s: dict[str, float]
    cpu_s: dict[str, dict[str, float]]
    peak_bytes: dict[str, int]
    worker_count: int
    together_bytes: int
    """Most at one moment of all processes together, as sampled; shared pages count in each."""
    child_after_s: float
    """From the first worker's start to its child's: imports, and the first record."""
    counts: dict[str, int]

    def stages_s(self) -> float:
        return self.wall_s[EXTRACT] + self.wall_s[DEDUPLICATE] + self.wall_s[CURATE]

    def cpu_of(self, part: str) -> float:
        return sum(self.cpu_s[part].values())

    def total_cpu_s(self) -> float:
        return sum(self.cpu_of(part) for part in PARTS)


class Tree:
    """What is seen of a process and all below it."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._roles: dict[int, str] = {}
        self._cpu_s: dict[int, float] = {}
        self._seen: Counter[int] = Counter()
        self.first: dict[str, float] = {}
        self.peak_bytes: dict[int, int] = {}
        self.together_bytes = 0
        self.timeline: list[tuple[float, dict[str, float]]] = []

    def sample(self) -> None:
        together = 0
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in processes:
            try:
                role = self._role(process)
                status = _memory(process.pid)
                self._cpu_s[process.pid] = _cpu_s(process.pid)
            except (psutil.Error, OSError):
                continue  # ended meanwhile
            if self._roles.get(process.pid) != role:
                # until it runs its own program, a new process shows its parent's memory
                self.peak_bytes.pop(process.pid, None)
            self._roles[process.pid] = role
            self._seen[process.pid] += 1
            self.peak_bytes[process.pid] = max(
                self.peak_bytes.get(process.pid, 0), status.get("VmHWM", 0)
            )
            together += status.get("VmRSS", 0)
        self.together_bytes = max(self.together_bytes, together)
        spent: dict[str, float] = defaultdict(float)
        for pid, cpu_s in self._cpu_s.items():
            spent[self._roles[pid]] += cpu_s
        self.timeline.append((time.time(), dict(spent)))

    def _role(self, process: psutil.Process) -> str:
        """By command line; a worker is the daemon's fork, and only its parent tells them apart."""
        if process.pid == self._root.pid:
            return DRIVER
        line = " ".join(process.cmdline())
        if "pipeline.sandbox_child" in line:
            role = CHILD
        elif "pyspark.daemon" in line or "pyspark/daemon" in line:
            forked = self._roles.get(process.ppid()) in (DAEMON, WORKER)
            role = WORKER if forked else DAEMON
        elif "java" in line:
            role = JVM
        else:
            role = self._roles.get(process.pid, DRIVER)
        self.first.setdefault(role, process.create_time())
        return role

    def peaks(self) -> dict[str, int]:
        """Largest peak of a process of each role."""
        largest: dict[str, int] = {}
        for pid, role in self._roles.items():
            largest[role] = max(largest.get(role, 0), self.peak_bytes[pid])
        return largest

    def worker_count(self) -> int:
        """Workers that lived for some time; a fork on its way to another program does not."""
        return sum(1 for pid, role in self._roles.items() if role == WORKER and self._seen[pid] > 3)

    def spent_until(self, moment: float) -> dict[str, float]:
        """CPU seconds by role up to a moment."""
        before = [spent for at, spent in self.timeline if at <= moment]
        return before[-1] if before else {}


def run(archive: Path, scratch: Path) -> Job:
    """Mill an archive into ``scratch``, which must not exist."""
    scratch.mkdir()
    output = scratch / "out"
    command = [
        sys.executable, "-c", "from jobs.cli import main; main()",
        "mill", str(archive), "--output", str(output), "--master", "local[1]",
    ]  # fmt: skip
    log = scratch / "stderr.txt"
    started = time.time()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=errors, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
        )  # fmt: skip
        tree = Tree(process.pid)
        try:
            while process.poll() is None:
                tree.sample()
                time.sleep(SAMPLE_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
    ended = time.time()
    if process.returncode not in DONE_WITH:
        last = log.read_text("utf-8", "replace").strip().splitlines()[-5:]
        raise SystemExit("\n".join([f"corpusmill mill ended with {process.returncode}:", *last]))
    return _job(tree, output, started, ended)


def _job(tree: Tree, output: Path, started: float, ended: float) -> Job:
    records = [output / "stages" / f"{name}.json" for name in (EXTRACT, DEDUPLICATE, CURATE)]
    # The first sight of a worker daemon is where Spark is up and the first task begins.
    edges = [started, tree.first[DAEMON], *(path.stat().st_mtime for path in records), ended]
    spent = [tree.spent_until(edge) for edge in edges]
    cpu_s = {
        part: {role: after.get(role, 0.0) - before.get(role, 0.0) for role in ROLES}
        for part, (before, after) in zip(PARTS, pairwise(spent), strict=True)
    }
    wall_s = {p: after - before for p, (before, after) in zip(PARTS, pairwise(edges), strict=True)}
    counts: dict[str, int] = {}
    for path in records:
        counts |= json.loads(path.read_text("utf-8"))["counts"]
    child_after_s = tree.first[CHILD] - tree.first[DAEMON]
    return Job(
        wall_s,
        cpu_s,
        tree.peaks(),
        tree.worker_count(),
        tree.together_bytes,
        child_after_s,
        counts,
    )


def _memory(pid: int) -> dict[str, int]:
    """VmRSS and VmHWM, the kernel's own record of the peak, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    found = (line.split() for line in lines if line.startswith(("VmRSS:", "VmHWM:")))
    return {name.rstrip(":"): int(value) << 10 for name, value, *_ in found}


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK
