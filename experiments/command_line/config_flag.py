"""Checks of the flag --config, and one line for whatever is wrong with it."""

import re
import traceback
from itertools import zip_longest
from pathlib import Path

from absl import flags
from ml_collections import ConfigDict, config_flags

from configs import default
from configs.settings import check_own_fields
from pepita_jax.errors import UserError, require
from pepita_jax.rules import check_moved

USAGE = "--config=configs/default.py:RULE,MODEL,DATASET"
# Functions that load a configuration file: an error inside them is an error in the file.
LOADING = {"_LoadConfigModule", "get_config"}


class _Group(flags.ArgumentParser):
    """Refuses one value for a whole group of fields, as fields that it lacks would be lost."""

    syntactic_help = (
        "set field by field, --config.GROUP.FIELD=VALUE; RULE,MODEL,DATASET are chosen after "
        "the colon of --config, the optimizer by --config.optimizer.name"
    )

    def parse(self, argument):
        if not isinstance(argument, ConfigDict):  # the group itself, which is its default
            raise ValueError
        return argument


class _Text(flags.ArgumentParser):
    """Takes any text; what is not text is unset.

    ml_collections takes the default of a field `rule.update` to be the method `ConfigDict.update`.
    """

    def parse(self, argument):
        return argument if isinstance(argument, str) else None


config_flags.register_flag_parser_for_type(ConfigDict, _Group())
config_flags.register_flag_parser_for_type(str, _Text())


def values_of(flag, arguments):
    """All values that the arguments give a flag, before absl reads them."""
    values = []
    for argument, following in zip_longest(arguments, arguments[1:]):
        name, has_value, value = argument.partition("=")
        if name in (f"--{flag}", f"-{flag}"):
            values.append(value if has_value else following)
    return values


def is_from(module):
    """Whether --config names the file of a module."""
    file = config_flags.get_config_filename(flags.FLAGS["config"]).partition(":")[0]
    return Path(file).resolve() == Path(module.__file__).resolve()


def check(arguments):
    """Raises a `UserError` unless --config names a Python file, once, and before its fields."""
    files = values_of("config", arguments)
    require(len(files) < 2, f"--config is given {len(files)} times: give it once")
    for file in files:
        require(file, f"--config lacks its value; usual: {USAGE}")
        path = Path(file.partition(":")[0])
        is_python = path.suffix == ".py" and path.is_file()
        require(is_python, f"--config={file} names no Python file that exists; usual: {USAGE}")
    for argument in arguments:
        if re.match("--?config(=|$)", argument):
            break
        message = f"{argument} needs {USAGE} before it"
        require(not re.match(r"--?(no)?config\.", argument), message)
    found = (re.match(r"--?(?:no)?config\.([\w.]+)", argument) for argument in arguments)
    given = [match[1] for match in found if match]
    default.check_moved(given)
    is_default = lambda file: Path(file.partition(":")[0]).resolve() == Path(default.__file__)
    options = [field.removeprefix("rule.") for field in given if field.startswith("rule.")]
    for words in (file.partition(":")[2].split(",") for file in files if is_default(file)):
        if options:
            check_moved(words[0], options)
        check_own_fields(words, given)


def user_error_behind(error):
    """An exception that says what the user did wrong; raises a bug in a configuration file."""
    origin = error
    # absl and ml_collections wrap the file's exception, without `from`.
    while origin.__context__ is not None and not origin.__suppress_context__:
        origin = origin.__context__
    if LOADING & {frame.f_code.co_name for frame, _ in traceback.walk_tb(origin.__traceback__)}:
        if not isinstance(origin, UserError):
            raise origin
        return origin
    if getattr(origin, "name", None) == "get_config":
        return UserError(f"the file that --config names has no get_config; usual: {USAGE}")
    if isinstance(error, (AttributeError, KeyError)):
        while isinstance(error.args[0], Exception):
            error = error.args[0]
        field = str(error.args[0]).rpartition("lookup: ")[2]
        return UserError(f"the configuration has no such field: {field} (see --help)")
    if isinstance(error, flags.UnrecognizedFlagError):
        fields = "; fields are set by --config.FIELD=VALUE" if "config" in flags.FLAGS else ""
        return UserError(f"{error}{fields} (see --help)")
    if isinstance(error, flags.IllegalFlagValueError):
        return UserError(_with_what_is_valid(error))
    return error


def _with_what_is_valid(error):
    """absl's message, `flag --NAME=VALUE: REASON`, with what is valid in place of the reason."""
    given = str(error).removeprefix("flag ").removesuffix(f": {error.__context__}")
    name = given.removeprefix("--").partition("=")[0]
    if name not in flags.FLAGS:
        return str(error)
    parser, group = flags.FLAGS[name].parser, name.removeprefix("config.")
    fields = [field for field in default.FIELDS if field.startswith(f"{group}.")]
    if isinstance(parser, _Group) and fields:
        others = "".join(f", {field.removeprefix(group)}" for field in fields[1:])
        return f"{given}: set its fields one by one, --config.{fields[0]}{others}"
    if isinstance(parser, flags.BooleanParser):
        return f"{given}: must be true or false"
    return f"{given}: must be {parser.syntactic_help}" if parser.syntactic_help else str(error)
