"""The tutorials: their cells run in order and leave nothing behind, and hold no outputs."""

import json
import re
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
by_name = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)


def cells(file, kind):
    """The notebook's cells of a kind, as `(id, text)`."""
    found = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return [(cell["id"], "".join(cell["source"])) for cell in found if cell["cell_type"] == kind]


@pytest.fixture
def empty_folders(tmp_path, monkeypatch):
    """A working directory and a folder for temporary files, both empty; plots open no window."""
    folders = [tmp_path / name for name in ("here", "temporary")]
    for folder in folders:
        folder.mkdir()
    monkeypatch.chdir(folders[0])
    monkeypatch.setattr(tempfile, "tempdir", str(folders[1]))
    plt.switch_backend("agg")
    yield folders
    plt.close("all")


def test_the_four_tutorials_are_there():
    names = {file.stem for file in NOTEBOOKS}
    assert names == {"one_step", "compare_rules", "write_a_rule", "own_data"}


@pytest.mark.slow  # `make docs` runs them too
@by_name
def test_cells_run_in_order_and_leave_no_files(file, empty_folders):
    """What the notebook says of its numbers, it asserts itself."""
    names = {"__name__": "__main__"}
    for cell_id, source in cells(file, "code"):
        exec(compile(source, f"{file.name}, cell {cell_id}", "exec"), names)
    assert [list(folder.iterdir()) for folder in empty_folders] == [[], []]


@by_name
def test_no_outputs_are_stored(file):
    notebook = json.loads(file.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"]] == []


@by_name
def test_any_jupyter_can_open_it(file):
    notebook = json.loads(file.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)  # which has cell ids
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]{1,64}", cell_id) for cell_id in ids)


@by_name
def test_relative_links_lead_to_files(file):
    for _, text in cells(file, "markdown"):
        for target in re.findall(r"\]\(([^)\s#]+)", text):
            assert re.match(r"[a-z]+:", target) or (file.parent / target).exists(), target
