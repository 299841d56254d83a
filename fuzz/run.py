"""Fuzz one target, or each in turn: ``python fuzz/run.py archives --seconds 60``.

What is found is kept in ``fuzz/found`` and printed by name, never its content; give such a file as
an argument to see where it fails. A corpus grows in ``fuzz/corpus`` from the samples and the zoo.
"""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

MAX_INPUT_BYTES = 32 << 10
SECONDS_AN_INPUT = 10
RSS_MIB = 2048


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("target", nargs="?", help="one of the targets; all of them without it")
    parser.add_argument("inputs", nargs="*", type=Path, help="inputs to run once, instead")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        fuzz(chosen.target, chosen.seconds, chosen.inputs)
    names = [chosen.target] if chosen.target else list(targets())
    if unknown := set(names) - set(targets()):
        parser.error(f"no target {', '.join(unknown)}; there are: {', '.join(targets())}")
    failed = [name for name in names if not ended_well(name, chosen.seconds, chosen.inputs)]
    print(f"failed: {', '.join(failed)}" if failed else f"held: {', '.join(names)}")
    return 1 if failed else 0


def targets() -> list[str]:
    """Names of the targets, in order."""
    from targets import TARGETS

    return list(TARGETS)


def ended_well(name: str, seconds: int, inputs: list[Path]) -> bool:
    """Run a target in a process of its own, since libFuzzer ends the one it is in."""
    corpus = HERE / "corpus.d" / name
    if not inputs:
        write_seeds(name, corpus)
    (HERE / "found").mkdir(exist_ok=True)
    command = [sys.executable, __file__, name, *inputs, "--inside", "--seconds", str(seconds)]
    done = subprocess.run(command, check=False)
    return done.returncode == 0


def write_seeds(name: str, folder: Path) -> None:
    """Put the seeds where libFuzzer looks for them."""
    from corpus import seeds

    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


def fuzz(name: str, seconds: int, inputs: list[Path]) -> None:
    """Never returns: libFuzzer exits."""
    import atheris

    with atheris.instrument_imports(include=["pipeline", "filters"]):
        from targets import TARGETS
    if inputs:
        for path in inputs:
            TARGETS[name](path.read_bytes())
        sys.exit(0)
    options = [
        sys.argv[0], str(HERE / "corpus.d" / name), f"-max_total_time={seconds}",
        f"-max_len={MAX_INPUT_BYTES}", f"-timeout={SECONDS_AN_INPUT}", f"-rss_limit_mb={RSS_MIB}",
        f"-artifact_prefix={HERE / 'found' / name}-", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup(options, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
