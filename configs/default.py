"""The configuration of a training run, by three words.

    --config=configs/default.py:RULE,MODEL,DATASET      for example  pepita,mlp,mnist

The words choose a rule, a model and a data set. DATASET may also be FILE.npz, or a folder with
images of your own. `fields.py` explains every field, and `presets.py` has the values that depend on
the words. Set any field with --config.FIELD=VALUE.
"""

from ml_collections import ConfigDict, config_dict

from configs import presets
from configs.fields import FIELDS, PRESET
from pepita_jax.data.load import num_channels
from pepita_jax.data.own import is_own, own_path
from pepita_jax.errors import require, require_name
from pepita_jax.networks.models import MODELS, model_options
from pepita_jax.rules import find_rule, rule_options
from pepita_jax.runs.identity import with_data
from pepita_jax.training.optimizers import optimizer_fields
from pepita_jax.training.schedules import SCHEDULES

WORDS = ("rule.name", "model.name", "dataset")  # the fields that RULE, MODEL and DATASET choose
MOVED = {"whiten": "preprocess=whiten"}  # fields of earlier versions, and what they are now


def get_config(choice="pepita,mlp,mnist"):
    """The configuration of `RULE,MODEL,DATASET`, a `ConfigDict`.

    Raises:
        UserError: a word is missing or unknown.
    """
    words = choice.split(",", 2)  # a path may have commas
    message = f"--config needs RULE,MODEL,DATASET after the colon, got {choice!r}"
    require(len(words) == 3 and ("," not in words[2] or is_own(words[2])), message)
    rule, model, dataset = words
    find_rule(rule)
    require_name("model", model, MODELS)

    options = {"name": str, "learning_rate": float} | optimizer_fields()
    unset = {f"optimizer.{name}": kind for name, kind in optimizer_fields().items()}
    unset |= {f"feedback_optimizer.{name}": kind for name, kind in options.items()}
    fixed = {field: default for field, (default, _) in FIELDS.items() if default is not PRESET}
    return _nest(unset | fixed | _preset(rule, model, dataset))


def check_moved(fields):
    """Raises a `UserError` that says what to set in place of a field of an earlier version."""
    for field in fields:
        require(field not in MOVED, f"the field {field} is gone: give {MOVED.get(field)}")


def as_plain(config, given):
    """A configuration as a nested plain dict, as `pepita_jax.runs.run` takes it.

    Unless the data set is one of `DATASETS`, this looks at the data and records their properties.

    Args:
        config: a `ConfigDict`.
        given: names of the fields that the user has set. An optimizer other than SGD loses SGD's
            default momentum unless it is among them. A schedule other than step likewise loses the
            defaults of step's fields.

    Raises:
        UserError: the data are missing or not usable.
    """
    fields = config.to_dict()
    if fields["optimizer"]["name"] != "sgd" and "optimizer.momentum" not in given:
        fields["optimizer"]["momentum"] = None
    fields["schedule"] = _own_schedule(fields, given)
    # These groups have the arguments of all optimizers and schedules: keep those that are set.
    for group in ("optimizer", "feedback_optimizer", "schedule"):
        fields[group] = {k: v for k, v in fields[group].items() if v is not None}
    return with_data(fields)


def _own_schedule(fields, given):
    """The schedule; one other than step has only those of step's fields that the user has set."""
    schedule = dict(fields["schedule"])
    if schedule["name"] != "step":
        schedule |= {f: None for f in ("epochs", "factor") if f"schedule.{f}" not in given}
    if "decay_epochs" in SCHEDULES.get(schedule["name"], ()) and schedule["decay_epochs"] is None:
        schedule["decay_epochs"] = fields["num_epochs"]
    return schedule


def _preset(rule, model, dataset):
    """The fields that depend on RULE, MODEL and DATASET."""
    like = presets.trained_like(dataset, lambda: num_channels(dataset))
    options = model_options(model) | presets.model(rule, model, like)
    return {
        "dataset": own_path(dataset),
        "rule.name": rule,
        **{f"rule.{option}": default for option, default in rule_options(rule).items()},
        "model.name": model,
        **{f"model.{option}": default for option, default in options.items()},
        **presets.training(rule, model, like),
    }


def _nest(fields):
    """`{"a.b": 1}` -> `ConfigDict` with `config.a.b == 1`; types become unset fields."""
    config = ConfigDict()
    for field, value in fields.items():
        *groups, name = field.split(".")
        group = config
        for part in groups:
            group[part] = group.get(part, ConfigDict())
            group = group[part]
        group[name] = config_dict.placeholder(value) if isinstance(value, type) else value
    return config
