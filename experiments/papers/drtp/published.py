"""Figures of the authors' program after ten epochs, and the learning rates of the paper's Table 3.

Both are quoted from others. The accuracies are in a test of github.com/fluegelk/DEFP
(test/test_results_at_epoch.py), with two decimals. The learning rates are in the scripts of
github.com/Lily-Le/DirectRandomTargetProjection (train_paras*.sh). We exchange their fourth and
fifth columns: then they agree with the learning rates in DEFP, which names the table.
"""

from experiments.papers.comparison import Printed

LEARNING_RATES = {
    "bp": 1.5e-4,
    "fa": 5e-4,
    "dfa": 1.5e-4,
    "sdfa": 5e-4,
    "drtp": 1.5e-4,
    "shallow": 1.5e-2,
}
TEN = 10  # epochs
_rounded = lambda accuracy: Printed(accuracy, seeds=1, epochs=TEN, tolerance=0.5)
AFTER_TEN = {"bp": _rounded(97.0), "drtp": _rounded(93.0)}
EPOCHS = 100
