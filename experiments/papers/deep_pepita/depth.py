"""Test accuracy by depth, and PEPITA-Hebbian beside PEPITA."""

from experiments.papers.comparison import HEADINGS, accuracy_cells
from experiments.papers.deep_pepita.published import ACCURACY
from experiments.papers.deep_pepita.runs import DEPTH, NORMALIZED
from experiments.papers.differences import paired_difference
from experiments.papers.show import Shown, describe_seeds
from pepita_jax.tables import markdown_table


def depth(find):
    """All rules, by data set and number of hidden layers."""
    rows = [("data", "hidden layers", "rule", "weight decay", *HEADINGS[:-1], "agrees")]
    for (data, rule, layers, decay), run in DEPTH.items():
        if result := find(run):
            theirs = ACCURACY.get((result.config["dataset"], rule, layers, decay))
            words = (data, str(layers), rule, "yes" if decay else "no")
            rows.append((*words, *accuracy_cells(result, theirs)))
    return Shown(markdown_table(rows) if rows[1:] else None)


def hebbian(find):
    """Paired differences of PEPITA-Hebbian to PEPITA."""
    return _paired(find, {
        (data, str(layers)): (run, DEPTH[data, "pepita", layers, False])
        for (data, rule, layers, _), run in DEPTH.items()
        if rule == "pepita_hebbian"
    })  # fmt: skip


def normalized(find):
    """Paired differences of PEPITA with normalized hidden layers to PEPITA without."""
    return _paired(find, {
        (data, str(layers)): (run, DEPTH[data, "pepita", layers, False])
        for (data, layers), run in NORMALIZED.items()
    })  # fmt: skip


def _paired(find, pairs):
    rows = [("data", "hidden layers", "difference, 95 % interval", "seeds", "epochs")]
    for words, runs in pairs.items():
        one, other = map(find, runs)
        if one and other:
            epochs = min(one.epochs, other.epochs)
            ours, plain = (result.accuracy_of_seeds(epochs) for result in (one, other))
            both = sorted(ours.keys() & plain.keys())
            values = ([of[seed] for seed in both] for of in (ours, plain))
            rows.append((*words, str(paired_difference(*values)), describe_seeds(one), str(epochs)))
    return Shown(markdown_table(rows) if rows[1:] else None)
