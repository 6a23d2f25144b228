"""Papers of the field, reproduced: a folder each, and here what they have in common.

`paper_run.py` says what a run of a paper is, and `artifacts.py` what a table or figure is.
`training.py` trains what is missing, `records.py` keeps what matters of a run, `record_files.py`
writes it, and `results.py` reads it. `comparison.py` sets ours beside the paper's, and `papers.py`
lists the papers.
"""
