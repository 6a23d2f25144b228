"""Srinivasan, Mignacco, Sorbaro, Refinetti, Cooper, Kreiman & Dellaferrera, "Forward Learning with
Top-Down Feedback: Empirical and Analytical Characterization", ICLR 2024: PEPITA in deeper networks.

`runs.py` has the runs, `published.py` has the paper's figures that are known, and `depth.py` shows
both.
"""
