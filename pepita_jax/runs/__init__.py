"""Runs: from a configuration to a workdir full of results, and back.

`experiment.py` builds what a configuration names, `run.py` trains it, `summary.py` sums it up, and
`load.py` reads it back. `train.py` is `pj.train`; `script.py` makes an experiment of what a script
gives it, and `objects.py` describes Python objects in the configuration.

What a run leaves on disk: `workdir.py` is its folder, `seed_group.py` the seeds that are trained
together, with their checkpoints (`checkpoint.py`) and figures (`rows.py`), `same_run.py` tells one
run from another, and `saved_run.py` is a run as the disk has it.
"""
