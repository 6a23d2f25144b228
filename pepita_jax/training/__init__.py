"""Training, from one step of one seed to all epochs of many.

`one_step.py` and `one_seed.py` are written for one seed and one device. `seed_axis.py` is the one
place where the seed axis is made; `many_seeds.py` trains with it, and `loop.py` repeats epochs.
`tuning.py` chooses sizes, `optimizers.py` and `schedules.py` build on optax, and `arguments.py`
checks what a script gives.
"""
