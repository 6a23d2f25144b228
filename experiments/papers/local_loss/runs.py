"""784-1024-1024-1024-10 on MNIST: backpropagation and the prediction loss."""

from experiments.papers.local_loss.published import EPOCHS
from experiments.papers.paper_run import PaperRun

RULES = {"bp": "bp", "prediction_loss": "experiments.papers.local_loss.rules.PredictionLoss"}
# The program's settings. It also normalizes the batch in each hidden layer, which we cannot.
FIELDS = {
    "preprocess": "standardize",
    "augment.crop": 2,
    "model.hidden": (1024, 1024, 1024),
    "model.dropout": 0.1,
    "model.bias": True,
    "model.init": "pytorch",
    "batch_size": 128,
    "drop_last": False,
    "optimizer.name": "adam",
    "optimizer.learning_rate": 5e-4,
    "schedule.epochs": (50, 75, 89, 94),
    "schedule.factor": 0.25,
}


def on_mnist(rule):
    """The run of a rule."""
    words, fields = (RULES[rule], "mlp", "mnist"), tuple(FIELDS.items())
    return PaperRun(words, "3_hidden", fields, seeds=3, epochs=EPOCHS, called=rule)


ON_MNIST = {rule: on_mnist(rule) for rule in RULES}
