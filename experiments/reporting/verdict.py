"""What a page opens on: what agrees with a paper, and which runs differ."""

from typing import NamedTuple

from experiments.reporting.page import read_markdown
from experiments.reporting.pairing import compare
from pepita_jax.errors import UserError

AGREES = ("within two standard errors", "agrees")  # headings of a table's column
BY_CHANCE = "If two runs do not differ, the interval still excludes 0 in one case of twenty."


class Verdict(NamedTuple):
    """A title, a sentence, and lists: `(heading, texts)` each."""

    title: str
    sentence: str
    lists: list[tuple[str, list[str]]]


def judge_documents(documents):
    """A `Verdict` for each table that compares accuracies with a paper's.

    Args:
        documents: `(title, Markdown or None, SVG or None)`.
    """
    verdicts = []
    for title, text, _ in documents:
        tables = (block for block in read_markdown(text or "") if isinstance(block, list))
        verdicts += [v for table in tables if (v := _judge_table(title, table))]
    return verdicts


def _judge_table(title, table):
    headings, *rows = table
    columns = [i for i, heading in enumerate(headings) if heading in AGREES]
    if not columns or "difference" not in headings:
        return None
    (column,), difference = columns, headings.index("difference")
    first = next(i for i, name in enumerate(headings) if "%" in name or name == "seeds")
    ours = next(i for i, name in enumerate(headings) if "%" in name)
    name = lambda row: " ".join(row[:first])
    describe = lambda row: f"{name(row)}: {row[ours]} %, published {row[difference - 1]} %"
    agree = [name(row) for row in rows if row[column] == "yes"]
    differ = [f"{describe(row)} ({row[difference]})" for row in rows if row[column] == "no"]
    others = [
        f"{name(row)}: {row[column]}" for row in rows if row[column] not in ("yes", "no", "-")
    ]
    if not agree and not differ:
        return None
    sentence = (
        f"{len(agree)} of {len(agree) + len(differ)} accuracies agree with the published ones, "
        "within two standard errors or the tolerance of the printed figure."
    )
    lists = [("Do not agree", differ), ("Agree", agree), ("Not compared", others)]
    return Verdict(title, sentence, lists)


def judge_runs(reports, baseline=None):
    """A `Verdict` for each group of runs that can be compared seed by seed.

    Args:
        reports: `Report`s.
        baseline: the `Report` that all are compared with; by default the first of each network and
            data set.
    """
    groups = {}
    for report in reports:
        groups.setdefault(() if baseline else report.words[1:], []).append(report)
    verdicts = [_judge_group(baseline or group[0], group) for group in groups.values()]
    return [verdict for verdict in verdicts if verdict]


def _judge_group(baseline, group):
    lists = {"Differ": [], "Cannot be told apart": [], "Not compared": []}
    for report in group:
        if report.name == baseline.name:
            continue
        try:
            difference = compare(report, baseline)
        except UserError as error:
            lists["Not compared"].append(f"{report.name}: {error}")
            continue
        apart = {True: "Differ", False: "Cannot be told apart", None: "Not compared"}
        why = f"{report.name}: {difference.with_p()}"
        lists[apart[difference.excludes_zero]].append(why)
    if not any(lists.values()):
        return None
    sentence = (
        "Points of test accuracy after the last epoch, paired by seed, with the 95 % interval and "
        f"the p value of Student's t. {BY_CHANCE}"
    )
    return Verdict(f"Compared with {baseline.name}", sentence, [*lists.items()])
