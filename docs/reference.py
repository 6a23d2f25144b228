"""Pages of the reference, each made from the place that defines what it describes."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from inspect import isclass, isfunction

from links import ROOT, write

import pepita_jax as pj
from configs.fields import FIELDS, PRESET, SECTIONS
from pepita_jax.rules import RULES
from pepita_jax.tables import markdown_table

FILES = [*sorted(ROOT.glob("experiments/*.py")), *sorted(ROOT.glob("experiments/*/*.py"))]
COMMANDS = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in FILES
    if "\n    cli.start(" in file.read_text()
]
# Of the package: the title of its part on the page, in this order.
ROOMS = {
    "networks": "Networks",
    "training": "Training",
    "runs": "Runs",
    "data": "Data",
    "types": "Types",
    "errors": "Errors",
}


def setup(app):
    app.connect("builder-inited", write_reference)


def write_reference(app):
    write("reference/configuration.md", configuration())
    write("reference/commands.md", commands())
    write("reference/rules.md", rules())
    write("reference/python.md", python())


def directive(kind, name, *options):
    lines = [f".. {kind}:: {name}", *(f"   {option}" for option in options)]
    return "\n".join(["```{eval-rst}", *lines, "```"])


def configuration():
    tables, rows = [], []
    for field, (default, meaning) in FIELDS.items():
        if field in SECTIONS:
            rows = [["field", "default", "meaning"]]
            tables.append((SECTIONS[field], rows))
        known = "by the preset" if default is PRESET else "not set"
        known = known if default is PRESET or isclass(default) else f"`{default}`"
        rows.append([f"`{field}`", known, meaning.replace("*", r"\*")])
    tables = [f"## {title}\n\n{markdown_table(rows)}\n" for title, rows in tables]
    return "\n".join(
        [
            "# Configuration\n",
            "`--config.FIELD=VALUE` sets a field of a training run. The preset of",
            "RULE,MODEL,DATASET sets the others. The page [Rules](rules.md) has the options of",
            "each rule, which `--config.rule.OPTION=VALUE` sets.\n",
            *tables,
        ]
    )


def commands():
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        helps = pool.map(help_of, COMMANDS)
        parts = [
            f"## {command}\n\n```text\n{text.strip()}\n```\n"
            for command, text in zip(COMMANDS, helps, strict=True)
        ]
    return "\n".join(["# Commands\n", "What `python -m COMMAND --help` prints.\n", *parts])


def help_of(command):
    ran = subprocess.run(
        [sys.executable, "-m", command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise RuntimeError(f"{command} --help failed: {ran.stderr}")
    return ran.stdout


def rules():
    """The rules by their files, as one file may have two of a kind."""
    files = {}
    for name, rule in RULES.items():
        files.setdefault(rule.__module__, {})[name] = rule.__name__
    parts = (
        f"({file.rpartition('.')[2]})=\n## {', '.join(names)}\n\n"
        + directive("automodule", file, f":members: {', '.join(names.values())}")
        + "\n"
        for file, names in files.items()
    )
    every = "\n\n".join(
        directive("autoclass", f"pepita_jax.{name}", ":members:") for name in ("Rule", "SignalRule")
    )
    return "\n".join(
        [
            "# Rules\n",
            "Each rule as its file states it; the links [source] show the code.\n",
            *parts,
            f"## What every rule has\n\n{every}\n",
        ]
    )


def python():
    rooms = {room: [] for room in ROOMS}
    for name in pj.__all__:
        member = getattr(pj, name)
        if isfunction(member) or (isclass(member) and not issubclass(member, pj.Rule)):
            room = member.__module__.split(".")[1]
            rooms["training" if room == "rules" else room].append(member)
    parts = (
        f"## {title}\n\n" + "\n\n".join(map(described, rooms[room])) + "\n"
        for room, title in ROOMS.items()
    )
    modules = (
        f"## {name.capitalize()}\n\n"
        + directive("automodule", f"pepita_jax.{name}", ":members:")
        + "\n"
        for name in ("analysis", "attacks")
    )
    return "\n".join(
        ["# Python\n", "`import pepita_jax as pj` gives these names.\n", *parts, *modules]
    )


def described(member):
    if isclass(member):
        return directive("autoclass", f"pepita_jax.{member.__name__}", ":members:")
    return directive("autofunction", f"pepita_jax.{member.__name__}")
