"""A small run, and what it means that two runs are the same."""

import json

import jax
import numpy as np

import pepita_jax as pj
from configs.default import as_plain, get_config

# Dropout, momentum and feedback: all that a checkpoint must bring back.
CHOICE = "pepita,mlp,digits"
FIELDS = {"num_seeds": 2, "num_epochs": 3, "model.hidden": (8,)}


def make_config(choice=CHOICE, **fields):
    config = get_config(choice)
    config.update_from_flattened_dict({**FIELDS, **fields})
    return as_plain(config, {**FIELDS, **fields})


def assert_same_results(found, wanted):
    """Two workdirs hold the same weights and figures bit for bit, wall times aside."""
    one, other = pj.load_run(found), pj.load_run(wanted)
    trees = ((r.params, r.feedback, r.alignment, {**r.history, "seconds": 0}) for r in (one, other))
    jax.tree.map(np.testing.assert_array_equal, *trees)
    assert one.config == other.config
    assert read_summary(found) == read_summary(wanted)


def assert_same_run(found, wanted):
    """The same, with the same rows in the same order, in the same files."""
    assert_same_results(found, wanted)
    assert read_rows(found) == read_rows(wanted)
    assert names_of_files(found) == names_of_files(wanted)


def read_rows(workdir):
    """All rows of all figures, in their order."""
    lines = [line for path in sorted(workdir.glob("*.jsonl")) for line in open(path)]
    return [{**json.loads(line), "seconds": 0} for line in lines]


def read_summary(workdir):
    return {**json.loads((workdir / "summary.json").read_text()), "seconds": 0}


def names_of_files(workdir):
    # Orbax and its file layer name some of their files at random.
    names = {path.relative_to(workdir).as_posix() for path in workdir.rglob("*") if path.is_file()}
    return {name for name in names if "/states/" not in name}
