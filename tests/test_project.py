"""The project as a whole: what is shipped, what is written down, and that both are true."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from filters.tables import RULES

ROOT = Path(__file__).parent.parent
PACKAGES = ("dedup", "filters", "jobs", "language_id", "pipeline")


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> list[str]:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    built = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (file,) = out.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_five_packages_and_nothing_else(wheel):
    top = {name.split("/")[0] for name in wheel}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)
    assert len(top) == len(PACKAGES) + 1


def test_the_wheel_holds_every_module_and_data_file(wheel):
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
                assert str(path.relative_to(ROOT)) in wheel
    data = {name for name in wheel if not name.endswith(".py")}
    for start in ("pipeline/presets/", "filters/data/", "language_id/data/"):
        assert any(name.startswith(start) for name in data)
    assert "jobs/log4j2.properties" in data
    assert not [name for name in wheel if "__pycache__" in name]


def test_the_wheel_has_a_command_a_licence_and_a_notice(wheel):
    for end in ("/entry_points.txt", "/licenses/LICENSE", "/licenses/NOTICE"):
        assert [name for name in wheel if name.endswith(".dist-info" + end)]


def test_every_locked_requirement_has_a_hash_and_no_address():
    text = (ROOT / "requirements.lock").read_text()
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    assert len(lines) > 50
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line
    assert "://" not in text


def test_the_lock_covers_every_declared_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.match(r"[A-Za-z0-9._-]+", entry).group().lower() for entry in declared}
    locked = re.findall(
        r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    assert not {n.replace("_", "-") for n in names} - {n.lower() for n in locked} - {"corpusmill"}


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^\.PHONY: *(.+)$", makefile, re.MULTILINE)
    names = {name for line in targets for name in line.split()}
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    described = {line.split()[0] for line in shown.stdout.splitlines() if len(line.split()) > 1}
    assert names
    assert names == described


def test_generated_documents_are_current():
    check = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, check.stdout + check.stderr


def test_every_rule_says_where_it_comes_from():
    for name, rule in RULES.items():
        assert rule.name == name
        assert len(rule.source) >= 5, name
        assert rule.low is not None or rule.high is not None, name


def test_modules_stay_readable():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            lines = path.read_text().count("\n")
            assert lines <= 300, f"{path.relative_to(ROOT)} has {lines} lines"


def test_nothing_is_left_over_from_writing():
    # Put together here, so that this file does not hold them.
    marks = [a + b for a, b in (("/wo", "rk/"), ("/ro", "ot/"), ("TO", "DO"), ("FIX", "ME"))]
    found = []
    for path in tracked():
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content[:8000]:
            found += [f"{path.relative_to(ROOT)}: {m}" for m in marks if m.encode() in content]
    assert not found, "\n".join(found)


def test_links_between_documents_lead_somewhere():
    pages = ROOT / "samples" / "pages"
    broken = []
    for path in tracked():
        if path.suffix == ".md" and path.is_file() and not path.is_relative_to(pages):
            targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
            local = [target for target in targets if "://" not in target]
            broken += [f"{path}: {t}" for t in local if not (path.parent / t).exists()]
    assert not broken, "\n".join(broken)
