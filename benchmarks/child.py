"""The guarded child's stand-ins: recorded, replayed, or its work done in this process."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clock import Time, cpu_s

from pipeline import page
from pipeline.config import Config
from pipeline.sandbox import Outcome, Sandbox, SandboxLimits


class Known:
    """Stands in for the sandbox: pages in process, except those known to fail in it."""

    def __init__(self, outcomes: list[Outcome], config: Config, *, check: bool = False) -> None:
        text = config.text
        self._task = page.factory({"engine": text.engine, "settings": text.settings})
        self._outcomes, self._check = iter(outcomes), check

    def run(self, header: Mapping[str, Any], body: bytes) -> Outcome:
        known = next(self._outcomes)
        if known.result is None:
            return known
        result = self._task(header, body)
        if self._check and json.loads(json.dumps(result)) != known.result:
            raise SystemExit("a page gave another result in process than in the guarded child")
        return Outcome(result, None)


class Recorder:
    """Passes pages to the guarded child and keeps what went there and what came back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.asked: list[tuple[dict[str, Any], bytes]] = []
        self.outcomes: list[Outcome] = []

    def run(self, header: dict[str, Any], body: bytes) -> Outcome:
        outcome = self._sandbox.run(header, body)
        self.asked.append((header, body))
        # a copy: the pipeline takes the result apart
        self.outcomes.append(outcome._replace(result=json.loads(json.dumps(outcome.result))))
        return outcome


def replay(settings: Mapping[str, Any]) -> Callable[[Mapping[str, Any], bytes], dict[str, Any]]:
    """Task of a child that answers what was recorded, at once."""
    results = iter([*json.loads(Path(settings["results"]).read_text("utf-8"))] * settings["times"])
    return lambda _header, _body: next(results)


def round_trips(recorder: Recorder, scratch: Path, repeat: int) -> list[Time]:
    """Time of both processes to move every page to a child and its known result back."""
    pages = [
        (asked, o.result)
        for asked, o in zip(recorder.asked, recorder.outcomes, strict=True)
        if o.result is not None
    ]
    results = scratch / "results.json"
    results.write_text(json.dumps([result for _, result in pages]), "utf-8")
    settings = {"results": str(results), "times": repeat + 1}
    limits = SandboxLimits(recycle_after=(repeat + 1) * len(pages) + 1)
    measured = []
    with Sandbox("child:replay", settings, limits) as sandbox:
        for _ in range(repeat + 1):
            before, own, start = cpu_s(sandbox.pid), time.process_time(), time.perf_counter()
            for (header, body), result in pages:
                if sandbox.run(header, body).result != result:
                    raise SystemExit("the replaying child lost its place")
            wall_s, own_s = time.perf_counter() - start, time.process_time() - own
            measured.append(Time(own_s + cpu_s(sandbox.pid) - before, wall_s))
    results.unlink()
    return measured[1:]  # the first began with starting the child
