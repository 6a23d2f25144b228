"""Every field of a training run, explained where it is defined.

    --config=configs/default.py:RULE,MODEL,DATASET      for example  pepita,mlp,mnist

The three words choose a rule, a model and a data set; `presets.py` has the settings of Table 2 of
the paper for them. DATASET may also be FILE.npz or a folder with images of your own. Set any field
with --config.FIELD=VALUE; `--help` prints the explanations.

    python -m experiments.train --config=configs/default.py:pepita,mlp,mnist --workdir=DIR

reaches 98.01 +- 0.08 % test accuracy on MNIST (ten seeds, 100 epochs).
"""

from ml_collections import ConfigDict, config_dict

from configs import presets
from pepita_jax.data.load import num_channels
from pepita_jax.data.own import is_own, own_path
from pepita_jax.data.sets import DATASETS
from pepita_jax.errors import require, require_name
from pepita_jax.networks.models import MODELS, model_options
from pepita_jax.rules import find_rule, rule_options
from pepita_jax.runs.identity import with_data
from pepita_jax.training.optimizers import optimizer_fields
from pepita_jax.training.schedules import SCHEDULES

WORDS = ("rule.name", "model.name", "dataset")  # the fields that RULE, MODEL and DATASET choose
MOVED = {"whiten": "preprocess=whiten"}  # fields of earlier versions, and what they are now
PRESET = ...  # the default depends on RULE, MODEL and DATASET

# Field: (default, meaning with unit and source). A type in place of a default: not set.
FIELDS = {
    "dataset": (PRESET, f"{', '.join(DATASETS)}, another prepared set of TensorFlow Datasets, "
                "FILE.npz, or a folder of images by class"),
    "data_dir": (str, "folder of TensorFlow Datasets; else $TFDS_DATA_DIR, ~/tensorflow_datasets"),
    "validation_fraction": (0.0, "share of the training set, from its end, for validation"),
    "preprocess": ("none", "of the images, by statistics of those that are trained on: none, "
                   "standardize (each channel), whiten (ZCA, App. G), rescale (to [0, 1]) or "
                   "whiten_rescale (both)"),
    "seed": (0, "root of all randomness: seed k depends on (seed, k) alone"),
    "num_seeds": (10, "number of seeds, trained side by side and numbered from 0 (Table 1: 10)"),
    "num_epochs": (PRESET, "passes over the training set (Table 2: 100)"),
    "batch_size": (PRESET, "images per step (Table 2)"),
    "shuffle": (True, "an order of its own for each epoch; false: the stored order"),
    "drop_last": (True, "drop the last batch of an epoch if it is incomplete; false: train on it"),
    "augment.flip": (False, "in training, mirror each image left to right with probability 1/2"),
    "augment.crop": (0, "in training, add so many black pixels on every side of an image, and cut "
                     "out a part of the old size at a random place; black is what preprocessing "
                     "makes of it, after whitening the mean of a black image"),
    "rule": (PRESET, "name of the learning rule, and its options, which are explained below"),
    "model.name": (PRESET, ", ".join(MODELS)),
    "model.layers": (PRESET, "of model chain, the layers before the output layer, in words: "
                     "conv FILTERS SIZE [stride=1] [padding=0], dense UNITS, maxpool SIZE "
                     "[stride=SIZE], avgpool likewise, globalavgpool, dropout PROBABILITY; for "
                     "example 'conv 6 5, maxpool 2, dense 120 tanh'"),
    "model.channels": (PRESET, "filters of each convolution block, then 2x2 max-pooling (Table 2)"),
    "model.kernel_size": (PRESET, "side of the filters, pixels; stride 1 (Table 2: 5)"),
    "model.padding": (PRESET, "zeros around a convolution's input, pixels (PEPITA's program: 0)"),
    "model.hidden": (PRESET, "units of each hidden dense layer (Table 2: 1024; conv: none)"),
    "model.dropout": (PRESET, "probability of dropping a unit of a hidden dense layer (Table 2); "
                      "chain: in its layers"),
    "model.input_dropout": (PRESET, "probability of dropping a number of the image"),
    "model.bias": (PRESET, "whether each unit, or each filter, has a bias (Table 2: no)"),
    "model.activation": (PRESET, "of hidden layers: relu (Sec. 4.1), leaky_relu, tanh, sigmoid, "
                         "gelu or linear"),
    "model.output": (PRESET, "softmax with cross-entropy (Sec. 4.1), sigmoid with binary "
                     "cross-entropy, or linear with half the squared error"),
    "model.init": (PRESET, "he_uniform (Table 2), he_normal (Fig. 6), pytorch (+-1/sqrt(fan_in))"),
    "model.normalize": (PRESET, "divide each hidden layer's activity by its deviation over units, "
                        "sample by sample (Srinivasan et al. 2024)"),
    "optimizer.name": ("sgd", "any optax optimizer (Sec. 4.1: SGD)"),
    "optimizer.learning_rate": (PRESET, "before schedule changes it (Table 2), chosen for SGD"),
    "optimizer.momentum": (0.9, "Sec. 4.1; with another optimizer.name, unset unless given"),
    "optimizer.*": (PRESET, "the optimizer's other keyword arguments; unset: optax's defaults"),
    "optimizer.weight_decay": (float, "times the weights: added to the pseudo-gradients, before "
                               "momentum (L2); an optimizer that has this argument, such as adamw, "
                               "uses it in its own way"),
    "optimizer.decoupled_weight_decay": (float, "times the learning rate times the weights: "
                                         "subtracted from the weights, with any optimizer"),
    "optimizer.clip_norm": (float, "the pseudo-gradients of all weights together are first scaled "
                            "down to this norm, if theirs is larger"),
    "feedback_optimizer.*": (PRESET, "fields of optimizer, for feedback that learns; unset: as for "
                             "the weights, with another name in the learning rate alone; the "
                             "schedule is the same"),
    "schedule.name": ("step", "step (Table 2), constant, cosine, warmup_cosine, linear, or "
                      "exponential"),
    "schedule.epochs": (PRESET, "step: epochs after which the learning rate changes by factor "
                        "(Table 2)"),
    "schedule.factor": (0.1, "step: what the learning rate is then multiplied by (Table 2); "
                        "exponential: factor per epoch, in equal parts per step; must be given"),
    "schedule.decay_epochs": (int, "cosine, warmup_cosine, linear: epochs of the whole schedule; "
                              "unset: num_epochs"),
    "schedule.final": (float, "cosine, warmup_cosine, linear: fraction of the learning rate that "
                       "is left then; unset: 0"),
    "schedule.warmup_epochs": (int, "warmup_cosine: its first epochs, in which the learning rate "
                               "rises from 0 along a line; must be given"),
    "seeds_at_once": (int, "layout of each device's seeds: 0 all by vmap, 1 one after "
                      "another, k in chunks of k; unset: 1 on CPU, 0 on a GPU, what a TPU's "
                      "fast memory holds there"),
    "matmul_precision": (str, "of products and convolutions: highest, float32, high, "
                         "tensorfloat32, bfloat16 or default; unset: JAX's own choice; without "
                         "effect on CPU"),
    "checkpoint_every": (1, "epochs between checkpoints; the last epoch always has one"),
    "log_alignment": (True, "log angles and weight norms once an epoch (alignment.jsonl, .png), on "
                      "one fixed training batch without dropout (Fig. 3)"),
    "tensorboard": (False, "also write TensorBoard event files (extra: tensorboard)"),
}  # fmt: skip


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
    """Raises a `UserError` that says what a field of an earlier version is now."""
    for field in fields:
        require(field not in MOVED, f"the field {field} is gone: give {MOVED.get(field)}")


def as_plain(config, given):
    """A configuration as a nested plain dict, as `pepita_jax.runs.run` takes it.

    What its data are like is found out and recorded, unless it is one of `DATASETS`.

    Args:
        config: a `ConfigDict`.
        given: names of the fields that the user has set. Another optimizer than SGD loses SGD's
            momentum unless it is among them, another schedule than the step schedule its fields.

    Raises:
        UserError: the data are not there or not usable.
    """
    fields = config.to_dict()
    if fields["optimizer"]["name"] != "sgd" and "optimizer.momentum" not in given:
        fields["optimizer"]["momentum"] = None
    fields["schedule"] = _own_schedule(fields, given)
    # Of the arguments of all optimizers together, and of all schedules, those that are set.
    for group in ("optimizer", "feedback_optimizer", "schedule"):
        fields[group] = {k: v for k, v in fields[group].items() if v is not None}
    return with_data(fields)


def _own_schedule(fields, given):
    """The schedule without those fields of the step schedule's that another does not take over."""
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
