"""Dellaferrera & Kreiman, "Error-driven Input Modulation", ICML 2022: its tables and figures.

`artifacts.py` lists them, `runs.py` has the runs behind them, and `published.py` the paper's own
numbers. `training.py` trains what is missing, `records.py` keeps what matters of a run, and
`results.py` holds it. The other files show one kind of artifact each.
"""
