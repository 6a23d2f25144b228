"""Eight devices, simulated on a CPU in a process of their own: shares, programs and checkpoints."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.experiments.commands import ROOT, TINY

COLLECTIVES = ("all-gather", "all-reduce", "all-to-all", "collective", "reduce-scatter")
PROGRAMS = """
import json, jax, numpy as np
from tests.training.trainers import make_trainer

results = {}
for num_devices in (8, 1):
    trainer = make_trainer(num_seeds=NUM_SEEDS, num_devices=num_devices)
    states, data = trainer.init(), trainer.data
    plans = trainer.stages.plan_epoch(trainer.keys, 1)
    compiled = trainer.stages.train_steps.lower(states, None, plans, 0, 5, data).compile()
    states, _ = compiled(states, None, plans, 0, 5, data)
    results[num_devices] = {
        "program": compiled.as_text(),
        "devices": len(states.params[0].sharding.device_set),
        "weights": [np.asarray(W).tolist() for W in trainer.gather(states).params],
    }
print(json.dumps(results))
"""


def python(*arguments, num_devices=8):
    count = f"--xla_force_host_platform_device_count={num_devices}"
    flags = f"{os.environ.get('XLA_FLAGS', '')} {count}"
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env=os.environ | {"XLA_FLAGS": flags}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("num_seeds", [pytest.param(8, marks=pytest.mark.slow), 11])
def test_devices_need_nothing_of_one_another_and_give_the_same_weights(num_seeds):
    results = json.loads(python("-c", PROGRAMS.replace("NUM_SEEDS", str(num_seeds))))
    many, one = results["8"], results["1"]
    assert many["devices"] == (8 if num_seeds == 8 else 6)  # eleven: two each suffice
    assert not [word for word in COLLECTIVES if word in many["program"]]
    for found, wanted in zip(many["weights"], one["weights"], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_devices(tmp_path):
    def train(path, num_epochs, num_devices):
        config = "--config=configs/default.py:pepita,mlp,digits"
        options = [f"--config.num_epochs={num_epochs}", "--config.num_seeds=3"]
        words = ["-m", "experiments.train", config, *TINY, *options, f"--workdir={tmp_path / path}"]
        python(*words, num_devices=num_devices)
        return json.loads((tmp_path / path / "summary.json").read_text())

    for epoch, num_devices in enumerate([1, 8, 2], 1):
        moved = train("moved", epoch, num_devices)
    straight = train("straight", 3, 1)
    # At most one of 360 images may be seen otherwise.
    np.testing.assert_allclose(
        moved["test_accuracy"]["per_seed"], straight["test_accuracy"]["per_seed"], atol=1.1 / 360
    )
