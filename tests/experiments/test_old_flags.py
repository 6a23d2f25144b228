"""A renamed flag: its old name works, says what the new one is, and is not given twice."""

import pytest
from absl import flags

from experiments.command_line import launch, old_flags
from pepita_jax import UserError

assert launch.SEEDS_PER_JOB.name == "seeds_per_job"  # the flags are defined


@pytest.mark.parametrize("argument", ["--runs_per_job=3", "-runs_per_job=3"])
def test_the_old_name_becomes_the_new_one_and_says_so(argument, capsys):
    renamed = old_flags.rename(["command", argument, "--parallel=2"])
    assert renamed == ["command", argument.replace("runs", "seeds"), "--parallel=2"]
    assert "--runs_per_job is --seeds_per_job now" in capsys.readouterr().err


def test_both_names_at_once_are_refused():
    with pytest.raises(UserError, match="--runs_per_job is --seeds_per_job now"):
        old_flags.rename(["command", "--runs_per_job=3", "--seeds_per_job=3"])


def test_what_is_no_old_flag_of_this_command_is_left_alone(capsys):
    assert "max_seeds" not in flags.FLAGS
    arguments = ["command", "--max_runs=3", "--config.runs_per_job=1", "runs_per_job", "-"]
    assert old_flags.rename(arguments) == arguments
    assert not capsys.readouterr().err
