"""Tables and figures of a paper, and the choice of some of them on the command line."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from experiments.papers.paper_run import PaperRun
from pepita_jax.errors import require, require_name


class Artifact(NamedTuple):
    """A table or figure.

    Attributes:
        title: what it shows.
        show: `find -> Shown`, where `find` gives the `Result` of a `PaperRun`, or None.
        runs: the runs that it needs.
    """

    title: str
    show: Callable
    runs: list[PaperRun]


class Paper(NamedTuple):
    """A paper that is reproduced.

    Attributes:
        title: authors, title, venue and year.
        artifacts: `{name: Artifact}`; no two papers have a name in common.
        results: folder of its results.
    """

    title: str
    artifacts: dict[str, Artifact]
    results: str


def read_artifacts(arguments, papers, default):
    """The paper, artifacts and runs that arguments ask for: `(paper, {artifact: runs})`.

    Args:
        arguments: `PAPER`, `PAPER:ARTIFACT` or `PAPER:ARTIFACT:RUN` each. RUN is a run's name or
            its RULE,MODEL,DATASET; * stands for anything. An artifact without a paper, or `all`
            without a paper, is one of the default paper's.
        papers: `{name: Paper}`.
        default: name of a paper.

    Raises:
        UserError: there is no such artifact or run, or the artifacts belong to several papers.
    """
    names = ", ".join([*papers, "all", *papers[default].artifacts])
    require(arguments, f"which paper or artifact? Valid: {names}")
    asked = [_split(argument, papers, default) for argument in arguments]
    paper, others = asked[0][0], {found for found, *_ in asked}
    require(others == {paper}, f"one paper at a time, not {', '.join(sorted(others))}")
    artifacts, wanted = papers[paper].artifacts, {}
    for _, chosen, pattern in asked:
        for name in artifacts if chosen == "all" else [chosen]:
            wanted.setdefault(name, []).extend(_matching(name, artifacts[name].runs, pattern))
    return paper, wanted


def _split(argument, papers, default):
    """`(paper, artifact or "all", pattern of runs)`."""
    first, *others = argument.split(":", 2)
    paper, others = (first, others) if first in papers else (default, argument.split(":", 1))
    artifact, pattern = (*others, None, None)[:2]
    artifact = "all" if artifact is None else artifact
    valid = ["all", *papers[paper].artifacts]
    valid += [] if first in papers else papers
    require_name("artifact", artifact, valid)
    message = f"{argument!r}: all has no parts; name an artifact in its place"
    require(pattern is None or artifact != "all", message)
    return paper, artifact, pattern


def _matching(artifact, every, pattern):
    matches = lambda run: any(fnmatchcase(n, pattern) for n in (run.name, ",".join(run.words)))
    runs = [run for run in every if pattern is None or matches(run)]
    few = f", {', '.join(run.name for run in every)}" if len(every) < 10 else ""
    valid = f"RULE,MODEL,DATASET (* stands for anything){few}; see --help"
    require(runs or pattern is None, f"{artifact} has no run {pattern!r}; valid: {valid}")
    return runs
