"""Our counts beside the paper's, and the memory of a compiled step."""

from experiments.papers.mempepita.counts import activations, operations
from experiments.papers.mempepita.measured import kept
from experiments.papers.mempepita.networks import NETWORKS
from experiments.papers.mempepita.published import ACTIVATIONS, OPERATIONS
from experiments.papers.show import Shown
from pepita_jax.tables import markdown_table

NAMES = {
    "bp": "BP",
    "pepita": "PEPITA",
    "mempepita": "MEMPEPITA",
    "forward_forward": "Forward-Forward",
}


def operations_table(find):
    """Multiply-accumulates of a training step."""
    return _beside("multiply-accumulates", operations, OPERATIONS)


def activations_table(find):
    """The numbers kept of input and activities."""
    return _beside("numbers kept", activations, ACTIVATIONS)


def _beside(what, count, published):
    rows = [("network", "rule", what, "paper", "difference", "times BP's")]
    for name, net in NETWORKS.items():
        ours = count(net)
        for rule, number in ours.items():
            theirs = published[name][rule]
            cells = (
                f"{number:,}",
                f"{theirs:,}",
                f"{number - theirs:+,}" if number - theirs else "0",
            )
            rows.append((name, NAMES[rule], *cells, f"{number / ours['bp']:.2f}"))
    return Shown(markdown_table(rows))


def measured_table(find):
    """Temporary arrays of a compiled step of the autoencoder beside the count."""
    counted = activations(NETWORKS["autoencoder, ToyADMOS"])
    rows = [
        ("rule", "batch", "numbers kept per sample", "of the compiled step", "measured / count")
    ]
    for rule in counted:
        for size in (64, 1024):
            number = kept(rule, size)
            ratio = f"{number / counted[rule]:.2f}"
            rows.append((NAMES[rule], str(size), f"{counted[rule]:,}", f"{number:,.0f}", ratio))
    return Shown(markdown_table(rows))
