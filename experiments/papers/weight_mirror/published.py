"""Figures of the authors' own runs on MNIST, one seed each.

They are from experiments/mnist/*/results.json of the authors' program, commit 688f47a of
github.com/makrout/Deep-Learning-without-Weight-Transport. The program's epoch 0 is 1 here.
"""

from experiments.papers.comparison import Printed

NEAR = 0.15  # points within which one seed agrees, as its spread is not known
_EPOCHS = (1, 10, 20, 50, 100, 200, 400)


def _one_seed(epoch, accuracy):
    return Printed(accuracy, seeds=1, epochs=epoch, tolerance=NEAR)


# Test accuracy in %: {rule: {epoch: Printed}}
ACCURACY = {
    rule: dict(zip(_EPOCHS, map(_one_seed, _EPOCHS, values), strict=True))
    for rule, values in {
        "bp": (88.00, 94.12, 96.23, 97.70, 98.25, 98.42, 98.50),
        "fa": (85.49, 90.86, 92.25, 94.62, 96.34, 97.30, 97.80),
        "weight_mirror": (78.48, 90.49, 92.62, 96.51, 97.97, 98.38, 98.49),
        "kolen_pollack": (88.90, 95.41, 97.00, 97.95, 98.28, 98.42, 98.45),
    }.items()
}
# Degrees between W_2 and B_2: {rule: {epoch: value}}
ANGLE = {
    rule: dict(zip((1, 10, 100, 400), values, strict=True))
    for rule, values in {
        "fa": (40.0, 29.3, 41.4, 40.0),
        "weight_mirror": (61.3, 27.5, 9.3, 3.8),
        "kolen_pollack": (19.7, 11.2, 4.9, 3.6),
    }.items()
}
EPOCHS = 400
