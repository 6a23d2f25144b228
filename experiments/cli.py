"""What the command lines share: one clear line for a user's mistake, and help that helps."""

import sys

from absl import app, flags, logging

from pepita_jax.errors import UserError

HELP_FLAGS = ("--help", "-help", "-h", "--helpfull", "--helpshort")


def start(main, describe):
    """Runs `main(positional arguments)` with the command line's flags.

    A `UserError`, or a flag that cannot be understood, ends with one line on standard error
    and exit status 2; a bug keeps its traceback.

    Args:
        main: returns None or an exit status.
        describe: `() -> str`, the text of `--help`.
    """
    if any(argument in HELP_FLAGS for argument in sys.argv[1:]):
        print(describe())
        return
    try:
        app.run(lambda argv: main(argv[1:]), flags_parser=_parse)
    except UserError as error:
        _fail(error)


def describe_flags(module):
    """One paragraph a flag that `module` defines."""
    texts = [flag.help for flag in flags.FLAGS.get_flags_for_module(module)]
    names = [flag.name for flag in flags.FLAGS.get_flags_for_module(module)]
    return "\n".join(f"  --{name}: {text}" for name, text in zip(names, texts, strict=True))


def _parse(argv):
    # The libraries that read flags report a user's mistakes by exceptions of many types.
    try:
        arguments = flags.FLAGS(argv)
    except (UserError, flags.Error, AttributeError, KeyError, TypeError, ValueError) as error:
        _fail(_innermost(error))
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)  # else every checkpoint logs a page
    return arguments


def _innermost(error):
    """ml_collections wraps the exceptions of a configuration file, and repeats their traceback."""
    while not isinstance(error, UserError) and error.__context__ is not None:
        error = error.__context__
    return error


def _fail(error):
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    sys.exit(2)
