"""Halving: after given epochs only the better half of a group's settings goes on.

The training of a group from one such epoch to the next is a *rung*. Each rung has its own workdir.
Its seeds go on from the states that the rung before has saved.
"""

from collections.abc import Sequence
from dataclasses import replace

from pepita_jax.errors import require, require_int
from pepita_jax.sweep.groups import Group
from pepita_jax.sweep.results import is_left


def check_halving(epochs: Sequence[int], num_epochs: int) -> None:
    """Raises a `UserError` unless the epochs rise and all lie before the last epoch."""
    for epoch in epochs:
        require_int("each epoch of --halving", epoch, 1)
    rises = list(epochs) == sorted(set(epochs))
    message = f"--halving must list rising epochs, got {','.join(map(str, epochs))}"
    require(rises, message)
    message = f"--halving={','.join(map(str, epochs))}: num_epochs is {num_epochs}"
    require(not epochs or epochs[-1] < num_epochs, f"{message}; all epochs must be below it")


def name_of_rung(number: int, rung: int) -> str:
    """The workdir of a group's rung, both counted from 0."""
    return f"group_{number}_rung_{rung}"


def first_rung(group: Group, epochs: Sequence[int]) -> Group:
    """The first rung of a whole group."""
    return _stop_at(group, epochs, 0, {"planned_epochs": group.config["num_epochs"]})


def next_rung(
    group: Group, workdir: str, ranking: list[dict], epochs: Sequence[int], rung: int
) -> Group | None:
    """The rung of the better half; None after the last epoch, or if no seed is left.

    Args:
        group: the rung before.
        workdir: the name of its workdir.
        ranking: a ranking of its settings, best first, see `results.rank`; it may have others too.
        epochs: epochs after which half of the settings leaves.
        rung: number of this rung.
    """
    config, number = group.config, len(group.indices)
    if config["num_epochs"] == config["planned_epochs"]:
        return None
    going = [r["setting"] for r in ranking if is_left(r) and r["setting"] in group.indices]
    kept = sorted(group.indices.index(i) for i in going[: max(1, number // 2)])
    if not kept:
        return None
    before = {"workdir": workdir, "epoch": config["num_epochs"]}
    more = {
        "continues": before | {"num_settings": number, "settings": kept},
        "settings": [config["settings"][place] for place in kept],
        "num_seeds": config["num_seeds"] // number * len(kept),
    }
    return _stop_at(replace(group, indices=[group.indices[i] for i in kept]), epochs, rung, more)


def _stop_at(group, epochs, rung, more):
    """Sets the last epoch of a rung.

    A single setting goes on to the end: there is no other that could be better.
    """
    config = group.config | more
    last = [*epochs, config["planned_epochs"]][rung]
    last = config["planned_epochs"] if len(group.indices) == 1 else last
    return replace(group, config=config | {"num_epochs": last})
