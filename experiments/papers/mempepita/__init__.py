"""Pau & Aymone, "Suitability of Forward-Forward and PEPITA Learning to MLCommons-Tiny benchmarks",
COINS 2023: what a training step on one sample costs. Nothing is trained.

`networks.py` has the benchmark's four networks, `counts.py` the counts, `published.py` the paper's,
`tables.py` shows both, and `measured.py` what a compiled step takes.
"""
