"""Several runs in one plot, and what a page opens on."""

import numpy as np
import pytest
from scipy import stats

import pepita_jax as pj
from experiments.papers.differences import paired_difference
from experiments.reporting.comparison import draw_comparison, labels, short_names
from experiments.reporting.page import make_page
from experiments.reporting.pairing import compare
from experiments.reporting.verdict import judge_documents, judge_runs
from pepita_jax.errors import UserError
from pepita_jax.figures import TITLE_WIDTH
from pepita_jax.history import History
from pepita_jax.runs.objects import describe_rule
from pepita_jax.styles import rule_style
from tests.experiments.commands import assert_refused, command
from tests.experiments.test_page import make_report
from tests.experiments.test_report import ACCURACIES, plant

ONE = np.array([0.5, 0.6, 0.7, 0.9])
OTHER = np.array([0.4, 0.4, 0.6, 0.7])


def run(name, rule, accuracies, **fields):
    """A `Report` of seeds with these last accuracies."""
    report = make_report(name, 0.5)
    curves = np.stack([np.full(len(accuracies), 0.1), accuracies], 1)
    seeds = list(range(len(accuracies)))
    config = report.config | {"rule": {"name": rule}, "seed": 0, "num_epochs": 2} | fields
    history = History(dict.fromkeys(report.history, curves), seeds)
    return report._replace(seeds=seeds, config=config, history=history)


def test_a_difference_is_that_of_student_s_t_for_pairs():
    found = paired_difference(ONE, OTHER)
    points = 100 * (ONE - OTHER)
    error = points.std(ddof=1) / 2
    half = stats.t.ppf(0.975, 3) * error
    assert (found.mean, found.low, found.high) == pytest.approx((15, 15 - half, 15 + half))
    assert found.p == pytest.approx(2 * stats.t.sf(15 / error, 3))
    assert found.excludes_zero
    assert found.with_p().endswith(f"], p = {found.p:.3f}")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (OTHER, "+0.00"),
        ([0.5, np.nan, np.nan, np.nan], "+10.00, 1 pair"),
        ([np.nan] * 4, "-"),
    ],
)
def test_where_there_is_no_interval_there_is_no_p_value(one, words):
    found = paired_difference(one, OTHER)
    assert (found.with_p(), found.excludes_zero) == (words, None)


def test_the_plot_has_each_run_s_curve_and_its_difference_from_the_first():
    reports = [run("runs/bp", "bp", OTHER), run("runs/pepita", "pepita", ONE)]
    curves, differences = draw_comparison(reports).axes
    drawn = {line.get_label(): line for line in curves.lines}
    for report, rule in zip(reports, ("bp", "pepita"), strict=True):
        mean = 100 * report.history["test_accuracy"].mean(0)
        np.testing.assert_allclose(drawn[rule].get_ydata(), mean)
        assert drawn[rule].get_color() == rule_style(rule)["color"]
    found = paired_difference(ONE, OTHER)
    (bar,) = differences.collections
    np.testing.assert_allclose(bar.get_segments()[0][:, 0], [found.low, found.high])
    point = differences.lines[0]
    np.testing.assert_allclose(point.get_xydata(), [[15, 0]])
    assert (point.get_color(), point.get_marker()) == (
        rule_style("pepita")["color"], rule_style("pepita")["marker"]
    )  # fmt: skip
    (label,) = differences.get_yticklabels()
    assert label.get_text() == f"pepita\n{found.with_p()}"
    assert differences.get_title() == "difference from bp\nafter epoch 2"
    assert "4 seeds" in differences.get_xlabel()


def test_runs_that_do_not_pair_have_curves_alone_and_are_named(capsys):
    reports = [run("bp", "bp", OTHER), run("fa", "fa", ONE, seed=7)]
    (curves,) = draw_comparison(reports).axes
    assert {"bp", "fa"} <= {line.get_label() for line in curves.lines}
    said = capsys.readouterr().err
    assert said.startswith("fa has no difference from bp in the plot:")
    assert said.endswith("seed is 7 and 0\n")


def arrays(name, rule, accuracies, checksum):
    """A `Report` of a run of `pj.train` on arrays with this checksum."""
    net = pj.mlp((28, 28, 1), 10, hidden=(32,))
    data = {"checksum": {"train": checksum, "test": "5d85" * 16}}
    model = describe_rule(pj.Pepita(net))["model"]
    return run(name, rule, accuracies, dataset="arrays", data=data, model=model)


def test_a_script_s_runs_show_their_network_and_their_arrays():
    report = arrays("mine", "bp", ONE, "02d1ab" + "0" * 58)
    words = ("bp", "28x28x1: dense 32, dense 10; relu, softmax", "arrays 02d1ab")
    assert report.words == words
    assert (report.summary["model"], report.summary["dataset"]) == words[1:]
    title = draw_comparison([report]).axes[0].get_title()
    assert " ".join(title.split()) == " on ".join(words[1:])
    assert all(len(line) <= TITLE_WIDTH for line in title.splitlines())


def test_runs_on_other_data_are_told_apart_by_names_that_can_be_read():
    mine, other = (arrays("mine", "bp", ONE, digit * 64) for digit in "ab")
    file = run("file", "bp", ONE, dataset="/data/mine.npz", data={"checksum": "c" * 64})
    digits = run("digits", "bp", ONE)
    assert compare(mine, arrays("again", "bp", OTHER, "a" * 64)) == paired_difference(ONE, OTHER)
    mixed = "; runs of pj.train pair only with each other"
    pairs = [
        (mine, other, "arrays aaaaaa and arrays bbbbbb"),
        (digits, file, "digits and mine.npz (cccccc)"),
        (mine, file, f"arrays aaaaaa and mine.npz (cccccc){mixed}"),
        (digits, mine, f"digits and arrays aaaaaa{mixed}"),
    ]
    for one, baseline, words in pairs:
        with pytest.raises(UserError) as error:
            compare(one, baseline)
        assert str(error.value).endswith(f": dataset is {words}")


def test_labels_name_the_data_where_they_differ():
    reports = [run("runs/bp", "bp", ONE), run("runs/bp_mnist", "bp", OTHER, dataset="mnist")]
    assert labels(reports) == ["digits (bp)", "bp_mnist"]


def test_a_run_whose_folder_does_not_name_its_rule_is_labelled_with_it():
    reports = [run("runs/mnist", "pepita", ONE), run("runs/bp_2", "bp", OTHER)]
    assert labels(reports) == ["pepita (mnist)", "bp_2"]


def test_folders_are_named_without_what_they_share():
    assert short_names(["runs/a/bp", "runs/a/fa"]) == ["bp", "fa"]
    assert short_names(["runs/a/bp", "runs/b/bp"]) == ["a/bp", "b/bp"]
    assert short_names(["/tmp/bp", "bp"]) == ["/tmp/bp", "bp"]
    assert short_names(["runs/bp"]) == ["bp"]


def test_the_verdict_tells_runs_that_differ_from_those_that_cannot_be_told_apart():
    reports = [
        run("bp", "bp", OTHER),
        run("fa", "fa", ONE),
        run("drtp", "drtp", OTHER + np.array([0.01, -0.01, 0.02, -0.01])),
        run("dfa", "dfa", OTHER, seed=7),
    ]
    (verdict,) = judge_runs(reports)
    assert verdict.title == "Compared with bp"
    lists = dict(verdict.lists)
    (differs,), (alike,), (apart,) = lists.values()
    assert list(lists) == ["Differ", "Cannot be told apart", "Not compared"]
    assert differs == f"fa: {paired_difference(ONE, OTHER).with_p()}"
    assert alike.startswith("drtp: +0.25 [")
    assert apart.startswith("dfa: runs cannot be compared seed by seed: seed is 7 and 0")
    assert judge_runs(reports[:1]) == []


TABLE = """Words.

| data  | rule | test %       | seeds | paper % | difference | agrees |
|-------|------|--------------|-------|---------|------------|--------|
| mnist | BP   | 98.60 ± 0.04 | 10    | 98.63   | -0.03      | yes    |
| mnist | DRTP | 95.53 ± 0.12 | 10    | 95.10   | +0.43      | no     |
| mnist | DFA  | 98.41 ± 0.06 | 10    | -       | -          | -      |
| cifar | FA   | 24.81 ± 0.21 | 10    | 24.61   | -          | later  |
"""


def test_the_verdict_on_a_paper_is_that_of_its_tables():
    documents = [("Table 1", TABLE, None), ("Table 3", "| a |\n|---|\n| 1 |", None)]
    (verdict,) = judge_documents([*documents, ("Figure", None, "<svg")])
    assert verdict.title == "Table 1"
    assert verdict.sentence.startswith("1 of 2 accuracies agree")
    assert dict(verdict.lists) == {
        "Do not agree": ["mnist DRTP: 95.53 ± 0.12 %, published 95.10 % (+0.43)"],
        "Agree": ["mnist BP"],
        "Not compared": ["cifar FA: later"],
    }


def test_the_page_opens_on_the_verdict_and_its_contents_name_it():
    documents = [("Table 1", TABLE, None)]
    page = make_page([make_report("bp", 0.5)], [], documents, judge_documents(documents))
    places = [page.index(text) for text in ('href="#verdict"', 'id="verdict"', 'id="document-1"')]
    assert places == sorted(places)
    assert "mnist DRTP: 95.53" in page
    assert 'id="verdict"' not in make_page([make_report("bp", 0.5)], [], documents)


def test_one_command_writes_the_plot(tmp_path):
    workdirs = [plant(tmp_path / rule, rule, values) for rule, values in ACCURACIES.items()]
    plot = tmp_path / "new" / "runs.svg"
    done = command("report", *workdirs, f"--plot={plot}", f"--baseline={workdirs[1]}")
    assert done.returncode == 0, done.stderr
    last = [np.array(ACCURACIES[rule])[:, -1] for rule in ("pepita", "shallow")]
    assert paired_difference(*last).with_p() in plot.read_text()


def test_a_plot_of_another_kind_is_refused(tmp_path):
    workdir = plant(tmp_path / "bp", "bp", ACCURACIES["pepita"])
    refused = command("report", workdir, f"--plot={tmp_path / 'plot.xyz'}")
    assert_refused(refused, "--plot=plot.xyz must end with one of", "png")


def test_the_plot_of_many_runs_of_long_names_lies_inside_its_file():
    names = [f"runs/a_rather_long_name_of_a_run_{i}" for i in range(12)]
    reports = [run(name, "bp", ONE + 0.01 * i * ONE) for i, name in enumerate(names)]
    figure = draw_comparison(reports)
    figure.canvas.draw()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.get_figwidth()
    assert box.y1 <= figure.get_figheight()
