"""The comparison of all rules: equal epochs, and equal operations."""

from dataclasses import dataclass
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from experiments.studies.equal_budget import (
    Cost,
    angles_along,
    equal_budget,
    equal_epochs,
    measure,
)
from pepita_jax import BP, build_network, build_rule
from tests.experiments.commands import assert_refused, command


def test_a_budget_is_spent_in_whole_epochs_and_at_least_one():
    assert Cost(1.0, 0).epochs(10) == 10
    assert Cost(0.5, 0).epochs(10) == 20
    assert Cost(4.0, 0).epochs(10) in (2, 3)
    assert Cost(40.0, 0).epochs(10) == 1


def planted(accuracies, angle):
    """A run of two seeds, whose second one is a point better."""
    accuracy = np.array([accuracies, np.add(accuracies, 0.01)])
    angles = np.full((2, 1 + len(accuracies), 2), angle)
    return SimpleNamespace(
        history={"test_accuracy": accuracy}, alignment={"gradient_angle": angles}
    )


def test_each_table_has_the_rule_that_is_best_in_it_first():
    costs = {"bp": Cost(1.0, 1.5), "half": Cost(0.5, 0.25), "twice": Cost(2.0, 3.0)}
    runs = {
        "bp": planted([0.5, 0.6, 0.7, 0.8], 0.0),
        "half": planted([0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9], np.nan),
        "twice": planted([0.6, 0.7], 45.0),
    }
    _, *epochs = equal_epochs(runs, costs, 2)
    _, *budget = equal_budget(runs, costs, 4.0)
    assert [row[0] for row in epochs] == ["twice", "bp", "half"]
    assert epochs[0] == ("twice", "70.50 ± 0.71", "2.00", "3.00", "45°")
    assert epochs[2][-1] == "-"
    assert budget == [
        ("half", "90.50 ± 0.71", "8", "4.0"),
        ("bp", "80.50 ± 0.71", "4", "4.0"),
        ("twice", "70.50 ± 0.71", "2", "4.0"),
    ]


@pytest.mark.filterwarnings("error")
def test_a_run_that_has_not_come_so_far_is_last_and_has_no_figures():
    costs = {"stopped": Cost(1.0, 1.5), "bp": Cost(1.0, 1.5)}
    runs = {"stopped": planted([0.9], 10.0), "bp": planted([0.5, 0.6], 0.0)}
    _, *epochs = equal_epochs(runs, costs, 2)
    _, *budget = equal_budget(runs, costs, 2.0)
    assert epochs[1] == ("stopped", "-", "1.00", "1.50", "-")
    assert budget[1] == ("stopped", "-", "2", "2.0")
    assert epochs[0][0] == budget[0][0] == "bp"


def test_angles_are_those_of_rules_that_near_gauss_newton_layer_by_layer():
    run = planted([0.5, 0.6], 10.0)  # two layers, epochs 0 to 2
    run.alignment["gauss_newton_angle"] = run.alignment["gradient_angle"] + [[[1, 2]], [[3, 4]]]
    heading, *rows = angles_along({"bp": planted([0.5, 0.6], 0.0), "dfc": run}, 1)
    assert heading[3:] == ("epoch 0", "epoch 1")
    assert rows == [
        ("dfc", "1", "bp", "10°", "10°"),
        ("dfc", "1", "Gauss-Newton", "12°", "12°"),
        ("dfc", "2", "bp", "10°", "10°"),
        ("dfc", "2", "Gauss-Newton", "13°", "13°"),
    ]


def test_the_memory_of_two_steps_is_not_that_of_their_first_alone():
    net = build_network("mlp", input_shape=(8, 8, 1), num_classes=10, hidden=(512,))
    two, first = (measure(build_rule(name, net), 16) for name in ("pepita_time_local", "shallow"))
    assert two.memory > first.memory  # shallow: the output layer's update, as the first step


def test_a_rule_of_ones_own_is_compared_by_its_path(tmp_path):
    own = "pepita_jax.rules.skeleton.Skeleton"
    words = ["--dataset=digits", f"--rules=bp,{own}", "--num_seeds=1", "--num_epochs=1"]
    done = command("studies.all_rules", *words, "--budget=1", f"--workdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"| {own} ") == 2


@dataclass(frozen=True)
class Diverging(BP):
    def pseudo_gradients(self, params, F, batch):
        dW, aux = super().pseudo_gradients(params, F, batch)
        return jax.tree.map(lambda g: g / 0, dW), aux


def test_a_rule_that_diverges_does_not_stop_the_others(tmp_path):
    own = f"{__name__}.Diverging"
    words = ["--dataset=digits", "--num_seeds=1", "--num_epochs=1", "--budget=1"]
    done = command("studies.all_rules", *words, f"--rules={own},bp", f"--workdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert sum(line.startswith(f"| {own} | - ") for line in rows) == 2
    assert sum(line.startswith("| bp ") for line in rows) == 2


def test_what_is_shown_is_what_was_asked_for(tmp_path):
    words = ["--dataset=digits", "--rules=bp", "--num_seeds=1", "--num_epochs=1", "--budget=1"]
    words.append(f"--workdir={tmp_path}")
    done = command("studies.all_rules", *words, "--notrain")
    assert_refused(done, "holds no run of bp")
    assert command("studies.all_rules", *words).returncode == 0
    assert "| bp " in command("studies.all_rules", *words, "--notrain").stdout
    done = command("studies.all_rules", *words, "--notrain", "--model=conv")
    assert_refused(done, "a different run", "model.name was 'mlp', is 'conv'")


def test_no_rules_are_not_all_rules(tmp_path):
    done = command("studies.all_rules", "--rules=", f"--workdir={tmp_path}")
    assert_refused(done, "--rules= has no value")


def test_rules_that_do_not_suit_the_network_are_named(tmp_path):
    words = ["--dataset=digits", "--model=conv", "--rules=forward_forward"]
    done = command("studies.all_rules", *words, f"--workdir={tmp_path}")
    assert "forward_forward needs dense layers" in done.stdout
    assert_refused(done, "no rule that was asked for suits conv on digits")


@pytest.mark.parametrize("budget", ["nan", "inf", "0", "-5"])
def test_a_budget_is_a_number_above_0(budget, tmp_path):
    words = ["--dataset=digits", "--rules=bp", f"--budget={budget}", f"--workdir={tmp_path}"]
    assert_refused(command("studies.all_rules", *words), "--budget must be", budget)


@pytest.mark.slow
def test_rules_are_trained_once_and_shown_again(tmp_path):
    words = ["--dataset=digits", "--rules=bp,shallow", "--num_seeds=2", "--num_epochs=1"]
    words += ["--budget=2", f"--workdir={tmp_path}"]
    first, again = command("studies.all_rules", *words), command("studies.all_rules", *words)
    assert first.returncode == again.returncode == 0, first.stderr
    assert "shallow on digits" in first.stderr
    assert "epoch 1" not in again.stderr
    assert first.stdout.count("| bp ") == again.stdout.count("| bp ") == 2
