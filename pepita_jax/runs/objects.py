"""Describes Python objects in the configuration of a run that a script has begun.

A network is a dataclass, and so are its layers: `config.json` holds the path of each class and its
fields. It holds no code. An object without such a form, such as a function, is described by its
`repr`, which shows a change but cannot be read back. An optimizer of optax consists of functions;
it is described by what it does.
"""

import math
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pepita_jax.data.own import show_name
from pepita_jax.errors import UserError, require
from pepita_jax.networks.network import Network
from pepita_jax.options import field_options
from pepita_jax.rules import RULES, Rule, build_rule

PYTHON = "python"  # PYTHON and ARRAYS take the place of names in a configuration
ARRAYS = "arrays"
STEPS = 3  # enough for momentum and decay to show
LARGE = 100.0  # weights so large that a decay of 1e-5 shows


def as_plain(value: Any) -> Any:
    """A number, a string, a tuple or a dataclass, as JSON holds it; else `{"repr": text}`."""
    if is_dataclass(value) and not isinstance(value, type):
        defaults = field_options(type(value))  # left out, so that later fields change nothing
        given = {
            n: x for n, x in plain_fields(value).items() if x != as_plain(defaults.get(n, ...))
        }
        return {"class": _path(value), **given}
    if isinstance(value, (tuple, list)):
        return [as_plain(x) for x in value]
    if isinstance(value, (np.generic, np.ndarray, jax.Array)) and np.ndim(value) == 0:
        value = value.item()
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if value is None or (isinstance(value, (bool, int, float, str)) and is_finite):
        return value
    return {"repr": re.sub(r" at 0x\w+", "", repr(value))}  # an address is new in each process


def plain_fields(record: Any) -> dict[str, Any]:
    """The fields of a dataclass, each `as_plain`."""
    return {f.name: as_plain(getattr(record, f.name)) for f in fields(record) if f.init}


def from_plain(plain: Any) -> Any:
    """Rebuilds what `as_plain` was given; lists come back as tuples.

    Raises:
        UserError: the class does not exist here or does not take these fields, or a value left only
            its `repr`.
    """
    if isinstance(plain, list):
        return tuple(from_plain(x) for x in plain)
    if not isinstance(plain, dict):
        return plain
    require("class" in plain, f"{plain.get('repr')} is no plain value")
    values = {name: from_plain(value) for name, value in plain.items() if name != "class"}
    path, _, name = plain["class"].rpartition(".")
    try:
        found = getattr(import_module(path), name)
        require(is_dataclass(found), f"{plain['class']} is no dataclass")
        return found(**values)
    except (AttributeError, ImportError, TypeError) as error:
        raise UserError(str(error)) from error


def describe_rule(rule: Rule) -> dict[str, dict]:
    """The fields `rule.*` and `model.*` of a configuration."""
    name = next((name for name, kind in RULES.items() if kind is type(rule)), _path(rule))
    options = {option: value for option, value in plain_fields(rule).items() if option != "net"}
    model = {"name": PYTHON, "repr": repr(rule.net), "network": as_plain(rule.net)}
    return {"rule": {"name": name, **options}, "model": model}


def network_words(config: dict) -> str:
    """A run's network: the name of its model, or what a script's network consists of."""
    model = config["model"]
    text = model.get("repr", model["name"])
    return text[len("Network(") : -1] if text.startswith("Network(") else text


def data_words(config: dict) -> str:
    """A run's data set: its name, or for a script's arrays the first digits of their checksum."""
    name = config["dataset"]
    return f"{ARRAYS} {data_checksum(config)}" if name == ARRAYS else show_name(name)


def data_checksum(config: dict) -> str:
    """The first six digits of the checksum of your own data; empty for a set by name."""
    checksum = config.get("data", {}).get("checksum") or ""
    return (checksum["train"] if isinstance(checksum, dict) else checksum)[:6]


def rebuild_rule(config: dict) -> Rule:
    """Rebuilds the rule, with its network, from a configuration with `describe_rule`'s fields.

    Raises:
        UserError: the rule cannot be rebuilt here.
    """
    name, options = config["rule"]["name"], {**config["rule"]}
    del options["name"]
    try:
        net = from_plain(config["model"]["network"])
        require(isinstance(net, Network), f"{net!r} is no network")
        return build_rule(name, net, **{k: from_plain(v) for k, v in options.items()})
    except UserError as error:
        message = f"rule {name!r} on {config['model']['repr']} cannot be rebuilt ({error})"
        raise UserError(f"{message}; give it: pj.load_run(DIR, rule=rule)") from error


def describe_optimizer(optimizer: Any, init: Callable) -> dict[str, Any]:
    """The fields `optimizer.*` of a configuration.

    `states` names the parts of the optimizer's state. `first_steps` lists the weights' mean change
    in each of three steps: all weights begin at `LARGE`, and all gradients are 1, then 1/2, then
    1/3. It shows most numbers of an optimizer, but no schedule that changes later.

    Args:
        optimizer: any optax transformation.
        init: draws the weights that it descends, from a key.

    Raises:
        UserError: the optimizer's state holds random keys, which checkpoints do not keep.
    """

    @jax.jit
    def move(params, state, gradient):
        gradients = jax.tree.map(lambda x: jnp.full_like(x, gradient), params)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, _mean(updates)

    shapes = jax.eval_shape(init, jax.random.key(0))
    params = jax.tree.map(lambda x: jnp.full(x.shape, LARGE, x.dtype), shapes)
    state, first_steps = optimizer.init(params), []
    arrays = [x for x in jax.tree.leaves(state) if isinstance(x, jax.Array)]
    has_keys = any(jnp.issubdtype(x.dtype, jax.dtypes.prng_key) for x in arrays)
    message = "optimizer has random keys in its state, which checkpoints do not keep: leave workdir"
    require(not has_keys, f"{message} out")
    for step in range(1, STEPS + 1):
        params, state, moved = move(params, state, 1 / step)
        first_steps.append(as_plain(float(f"{moved:.4g}")))
    return {"name": PYTHON, "states": ", ".join(_kinds(state)), "first_steps": first_steps}


def learning_rate_of(opt_state: Any) -> np.ndarray | None:
    """The learning rate of the last step, `[S]`, if an optimizer's state holds one for all.

    Those of `pj.build_optimizer` and of `optax.inject_hyperparams` do.
    """
    is_array = lambda path, value: isinstance(value, jax.Array)  # not the state of a schedule
    found = optax.tree_utils.tree_get_all_with_path(opt_state, "learning_rate", is_array)
    rates = [np.asarray(rate, np.float64) for _, rate in found]
    is_one = rates and all(np.array_equal(rate, rates[0]) for rate in rates)
    return rates[0] if is_one else None


def _mean(tree):
    means = [jnp.mean(x) for x in jax.tree.leaves(tree)]
    return jnp.stack(means).mean() if means else jnp.zeros(())  # no arrays, as F may be


def _kinds(state):
    """Names of the records in an optimizer's state, outer ones first, each only once."""
    parts = state.values() if isinstance(state, dict) else state
    if not isinstance(state, (dict, tuple, list)):
        return {}
    own = {type(state).__name__: None} if hasattr(state, "_fields") else {}
    return own | {name: None for part in parts for name in _kinds(part)}


def _path(value):
    return f"{type(value).__module__}.{type(value).__qualname__}"
