"""Runs: from a configuration to a workdir full of results, and back.

`experiment.py` builds what a configuration names, `run.py` trains it, `summary.py` sums it up, and
`load.py` reads it back. `train.py` is `pj.train`; `script.py` makes an experiment of what a script
gives it, and `objects.py` describes Python objects in the configuration.

These files are about what a run leaves on disk: `workdir.py` is its folder; `seed_group.py` holds
the seeds that are trained together, with their checkpoints (`checkpoint.py`) and figures
(`rows.py`); `same_run.py` tells one run from another; `saved_run.py` reads a run as it is on disk.
"""
