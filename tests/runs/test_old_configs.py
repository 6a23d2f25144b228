"""Runs of version 0.1, whose `pepita` had three more rules as options."""

import json
from functools import partial

import pytest

import pepita_jax as pj
from configs import saved
from experiments.papers.pepita.noise import InputNoise
from pepita_jax.files import write_checksums
from pepita_jax.rules import rule_options
from pepita_jax.runs.old_configs import NOISE, upgrade
from pepita_jax.runs.run import run
from tests.reliability.runs import assert_same_run, make_config

# Version 0.1's options of `pepita`, with their defaults.
OLD = {
    "name": "pepita", "update": "joint", "presynaptic": "modulated", "output_error": "standard",
    "modulation": "error", "modulation_sign": 1, "feedback": "fixed", "feedback_scale": 0.05,
    "feedback_init": "he_uniform", "mirror_decay": 0.01, "noise_scale": 0.1, "noise_low": -1.0,
}  # fmt: skip
MIRRORED = {"feedback": "mirrored", "modulation_sign": -1}

# {name of the rule now: (what version 0.1 was told, the options now that are no defaults)}.
RULES = {
    "pepita": ({"presynaptic": "standard"}, {"presynaptic": "standard"}),
    "pepita_hebbian": ({"update": "time_local", "modulation_sign": -1}, {"modulation_sign": -1}),
    "pepita_mirrored": (
        {**MIRRORED, "update": "time_local", "mirror_decay": 0.02},
        {"updates": "hebbian", "mirror_decay": 0.02},
    ),
    NOISE: ({"modulation": "noise", "noise_low": 0.0}, {"noise_low": 0.0}),
}


@pytest.mark.parametrize("name", RULES)
def test_an_old_rule_becomes_that_of_today_with_all_its_options(name):
    told, options = RULES[name]
    old = {"rule": OLD | told, "seed": 3}
    wanted = {"rule": {**rule_options(name), **options, "name": name}, "seed": 3}
    before = json.dumps(old)
    assert upgrade(old) == wanted
    assert json.dumps(old) == before
    assert upgrade(wanted) == wanted


@pytest.mark.parametrize(("whiten", "preprocess"), [(True, "whiten"), (False, "none")])
def test_whitening_was_a_field_of_its_own(whiten, preprocess):
    wanted = {"seed": 3, "preprocess": preprocess}
    assert upgrade({"seed": 3, "whiten": whiten}) == wanted
    assert upgrade(wanted) == wanted


def test_mirrored_pepita_keeps_its_own_updates():
    assert upgrade({"rule": OLD | MIRRORED})["rule"]["updates"] == "pepita"


def test_the_first_configurations_had_fewer_options():
    first = {k: v for k, v in OLD.items() if k not in ("update", "feedback", "mirror_decay")}
    assert upgrade({"rule": first})["rule"] == {"name": "pepita", **rule_options("pepita")}
    noise = upgrade({"rule": first | {"modulation": "noise"}})["rule"]
    assert noise == {"name": NOISE, **rule_options(NOISE)}


@pytest.mark.parametrize(
    "config",
    [{}, {"rule": "damaged"}, {"rule": {}}, {"rule": {"name": "bp"}}, {"rule": {"name": "pepita"}},
     {"rule": {"name": "my_rules.Toy", "update": "time_local"}}],
)  # fmt: skip
def test_other_configurations_stay_as_they_are(config):
    assert upgrade(config) == config


@pytest.mark.parametrize("told", [MIRRORED, {"update": "time_local"}])
def test_noise_with_another_of_the_old_rules_is_refused(told):
    message = "pepita with modulation=noise and .* is a rule of version 0.1 alone"
    with pytest.raises(pj.UserError, match=message):
        upgrade({"rule": OLD | told | {"modulation": "noise"}})


def rewrite(workdir, older):
    """Rewrites `config.json` and the records of all checkpoints by `older(config)`."""
    path = workdir / "config.json"
    path.write_text(json.dumps(older(json.loads(path.read_text()))))
    for path in list(workdir.glob("checkpoints/*/*/record.json")):
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {"config": older(record["config"])}))
        write_checksums(path.parent)


def make_old(workdir, told):
    """Rewrites a workdir as version 0.1 wrote it."""

    def older(config):
        whiten = {"whiten": config.pop("preprocess") == "whiten"}
        return config | whiten | {"rule": OLD | told}

    rewrite(workdir, older)


@pytest.mark.parametrize(
    "name", ["pepita", *(pytest.param(n, marks=pytest.mark.slow) for n in RULES if n != "pepita")]
)
def test_an_old_workdir_is_read_and_goes_on_with_the_same_bits(name, tmp_path):
    told, options = RULES[name]
    fields = {f"rule.{option}": value for option, value in options.items()}
    fields["preprocess"] = "whiten"
    config = partial(make_config, f"{name},mlp,digits", **fields)
    old, whole = tmp_path / "old", tmp_path / "whole"
    run(config(num_epochs=1), old)
    make_old(old, told)

    assert pj.load_run(old).rule == pj.build_rule(name, pj.load_run(old).net, **options)
    assert saved.get_config(old).rule.to_dict() == config()["rule"]
    run(config(num_epochs=2), old)
    run(config(num_epochs=2), whole)
    assert_same_run(old, whole)


def test_drtp_s_loss_was_a_mean_over_the_classes(tmp_path):
    config = partial(make_config, "drtp,mlp,digits")
    run(config(num_epochs=1), tmp_path)
    of_0_1 = {"name": "drtp", "hidden_reduction": "sum"}
    rewrite(tmp_path, lambda config: config | {"rule": of_0_1})

    assert saved.get_config(tmp_path).rule.to_dict() == config()["rule"]
    message = r"a different run: rule\.output_reduction was 'mean', is 'sum'"
    with pytest.raises(pj.UserError, match=message):
        run(config(**{"rule.output_reduction": "sum"}), tmp_path)
    run(config(num_epochs=2), tmp_path)
    assert pj.load_run(tmp_path).history["test_accuracy"].shape == (2, 2)


def test_an_old_workdir_is_of_another_run_if_its_rule_is(tmp_path):
    config = partial(make_config, "pepita_hebbian,mlp,digits", num_epochs=1)
    run(config(), tmp_path)
    make_old(tmp_path, {"update": "time_local"})
    message = r"a different run: rule\.modulation_sign was 1, is -1"
    with pytest.raises(pj.UserError, match=message):
        run(config(**{"rule.modulation_sign": -1}), tmp_path)


def test_the_name_of_the_noise_is_that_of_its_class():
    assert f"{InputNoise.__module__}.{InputNoise.__name__}" == NOISE
