"""Akrout, Wilson, Humphreys, Lillicrap & Tweed, "Deep Learning without Weight Transport", NeurIPS
2019: the authors' own runs on MNIST, whose logs they published with their program.

`rules.py` has the rules as the program has them, `published.py` has figures of its logs, `runs.py`
has our runs, and `mnist.py` shows both.
"""
