"""The peer's own environment, and its scripts run there."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
ENVIRONMENTS = HERE / ".peers"


def python(given: Path | None, name: str = "datatrove") -> Path:
    """The peer's Python: the given one, else of an environment made from ``peers/NAME.txt``."""
    if given is not None:
        if not os.access(given, os.X_OK):
            sys.exit(f"{given}: no such Python")
        return given
    found = ENVIRONMENTS / name / "bin" / "python"
    done = ENVIRONMENTS / name / ".installed"
    wanted = (PEERS / f"{name}.txt").read_text("utf-8")
    if done.is_file() and done.read_text("utf-8") == wanted:
        return found
    print(f"making {os.path.relpath(found.parent.parent)}, once", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENTS / name], check=True)
    install = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*install, "-r", PEERS / f"{name}.txt"], check=False).returncode:
        sys.exit(f"{name} cannot be installed; name an environment that has it: --peer-python PATH")
    done.write_text(wanted, "utf-8")
    return found


def run(interpreter: Path, script: str, *arguments: str | Path) -> None:
    """Run a script of ``peers/`` in the peer's environment, its log on our standard error."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    command = [interpreter, PEERS / script, *arguments]
    if subprocess.run(command, env=environment, check=False).returncode:
        sys.exit(f"{script} failed")
