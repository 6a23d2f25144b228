"""`pj.train` in a workdir does what the training command does, with a script's own objects."""

import itertools
import json
import shutil
from dataclasses import dataclass, replace

import jax
import numpy as np
import optax
import pytest

import pepita_jax as pj
from configs import saved
from pepita_jax.runs.locks import hold_seeds
from pepita_jax.runs.run import run
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from tests.reliability.runs import assert_same_run, make_config
from tests.training.test_loop import make_data

NET = pj.mlp((4, 4, 1), 2, hidden=(8,), dropout=0.1)
# Feedback that learns, and states of two transformations: all that a checkpoint must bring back.
RULE = pj.KolenPollack(NET)
OPTIMIZER = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.01))
DATA = {"train": make_data(105), "test": make_data(50, seed=1)}


def train(workdir=None, num_epochs=4, optimizer=OPTIMIZER, rule=RULE, **options):
    options = {"num_seeds": 2, "batch_size": 10, "progress": False, **DATA, **options}
    options = {"log_alignment": False, **options}
    options |= {"num_epochs": num_epochs, "workdir": workdir}
    return pj.train(rule.net, rule, optimizer, **options)


def assert_equal(found, wanted):
    weights = ((r.params, r.feedback) for r in (found, wanted))
    jax.tree.map(np.testing.assert_array_equal, *weights)
    unlike = {"seconds": 0, "learning_rate": 0}
    figures = lambda result: {**result.history, **unlike}
    jax.tree.map(np.testing.assert_array_equal, *map(figures, (found, wanted)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The workdir of a run of four epochs, and its result."""
    path = tmp_path_factory.mktemp("whole")
    return path, train(path)


def test_a_run_that_goes_on_equals_one_go_and_one_without_files(whole, tmp_path):
    train(tmp_path, num_epochs=2)
    resumed = train(tmp_path)
    assert_same_run(tmp_path, whole[0])
    assert_equal(resumed, whole[1])
    plain = train()
    assert set(whole[1].history) - set(plain.history) == {"learning_rate", "seconds"}
    assert_equal(whole[1], plain)


def test_without_a_workdir_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train(num_epochs=1)
    assert list(tmp_path.iterdir()) == []


def test_the_same_configuration_gives_the_command_s_numbers(tmp_path):
    config = make_config("pepita,mlp,digits", num_epochs=2, validation_fraction=0.25)
    run(config, tmp_path / "command")
    data, options = pj.load_dataset("digits", validation_fraction=0.25), config["optimizer"]
    model = {name: option for name, option in config["model"].items() if name != "name"}
    rule = pj.Pepita(pj.mlp((8, 8, 1), 10, **model))
    optimizer = pj.build_optimizer("sgd", options["learning_rate"], momentum=options["momentum"])
    result = pj.train(
        rule.net, rule, optimizer, **data._asdict(), num_seeds=2, num_epochs=2, progress=False,
        batch_size=config["batch_size"], workdir=tmp_path / "script",
    )  # fmt: skip
    script, command = (pj.load_run(tmp_path / name) for name in ("script", "command"))
    assert_equal(result, command)
    jax.tree.map(np.testing.assert_array_equal, script.alignment, command.alignment)
    rates = [r.history["learning_rate"] for r in (script, command)]
    np.testing.assert_allclose(*rates, rtol=1e-7)  # one was rounded to float32
    files = [{p.name for p in (tmp_path / n).iterdir()} for n in ("script", "command")]
    assert files[0] == files[1]


def test_more_seeds_are_trained_by_themselves(whole, tmp_path):
    path, shown = tmp_path / "grown", []
    train(path, num_epochs=2)
    shutil.copytree(path, tmp_path / "few")
    result = train(path, num_epochs=2, num_seeds=3, callback=shown.append)
    assert [r.history.seeds for r in shown] == [(2,), (2,)]
    assert result.history.seeds == (0, 1, 2)
    some = jax.tree.map(lambda x: x[:2], (result.params, result.feedback))
    assert_equal(pj.Result(*some, result.history.of_first(2)), pj.load_run(tmp_path / "few"))


IMAGE, LABEL = DATA["train"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_epochs": 3}, "num_epochs 4; it can be raised, not lowered"),
        ({"num_seeds": 1}, "num_seeds 2; it can be raised, not lowered"),
        ({"seed": 1}, "seed was 0, is 1"),
        ({"batch_size": 5}, "batch_size was 10, is 5"),
        (
            {"train": (1 - IMAGE, LABEL)},
            r"run: data\.checksum\.train was '\w{64}', is '\w{64}'; use",
        ),
        ({"validation": (IMAGE, LABEL)}, r"run: data\.checksum\.validation was not set, is"),
        ({"rule": pj.KolenPollack(NET, decay=0.2)}, r"rule\.decay was .*, is 0\.2"),
        ({"rule": pj.FA(NET)}, "run: rule.name was 'kolen_pollack', is 'fa'; use"),
        (
            {"rule": pj.KolenPollack(replace(NET, activation="tanh"))},
            r"run: model\.repr was .*tanh",
        ),
        ({"optimizer": optax.adam(0.01)}, r"optimizer\.states was .*EmptyState"),
        ({"optimizer": optax.noisy_sgd(0.1, key=1)}, "random keys in its state, .* leave workdir"),
        ({"feedback_optimizer": optax.sgd(0.1)}, r"feedback_optimizer\.first_steps was not set"),
        ({"shuffle": False}, "run: shuffle was True, is False; use"),
        ({"augment": pj.Augment(crop=1)}, r"run: augment\.crop was 0, is 1; use"),
        ({"callback": 3}, "callback must be callable, got 3"),
        ({"checkpoint_every": 0}, "checkpoint_every must be an integer of at least 1"),
    ],
)
def test_what_would_be_another_run_is_refused(options, message, whole):
    before = (whole[0] / "config.json").read_text()
    with pytest.raises(pj.UserError, match=message) as refused:
        train(whole[0], **options)
    assert "\n" not in str(refused.value)
    assert (whole[0] / "config.json").read_text() == before


def test_a_callback_sees_each_epoch_and_keeps_what_it_got(whole):
    shown = []
    result = train(callback=shown.append)
    assert [r.history.num_epochs for r in shown] == [1, 2, 3, 4]
    assert_equal(shown[-1], result)
    for before, after in itertools.pairwise(shown):
        assert not np.array_equal(before.params[0], after.params[0])
    assert_equal(shown[1], train(num_epochs=2))


def test_a_callback_ends_the_training_and_the_same_call_trains_no_more(
    whole, tmp_path, monkeypatch
):
    seen = []

    def third(result):
        seen.append(result.history.num_epochs)
        return np.bool_(result.history.num_epochs == 3)

    options = {"callback": third, "checkpoint_every": 2}
    ended = train(tmp_path, **options)
    assert_equal(ended, train(callback=third))
    assert pj.load_run(tmp_path).config["num_epochs"] == 3
    assert json.loads((tmp_path / "summary.json").read_text())["num_epochs"] == 3
    seen.clear()
    with monkeypatch.context() as patch:
        patch.setattr(SeedTrainer, "train_epoch", None)
        again = train(tmp_path, **options)
    assert seen == [3]
    assert_equal(again, ended)
    assert json.loads((tmp_path / "config.json").read_text())["num_epochs"] == 3
    assert_equal(train(tmp_path), whole[1])


def test_the_first_seeds_decide_for_those_that_are_added(tmp_path):
    is_second = lambda result: result.history.num_epochs == 2
    train(tmp_path, callback=is_second)
    at_once = lambda result: result.history.seeds != (0, 1) or is_second(result)
    result = train(tmp_path, callback=at_once, num_seeds=3)
    assert (result.history.seeds, result.history.num_epochs) == ((0, 1, 2), 2)


def test_what_a_callback_raises_ends_the_training_and_what_was_saved_stays(whole, tmp_path):
    with pytest.raises(ZeroDivisionError):
        train(tmp_path, callback=lambda result: 1 / (2 - result.history.num_epochs) < 0)
    assert pj.load_run(tmp_path).history.num_epochs == 2
    assert_equal(train(tmp_path), whole[1])


def test_ctrl_c_within_an_epoch_leaves_what_was_saved(whole, tmp_path, monkeypatch):
    train_epoch = SeedTrainer.train_epoch

    def interrupted(self, states, epoch, report):
        if epoch == 3:
            raise KeyboardInterrupt
        return train_epoch(self, states, epoch, report)

    with monkeypatch.context() as patch:
        patch.setattr(SeedTrainer, "train_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path)
    assert_equal(train(tmp_path), whole[1])
    assert_same_run(tmp_path, whole[0])


@pytest.mark.parametrize("answer", [1, "no", np.array([True, False])])
def test_a_callback_s_answer_is_true_or_nothing(answer):
    with pytest.raises(pj.UserError, match="callback must return True to end the training, or"):
        train(callback=lambda result: answer)


def test_a_run_of_a_script_is_read_back_with_its_own_objects(whole):
    found = pj.load_run(whole[0])
    assert (found.rule, found.net) == (RULE, NET)
    assert_equal(found, whole[1])
    drawn = jax.vmap(lambda key: pj.init_state(RULE, OPTIMIZER, key))
    states = drawn(seed_keys(0, 2))
    initial = pj.load_run(whole[0], epoch=0)
    jax.tree.map(np.testing.assert_array_equal, initial.params, states.params)


@dataclass(frozen=True)
class Own(pj.BP):
    """A rule with an option that JSON does not hold."""

    option: object = None


def test_how_batches_are_made_and_feedback_learns_holds_when_a_run_goes_on(tmp_path):
    batches = {"shuffle": False, "drop_last": False, "augment": pj.Augment(flip=True, crop=1)}
    options = {**batches, "feedback_optimizer": optax.sgd(0.3, momentum=0.5)}
    whole = train(num_epochs=2, **options)
    train(tmp_path, num_epochs=1, **options)
    assert_equal(train(tmp_path, num_epochs=2, **options), whole)


def test_a_rule_that_cannot_be_rebuilt_is_given(tmp_path):
    rule = Own(NET, option=max)
    result = train(tmp_path, num_epochs=1, rule=rule)
    with pytest.raises(pj.UserError, match=r"Own' on .* cannot be rebuilt \(.*rule=rule\)"):
        pj.load_run(tmp_path)
    with pytest.raises(pj.UserError, match=r"another rule: rule\.option.* was .*max.*, is .*min"):
        pj.load_run(tmp_path, rule=Own(NET, option=min))
    assert_equal(pj.load_run(tmp_path, rule=rule), result)


def test_no_other_rule_is_taken_for_a_run_of_the_command(tmp_path):
    run(make_config("bp,mlp,digits", num_epochs=1), tmp_path)
    rule = pj.load_run(tmp_path).rule
    assert pj.load_run(tmp_path, rule=rule).rule is rule
    with pytest.raises(pj.UserError, match=r"another rule: rule was BP.*, is FA"):
        pj.load_run(tmp_path, rule=pj.FA(rule.net))


def test_the_learning_rate_is_logged_if_the_optimizer_s_state_holds_it(tmp_path):
    optimizer = pj.build_optimizer("sgd", optax.linear_schedule(1.0, 0.0, 40))
    history = train(tmp_path, 2, optimizer, pj.BP(NET)).history
    np.testing.assert_allclose(history["learning_rate"], [[1 - 9 / 40, 1 - 19 / 40]] * 2, rtol=1e-6)
    assert np.isnan(train(tmp_path / "chain", 1).history["learning_rate"]).all()


def test_seeds_that_diverge_are_nan_and_without_any_other_it_ends(tmp_path, capsys):
    options = {"optimizer": optax.sgd(1e30), "rule": pj.BP(NET)}
    result = train(tmp_path, progress=True, **options)
    assert "seed 0 has diverged in epoch 1: its weights" in capsys.readouterr().err
    assert_equal(result, train(**options))
    assert result.history["test_accuracy"].shape == (2, 1)


def test_a_workdir_that_is_in_use_or_not_a_run_s_is_refused(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "held")
    message = "in use by another process"
    with hold_seeds(tmp_path / "held", [range(2)]), pytest.raises(pj.UserError, match=message):
        train(tmp_path / "held", num_epochs=5)
    (tmp_path / "sweep.json").touch()
    with pytest.raises(pj.UserError, match="holds a sweep: use another workdir"):
        train(tmp_path)
    with pytest.raises(pj.UserError, match=r"holds a run of pj\.train: run the script"):
        saved.get_config(whole[0])
