"""Pau & Aymone, "Suitability of Forward-Forward and PEPITA Learning to MLCommons-Tiny benchmarks",
COINS 2023: what a training step on one sample costs. Nothing is trained.

`networks.py` has the benchmark's four networks, `counts.py` our counts, and `published.py` those of
the paper. `measured.py` measures a compiled step. `tables.py` shows all of them.
"""
