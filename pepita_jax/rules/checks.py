"""Checks of a rule's class, and of what it gives while its step is traced.

The latter look at types and shapes alone: compiled programs stay as they are.
"""

from dataclasses import MISSING, fields
from functools import cache
from inspect import get_annotations
from typing import Any, ClassVar, cast, get_origin, get_type_hints

import jax
import jax.numpy as jnp
from jax import Array
from jax.errors import ConcretizationTypeError, TracerIntegerConversionError

from pepita_jax.errors import UserError, require
from pepita_jax.types import Activity, Batch, Feedback, Signals, Updates, Weights


@cache
def check_decorated(rule_class: type) -> None:
    """Raises a `UserError` if a class of rules is no dataclass, and so loses its options."""
    hints = get_type_hints(rule_class)
    is_option = lambda name: ClassVar not in (hints[name], get_origin(hints[name]))
    for cls in rule_class.__mro__:
        is_dataclass = "__dataclass_fields__" in vars(cls)
        lost = [] if is_dataclass else [n for n in get_annotations(cls) if is_option(n)]
        message = f"write @dataclass(frozen=True) above class {cls.__name__}"
        require(not lost, f"{message}; without it these options are lost: {', '.join(lost)}")


def check_defaults(rule_class: type) -> None:
    """Raises a `UserError` if an option of a class of rules has no default."""
    for f in fields(cast(Any, rule_class)):
        is_given = f.name == "net" or f.default is not MISSING or f.default_factory is not MISSING
        message = f"option {f.name!r} of {rule_class.__name__} needs a default"
        require(is_given, f"{message}, such as {f.name}: float = 0.1")


def explain_decoration(name: str, error: Exception) -> None:
    """Raises a `UserError` if `dataclass` has refused a class of rules for its user's mistake."""
    if "frozen" in str(error):
        message = f"rule {name!r}: write @dataclass(frozen=True) above every class of rules"
        raise UserError(message) from error
    if "non-default argument" in str(error):
        message = f"rule {name!r}: every option needs a default, such as limit: float = 0.1"
        raise UserError(f"{message}; {error}") from error


def checked_signals(
    rule: Any, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Any
) -> Signals:
    """The signals of a `SignalRule`.

    Raises:
        UserError: they are not shaped like `activity.a`, or the rule draws noise without saying so.
    """
    name = type(rule).__name__
    try:
        d = rule.signals(params, F, activity, e, t, key)
    except TypeError as error:
        if key is None and "PRNG key" in str(error):
            message = f"{name}.signals uses its key, which is None: set draws_noise = True"
            raise UserError(f"{message} in the class") from error
        raise
    wanted = [jnp.shape(a) for a in activity.a]
    is_sequence = isinstance(d, (tuple, list))
    found = [jnp.shape(x) for x in d] if is_sequence else f"a {type(d).__name__}"
    message = f"{name}.signals must give {len(wanted)} arrays shaped like activity.a"
    require(found == wanted, f"{message}: {_listing(wanted)}; got {_listing(found)}")
    return d


def checked_updates(rule: Any, params: Weights, F: Feedback, batch: Batch) -> Updates:
    """What `rule.pseudo_gradients` gives.

    Raises:
        UserError: it is not `(pseudo_gradients, aux)`, like the weights and the feedback, or Python
            compares an option that a sweep traces.
    """
    name = f"{type(rule).__name__}.pseudo_gradients"
    try:
        updates = rule.pseudo_gradients(params, F, batch)
    except (ConcretizationTypeError, TracerIntegerConversionError) as error:
        traced = [f.name for f in fields(rule) if f"['rule.{f.name}']" in str(error)]
        message = f"{name} compares or counts with {', '.join(traced)}, which a sweep traces"
        if traced:
            raise UserError(f"{message}: name it in static_options") from error
        raise
    is_pair = isinstance(updates, tuple) and len(updates) == 2 and isinstance(updates[1], dict)
    message = f"{name} must give (pseudo_gradients, aux), aux a dict with loss and accuracy"
    require(is_pair, message)
    check_like(f"the pseudo-gradients of {name}", updates[0], "weights", params)
    aux, of_feedback = updates[1], []
    of_feedback += ["feedback"] if rule.learns_feedback else []
    of_feedback += ["feedback_value"] if rule.sets_feedback else []
    needed = ["loss", "accuracy", *of_feedback]
    message = f"aux of {name} must have {', '.join(needed)}; it has {', '.join(aux) or 'nothing'}"
    require(set(needed) <= set(aux), message)
    for key in of_feedback:
        check_like(f"aux[{key!r}] of {name}", aux[key], "feedback", F)
    return updates


def check_like(name: str, found: Any, what: str, wanted: Any) -> None:
    """Raises a `UserError` unless two trees are alike in structure, shapes and types."""
    found, wanted = (jax.tree.map(_described, tree) for tree in (found, wanted))
    is_like = jax.tree.structure(found) == jax.tree.structure(wanted) and found == wanted
    message = f"{name} must be like the {what}, in shapes, types and as a tree"
    require(is_like, f"{message}: {wanted}; got {found}")


def _described(x):
    return f"{jnp.result_type(x)}{list(jnp.shape(x))}"


def _listing(shapes):
    return shapes if isinstance(shapes, str) else ", ".join(map(str, shapes)) or "none"
