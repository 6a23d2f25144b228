"""What the documentation promises: its code runs, its links lead somewhere, `make help` is true."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("docs", "experiments", "tests")
FILES = [*ROOT.glob("*.md"), *(file for room in ROOMS for file in (ROOT / room).rglob("*.md"))]
# The site makes some pages, and checks them itself.
DOCUMENTS = sorted(file for file in FILES if not file.read_text().startswith("% Made"))


def without_code_blocks(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(text):
    """The names that GitHub gives to a page's headings."""
    for heading in re.findall(r"^#+ (.+)$", without_code_blocks(text), flags=re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_python_of_the_readme_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    names = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["loss"] > 0
    assert names["accuracy"].shape == (10,)
    assert names["accuracy"].mean() > 80  # percent; chance is 10
    assert "±" in capsys.readouterr().out


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_relative_links_lead_somewhere(file):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code_blocks(file.read_text())):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        linked = (file.parent / path) if path else file
        if not linked.exists() or (anchor and anchor not in anchors(linked.read_text())):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_that_are_named_exist(file):
    text = file.read_text()
    paths = re.findall(r"`((?:configs|docs|experiments|pepita_jax|tests)/[a-z_][\w./]*)`", text)
    missing = [path for path in paths if not (ROOT / path).exists()]
    tests = re.findall(r"`(?:tests/)?((?:\w+/)*test_\w+\.py)`", text)
    missing += [path for path in tests if not list((ROOT / "tests").glob(f"**/{path}"))]
    assert not missing


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE).group(1).split()
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    described = re.findall(r"^make ([\w-]+) +\S", shown, flags=re.MULTILINE)
    assert sorted(described) == sorted(targets)
