"""What the command lines share: one clear line for a user's mistake, and the text of --help."""

import os
import resource
import signal
import sys
from contextlib import suppress
from textwrap import fill

import jax
from absl import app, flags, logging

from experiments.command_line import config_flag, old_flags
from pepita_jax import watching
from pepita_jax.errors import StoppedError, UserError, require

UNBROKEN = {"break_long_words": False, "break_on_hyphens": False}
HELP_FLAGS = ("--help", "-help", "-h", "--helpfull", "--helpshort")


def start(main, describe):
    """Runs `main(positional arguments)` with the command line's flags.

    A `UserError`, or a flag that cannot be understood, ends with one line on standard error
    and its exit status; a bug keeps its traceback.

    Args:
        main: returns None or an exit status.
        describe: `() -> str`, the text of `--help`.
    """
    watching.protect_streams()
    try:
        if any(argument in HELP_FLAGS for argument in sys.argv[1:]):
            message = "--help prints docstrings, which python -OO leaves out: run it without -OO"
            require(start.__doc__, message)
            print(describe())
            watching.require_printed()
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)  # see the package's __init__
        prepare_process()
        app.run(lambda argv: main(argv[1:]), flags_parser=_parse)
    except UserError as error:
        _fail(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        _require_device(error)
        raise
    finally:
        sys.stdout.flush()


def refuse(arguments):
    """Raises a `UserError` if there are positional arguments."""
    require(not arguments, f"unexpected argument {' '.join(arguments)!r}; options begin with --")


def describe_flags(module, leave_out=()):
    """An entry for each flag that `module` defines."""
    defined = [f for f in flags.FLAGS.get_flags_for_module(module) if f.name not in leave_out]
    meaning = lambda flag: flag.help.replace("|", " | ")  # so that lists of valid words are broken
    return "\n".join(describe(f"--{flag.name}", flag.default, meaning(flag)) for flag in defined)


def describe(name, default, meaning):
    """An entry of a help text, in lines of 100 characters."""
    shown = ",".join(map(str, default)) if isinstance(default, list) else default
    value = "" if shown in (None, "") else f" [{shown}]"
    text = f"{name}{value}: {' '.join(meaning.split())}"
    return fill(text, 100, initial_indent="  ", subsequent_indent="      ", **UNBROKEN)


def read_seeds(text, num_seeds=None):
    """The range of seeds that `FIRST:END` names; None if the text is None.

    Args:
        text: of the flag --seeds.
        num_seeds: END may be at most this; None: anything.

    Raises:
        UserError: the text is not such a range.
    """
    if text is None:
        return None
    within = f" <= {num_seeds} (--config.num_seeds)" if num_seeds else ""
    message = f"--seeds must be FIRST:END with 0 <= FIRST < END{within}, got {text!r}"
    try:
        first, end = map(int, text.split(":"))
    except ValueError as error:
        raise UserError(message) from error
    require(0 <= first < end and (not num_seeds or end <= num_seeds), message)
    return range(first, end)


def prepare_process():
    """Prepares a process that trains; call it before JAX starts."""
    _make_every_core_a_device()
    # A process keeps one file open per range of seeds, which may be more than the usual limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # not all systems can
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _make_every_core_a_device():
    """Seeds in parallel use a CPU better than parallel parts of one seed's small products."""
    flag = "xla_force_host_platform_device_count"
    chosen_by_user = jax.config.jax_num_cpu_devices != -1 or flag in os.environ.get("XLA_FLAGS", "")
    if not chosen_by_user and hasattr(os, "sched_getaffinity"):
        jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))


def _parse(argv):
    try:
        if "config" in flags.FLAGS:
            config_flag.check(argv[1:])
        arguments = flags.FLAGS(old_flags.rename(argv))
        _refuse_empty_values()
        if "config" in flags.FLAGS and flags.FLAGS.config is not None:
            flags.FLAGS.config.lock()  # a file that cannot be read shows on first use
    # The libraries that read flags report a user's mistakes by exceptions of many types.
    except (flags.Error, AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        _fail(config_flag.user_error_behind(error))
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.ERROR)  # otherwise every checkpoint logs a page
    return arguments


def _refuse_empty_values():
    """So that --out=$UNSET is not the default."""
    own = [flags.FLAGS[name] for name in flags.FLAGS if "." not in name]  # not those of --config
    is_empty = lambda flag: flag.value in ("", [], [""]) and flag.value != flag.default
    empty = [f"--{flag.name}=" for flag in own if flag.present and is_empty(flag)]
    require(not empty, f"{' '.join(empty)} has no value")


def _require_device(error):
    """Ends with one line if what looks like a bug is that JAX cannot start a device."""
    reason = str(error) if "Unable to initialize backend" in str(error) else None
    if not (reason or isinstance(error, AssertionError)):
        return
    try:
        jax.devices()
    except Exception as again:  # without a GPU, an `AssertionError` without a message
        reason = reason or str(again) or "this machine has none"
    if reason:
        chosen = f" of JAX_PLATFORMS={jax.config.jax_platforms}" if jax.config.jax_platforms else ""
        _fail(UserError(f"JAX cannot start the devices{chosen}: {reason}"))


def _fail(error):
    line = " ".join(str(error).split())
    print(line if isinstance(error, StoppedError) else f"error: {line}", file=sys.stderr)
    sys.exit(error.exit_status if isinstance(error, UserError) else 2)
