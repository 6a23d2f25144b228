"""Sanfiz & Akrout, "Benchmarking the Accuracy and Robustness of Feedback Alignment Algorithms",
2021 (arXiv 2108.13446): LeNet-5 on MNIST.

`rules.py` has the rules with the program's initial weights, `published.py` has the figures of its
benchmarks, `runs.py` has our runs, and `mnist.py` shows both.
"""
