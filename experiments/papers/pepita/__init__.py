"""Dellaferrera & Kreiman, "Error-driven Input Modulation", ICML 2022: its tables and figures.

`artifacts.py` lists them, `runs.py` has the runs that they need, and `published.py` has the paper's
own numbers. Each of the other files shows one kind of artifact.
"""
