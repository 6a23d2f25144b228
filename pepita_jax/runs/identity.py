"""Identifies the data and your own rule of a run, so that it resumes with these alone."""

import ast
import hashlib
import inspect
from textwrap import dedent

from pepita_jax.data import DATASETS, DatasetInfo, dataset_info
from pepita_jax.data.own import own_path
from pepita_jax.errors import UserError, require
from pepita_jax.rules import RULES, find_rule


def with_data(config: dict) -> dict:
    """Adds a field `data`, which identifies the data, to a configuration.

    Sets in `DATASETS` need no such field. Other sets are looked at; for your own data the field
    includes a checksum. A run can then be read back on a machine that lacks its data.

    Raises:
        UserError: the data are missing or not usable.
    """
    name = config["dataset"]
    if name in DATASETS or "data" in config:
        return config
    info = dataset_info(name, config.get("data_dir"))
    return config | {"dataset": own_path(name), "data": info.record()}


def configured_dataset(config: dict) -> DatasetInfo:
    """What the configured data set is like: as recorded when the run began, or as it is now."""
    if "data" in config:
        return DatasetInfo.of_record(config["data"])
    return dataset_info(config["dataset"], config.get("data_dir"))


def require_same_data(config: dict) -> None:
    """Raises a `UserError` if the configured data are not those that were recorded."""
    if "data" in config:
        now = dataset_info(config["dataset"], config["data_dir"]).record()
        message = f"{config['dataset']} no longer holds the data that the run began with"
        require(now == configured_dataset(config).record(), f"{message}: put them back")


def with_code(config: dict) -> dict:
    """Adds a field `rule_code`, a checksum of the code of your own rule, to a configuration.

    The code is that of the rule's class, and of its bases that are not in this package. Comments,
    docstrings and layout do not count. Without source, as in Python's own prompt, the field is left
    out.
    """
    name = config["rule"]["name"]
    if name in RULES:
        return config
    try:
        classes = [cls for cls in find_rule(name).__mro__ if not _is_known(cls)]
        code = "".join(map(_code_of, classes))
    except (UserError, OSError, TypeError, SyntaxError):
        return config
    return config | {"rule_code": hashlib.sha256(code.encode()).hexdigest()[:12]}


def _is_known(cls):
    return cls.__module__.partition(".")[0] in ("builtins", "pepita_jax")


def _code_of(cls):
    tree = ast.parse(dedent(inspect.getsource(cls)))
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            del node.body[0]
    return ast.unparse(tree)  # not ast.dump, whose form depends on Python's version
