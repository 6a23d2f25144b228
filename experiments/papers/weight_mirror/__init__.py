"""Akrout, Wilson, Humphreys, Lillicrap & Tweed, "Deep Learning without Weight Transport", NeurIPS
2019: its authors' own runs on MNIST, whose logs they published beside their program.

`rules.py` has the rules as that program has them, `published.py` figures of its logs, `runs.py`
the runs, and `mnist.py` shows both.
"""
