"""Test errors of the authors' program, one seed each.

They are from the README of github.com/anokland/local-loss, commit 7b3b40b.
"""

from experiments.papers.comparison import Printed

NEAR = 0.15  # points within which one seed agrees, as its spread is not known
EPOCHS = 100
# Test accuracy on MNIST in %
ACCURACY = {
    rule: Printed(100 - error, seeds=1, epochs=EPOCHS, tolerance=NEAR)
    for rule, error in {"bp": 0.75, "prediction_loss": 0.68}.items()
}
