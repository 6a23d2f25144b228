"""What the command refuses, in one line and before it trains anything."""

import json

import pytest

from experiments.papers.papers import PAPERS
from experiments.papers.pepita.runs import of_table_1
from experiments.papers.record_files import read_records, write_records
from experiments.papers.results import Results
from pepita_jax.errors import UserError
from tests.experiments.commands import assert_refused, command
from tests.experiments.papers.planted import plant


def test_results_of_another_run_are_refused(tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]])
    (found,) = read_records(tmp_path / "records" / f"{run.name}.json")
    found["config"]["optimizer"]["learning_rate"] = 7
    write_records(tmp_path / "records" / f"{run.name}.json", [found])
    done = command("reproduce", "fig3", "--quick", f"--out={tmp_path}")
    assert_refused(done, "another run's results", "learning_rate was 7, is 0.05", "--out")


def test_seeds_are_not_added_under_other_settings(tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]], environment={"settings": {"jax_enable_x64": True}})
    done = command("reproduce", "table1:pepita,mlp,mnist", "--quick", f"--out={tmp_path}")
    assert_refused(done, run.name, "jax_enable_x64 was True, is not set", "choose another --out")


LACKING = '{"run": "x", "trained": [{}], "seeds": {"0": {"trained": 0}}}'
CONFIG = {"num_seeds": 1, "num_epochs": 1, "rule": {}, "model": {}}
OLD = json.dumps({"cell": "", "seed": 0, "epochs": 1, "config": CONFIG, "environment": {},
                  "metrics": {}, "alignment": {}})  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("records/{0}.json", "{", ["{0}.json is damaged"]),
        ("records/{0}.json", "{}", ["{0}.json holds no records of seeds"]),
        ("records/{0}.json", "[]", ["{0}.json holds no records of seeds"]),
        ("records/{0}.json", LACKING, ["{0}.json is no result of a seed", "lacks", "epochs"]),
        ("cells/{0}/seed_0.json", "{", ["seed_0.json is damaged"]),
        ("cells/{0}/seed_0.json", "{}", ["seed_0.json is no result of a seed", "lacks", "epochs"]),
        ("cells/{0}/seed_0 (1).json", OLD, ["seed_0 (1).json is a copy of seed_0.json"]),
    ],
)
def test_what_is_no_result_is_refused_before_anything_is_trained(file, content, words, tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]])
    path = tmp_path / file.format(run.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    # Another run of the artifact is to be trained; what is shown beside it counts as well.
    done = command("reproduce", "table1:bp,mlp,mnist", "--quick", f"--out={tmp_path}")
    assert_refused(done, *(word.format(run.name) for word in words))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["which paper or artifact", "table1"]),
        (["fig1"], ["unknown artifact 'fig1'"]),
        (["fig3", "--seeds=3"], ["FIRST:END", "'3'"]),
        (["fig3", "--epochs=0"], ["epochs"]),
        ([""], ["unknown artifact ''"]),
        (["drtp:"], ["unknown artifact ''", "fc1_500"]),
        (["fig3", "--merge="], ["--merge= has no value"]),
        (["fig3"], ["mnist", "prepare_data"]),
    ],
)
def test_mistakes_are_named_before_anything_is_trained(arguments, words, tmp_path):
    folders = (f"--out={tmp_path}", f"--workdir={tmp_path / 'runs'}")
    assert_refused(command("reproduce", *arguments, *folders), *words)


@pytest.mark.parametrize("paper", ["pepita", "drtp"])
def test_quick_results_do_not_replace_a_paper_s(paper):
    done = command("reproduce", "fig3", "--quick", f"--out={PAPERS[paper].results}")
    assert_refused(done, "--quick would replace the tables in", "choose another --out")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", "2"),
        ("epochs", None),
        ("epochs", 0),
        ("metrics", {"test_accuracy": [0.5, 0.6, 0.7]}),
        ("seed", -1),
        ("seed", True),
        ("config", []),
        ("config", {}),
        ("environment", None),
        ("metrics", None),
        ("metrics", {"test_accuracy": [0.5]}),
        ("metrics", {"test_accuracy": 0.5}),
        ("run", 3),
    ],
)
def test_a_record_that_cannot_be_so_is_named(field, value, tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5, 0.6]])
    (record,) = read_records(tmp_path / "records" / f"{run.name}.json")
    old = tmp_path / "cells" / run.name / f"seed_{record['seed']}.json"
    old.parent.mkdir(parents=True)
    old.write_text(json.dumps({**record, field: value}))
    with pytest.raises(UserError, match=rf"seed_0\.json is damaged, or was changed: .*{field}"):
        Results(tmp_path).read(run)
