"""Papers that are reproduced, one folder each, and what these folders have in common.

`paper_run.py` defines a run of a paper, and `artifacts.py` a table or figure. `training.py` trains
what is missing. `records.py` makes the records of a run, `record_files.py` writes them, and
`results.py` reads them. `comparison.py` compares our numbers with a paper's. `papers.py` lists the
papers.
"""
