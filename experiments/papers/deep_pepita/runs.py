"""PEPITA and its variants with one hidden layer and with more."""

from experiments.papers.paper_run import PaperRun

# The defaults of the authors' program: its learning rate falls before epochs 62 and 92.
FIELDS = {
    "optimizer.learning_rate": 0.01,
    "schedule.epochs": (61, 91),
    "model.dropout": 0.1,
    "batch_size": 64,
}
UNITS, DECAY = 1024, 1e-4
RULES = ("pepita", "pepita_hebbian", "pepita_time_local", "pepita_mirrored")
DEPTHS = {"mnist": (1, 2, 3, 4, 5), "cifar10": (1, 2, 3), "cifar100": (1, 2, 3)}
DECAYED = {"mnist": (), "cifar10": (), "cifar100": (3,)}  # depths with a known figure


def deep(data, rule, depth, decay=False, normalize=False):
    """A run with `depth` hidden layers of 1024 units."""
    fields = FIELDS | {"model.hidden": (UNITS,) * depth}
    fields |= {"optimizer.weight_decay": DECAY} if decay else {}
    fields |= {"model.normalize": True} if normalize else {}
    words = filter(None, [f"{depth}_layers", "decay" * decay, "normalized" * normalize])
    return PaperRun((rule, "mlp", data), "_".join(words), tuple(fields.items()), seeds=3)


DEPTH = {
    (data, rule, depth, False): deep(data, rule, depth)
    for data, depths in DEPTHS.items()
    for depth in depths
    for rule in RULES
}
DEPTH |= {
    (data, "pepita", depth, True): deep(data, "pepita", depth, decay=True)
    for data, depths in DECAYED.items()
    for depth in depths
}
NORMALIZED = {
    (data, depth): deep(data, "pepita", depth, normalize=True)
    for data, depths in DEPTHS.items()
    for depth in depths
}
