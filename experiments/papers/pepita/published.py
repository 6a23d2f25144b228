"""The numbers of the paper, as it prints them."""

from experiments.papers.comparison import Printed

_DATA = ("mnist", "cifar10", "cifar100")


def _by_data(rule, model, means, stds):
    cells = map(Printed, means, stds)
    return {(rule, model, data): cell for data, cell in zip(_DATA, cells, strict=True)}


# {(rule, model, data set): Printed}
TABLE_1 = {
    **_by_data("bp", "mlp", (98.63, 55.27, 27.58), (0.03, 0.32, 0.09)),
    **_by_data("fa", "mlp", (98.42, 53.82, 24.61), (0.07, 0.24, 0.28)),
    **_by_data("drtp", "mlp", (95.10, 45.89, 18.32), (0.10, 0.16, 0.18)),
    **_by_data("pepita", "mlp", (98.01, 52.57, 24.91), (0.09, 0.36, 0.22)),
    **_by_data("bp", "conv", (98.86, 64.99, 34.20), (0.04, 0.32, 0.20)),
    **_by_data("fa", "conv", (98.50, 57.51, 27.15), (0.06, 0.57, 0.53)),
    **_by_data("drtp", "conv", (97.32, 50.53, 20.14), (0.25, 0.81, 0.68)),
    **_by_data("pepita", "conv", (98.29, 56.33, 27.56), (0.13, 1.35, 0.60)),
}

# Slowness, epochs: {(rule, data set): value}
TABLE_3 = {
    (rule, data): value
    for rule, values in {
        "bp": (0.026, 0.659, 1.338),
        "fa": (0.068, 1.048, 4.243),
        "drtp": (0.063, 0.336, 4.05),
        "pepita": (0.049, 0.785, 2.552),
    }.items()
    for data, value in zip(_DATA, values, strict=True)
}

# {whitened: Printed}
TABLE_4 = {False: Printed(98.01, 0.09), True: Printed(92.08, 0.14)}

# App. D, test accuracy in %: {rule: value}
FIGURE_5 = {"pepita": 52.6, "shallow": 44.6}
ANGLE = 120  # degrees; Fig. 3b saturates "approximately" there (Sec. 4.2)
