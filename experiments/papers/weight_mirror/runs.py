"""The authors' four runs on MNIST."""

from experiments.papers.paper_run import PaperRun
from experiments.papers.weight_mirror.published import EPOCHS

# The authors' learning rates, from the configurations beside their logs.
LEARNING_RATES = {"bp": 0.2, "fa": 0.2, "weight_mirror": 0.05, "kolen_pollack": 0.3}
CLASSES = {
    "bp": "BPInProgram",
    "fa": "FAInProgram",
    "weight_mirror": "MirrorInProgram",
    "kolen_pollack": "KolenPollackInProgram",
}
# Binary cross-entropy summed over the classes, plain SGD, the stored order in every epoch.
FIELDS = {
    "model.hidden": (500,),
    "model.activation": "sigmoid",
    "model.output": "sigmoid",
    "model.bias": True,
    "model.dropout": 0.0,
    "optimizer.momentum": 0.0,
    "schedule.name": "constant",
    "batch_size": 128,
    "shuffle": False,
}


def on_mnist(rule):
    """The run of a rule with 784-500-10 units, as the authors trained it."""
    words = (f"experiments.papers.weight_mirror.rules.{CLASSES[rule]}", "mlp", "mnist")
    fields = FIELDS | {"optimizer.learning_rate": LEARNING_RATES[rule]}
    return PaperRun(words, "", tuple(fields.items()), seeds=5, epochs=EPOCHS, called=rule)


ON_MNIST = {rule: on_mnist(rule) for rule in CLASSES}
