"""Dellaferrera & Kreiman, "Error-driven Input Modulation", ICML 2022: its tables and figures.

`artifacts.py` lists them, `runs.py` has the runs behind them, and `published.py` the paper's own
numbers. The other files show one kind of artifact each.
"""
