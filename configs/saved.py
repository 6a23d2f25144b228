"""The configuration of an existing run.

    --config=configs/saved.py:DIR

reads it from the workdir DIR. Without --config, `experiments.train` takes that of its own workdir.
"""

from ml_collections import ConfigDict, config_dict

from configs import default
from pepita_jax.errors import UserError, require
from pepita_jax.files import user_path
from pepita_jax.runs.objects import ARRAYS
from pepita_jax.runs.same_run import SWEEP_FILE
from pepita_jax.runs.workdir import Workdir


def get_config(workdir=None):
    """The configuration in a workdir's `config.json`, a `ConfigDict`.

    Raises:
        UserError: the folder holds no run, or the file is damaged.
    """
    require(workdir, "name a workdir: --config=configs/saved.py:DIR")
    path = user_path(workdir)
    message = f"{path} holds a sweep, not a run: to resume it, repeat the command that began it"
    require(not (path / SWEEP_FILE).exists(), message)
    message = f"--config=configs/default.py:RULE,MODEL,DATASET is needed: {path} holds no run"
    require((path / "config.json").exists(), f"{message} to resume")
    saved = Workdir(path).read_config()
    is_script = saved.get("dataset") == ARRAYS
    message = f"{path} holds a run of pj.train: run the script or notebook again to resume it"
    require(not is_script, message)
    try:
        return _as_config_dict(saved)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path / 'config.json'} is damaged ({error})") from error


def _as_config_dict(saved):
    """A `ConfigDict` that knows the types of all fields, which --config.FIELD=VALUE needs."""
    words = saved["rule"]["name"], saved["model"]["name"], saved["dataset"]
    try:
        config = default.get_config(",".join(words))
    except UserError:  # a rule, model or data set of the user's own, without a preset
        return ConfigDict(saved)
    config.optimizer.momentum = None  # SGD's default; the saved run may have it unset
    config.schedule.epochs = config_dict.placeholder(tuple)  # likewise the step schedule's
    config.schedule.factor = config_dict.placeholder(float)
    config.update(saved)
    return config
