"""Nøkland & Eidnes, "Training Neural Networks with Local Error Signals", ICML 2019: the fully
connected network on MNIST.

`rules.py` has the rule with the program's initial weights, `published.py` has the figures of
its README, `runs.py` has our runs, and `mnist.py` shows both.
"""
