"""Figures of the paper that its authors quote in public.

We could not read the paper's tables. These figures are in the authors' replies on OpenReview (forum
My7lkRNnL9). For two of them the authors say "about 40 %" and "chance".
"""

from experiments.papers.comparison import Printed

# {(data set, rule, hidden layers, weight decay): Printed}
ACCURACY = {
    ("mnist", "pepita", 3, False): Printed(95.07, tolerance=0.15),
    ("cifar100", "pepita", 3, False): Printed(1.0, tolerance=0.5),
    ("cifar100", "pepita", 3, True): Printed(23.13, tolerance=0.15),
    ("cifar10", "pepita_time_local", 1, False): Printed(40.0, tolerance=3.0),
}
HEBBIAN = 0.15  # the largest difference to PEPITA in points, on MNIST and CIFAR-100
