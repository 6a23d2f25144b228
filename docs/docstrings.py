"""Docstrings of the package as Sphinx takes them."""

import inspect
import re
from dataclasses import is_dataclass


def setup(app):
    # Before napoleon, which reads the sections.
    app.connect("autodoc-process-docstring", as_it_stands, priority=400)
    app.connect("autodoc-process-signature", with_options)
    app.connect("autodoc-skip-member", skips)


def as_it_stands(app, what, name, obj, options, lines):
    """Keeps the form of a docstring's equations, which are indented after a blank line, and its
    stars and bars, which reStructuredText would take for emphasis."""
    kept, last, literal = [], "", False
    for before, line in zip(["", *lines], lines, strict=False):
        is_indented = line.startswith(" ")
        if is_indented and not before.strip() and last and not last.startswith(" "):
            kept += ["::", ""]
            literal = True
        last = line if line.strip() else last
        literal = literal and last.startswith(" ")
        kept.append(line if literal or ">>>" in line else escaped(line))
    lines[:] = kept


def escaped(line):
    return re.sub(r"(`[^`]*`)|([*|])", lambda found: found[1] or f"\\{found[2]}", line)


def with_options(app, what, name, obj, options, signature, returned):
    """A rule's or a layer's options, which the class checks before it takes them."""
    if not is_dataclass(obj):
        return None
    of = inspect.signature(obj.__init__)
    names = [field.replace(annotation=field.empty) for field in of.parameters.values()]
    return str(of.replace(parameters=names[1:], return_annotation=of.empty)), None


def skips(app, what, name, obj, skip, options):
    """Leaves out the fields of classes, of which their docstrings tell, and the methods of a rule's
    own: what every rule has is told once."""
    is_method = inspect.isroutine(obj) or isinstance(obj, property)
    is_of_base = getattr(obj, "__module__", None) in (None, "pepita_jax.rules.base")
    of_a_rule = str(getattr(obj, "__module__", "")).startswith("pepita_jax.rules.")
    return True if what == "class" and (not is_method or (of_a_rule and not is_of_base)) else None
