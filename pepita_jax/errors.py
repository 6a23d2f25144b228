"""The one exception for mistakes that a user can mend."""

import inspect


class UserError(ValueError):
    """A mistake of the user's: one line that says what was wrong and what is valid.

    Command lines print it without a traceback and exit with status 2; any other
    exception is a bug and keeps its traceback.
    """


def look_up(kind, name, table):
    """Returns `table[name]`; an unknown name raises a `UserError` that lists the valid ones."""
    if name not in table:
        raise UserError(f"unknown {kind} {name!r}; valid: {', '.join(sorted(table))}")
    return table[name]


def require(condition, message):
    """Raises `UserError(message)` unless `condition` holds."""
    if not condition:
        raise UserError(message)


def require_int(name, value, minimum):
    """Raises a `UserError` unless `value` is an integer of at least `minimum`."""
    is_int = isinstance(value, int) and not isinstance(value, bool)
    message = f"{name} must be an integer of at least {minimum}, got {value!r}"
    require(is_int and value >= minimum, message)


def keyword_options(function):
    """The keyword-only parameters of `function`: `{name: default}`."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def check_options(owner, options, valid):
    """Raises a `UserError` that lists the `valid` names if one of `options` is not among them."""
    unknown = [name for name in options if name not in valid]
    listing = f"valid: {', '.join(sorted(valid))}" if valid else "it has none"
    require(not unknown, f"{owner} has no option {', '.join(map(repr, unknown))}; {listing}")
