"""FC1-500 on MNIST: 784-500-10, six rules."""

from experiments.papers.drtp.published import EPOCHS, LEARNING_RATES
from experiments.papers.paper_run import PaperRun

# Pixels in [0, 1], PyTorch's initial weights and biases, no dropout, a constant learning rate.
FIELDS = {
    "model.hidden": (500,),
    "model.activation": "tanh",
    "model.output": "sigmoid",
    "model.bias": True,
    "model.init": "pytorch",
    "model.dropout": 0.0,
    "optimizer.name": "adam",
    "schedule.name": "constant",
    "batch_size": 60,
}


def fc1(rule):
    """The rule's run with the learning rate of Table 3."""
    fields = FIELDS | {"optimizer.learning_rate": LEARNING_RATES[rule]}
    return PaperRun((rule, "mlp", "mnist"), "fc1_500", tuple(fields.items()), epochs=EPOCHS)


FC1 = {rule: fc1(rule) for rule in LEARNING_RATES}
