"""How much accuracy saved runs keep when their images are attacked.

    python -m experiments.studies.robustness DIR [DIR ...] [--radius=0.05 --radius=0.1]

Each DIR is the workdir of a run. Prints the test accuracy of its last weights, in % (mean and
standard deviation over seeds that have not diverged), on the images as they are, and on images
changed by as much as each radius, by one step of the fast gradient sign method (FGSM) and by
projected gradient descent (PGD). A radius is of the L-infinity norm, where 1 is white. Each network
is attacked through its own scores. Runs can only be compared where they classify the unchanged
images equally well.
"""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags

from experiments.command_line import cli
from pepita_jax.attacks import fgsm, pgd
from pepita_jax.data import load_stored
from pepita_jax.data.images import to_float
from pepita_jax.errors import require
from pepita_jax.files import user_path
from pepita_jax.runs.load import Run, load_run
from pepita_jax.tables import as_percent, markdown_table

RADII = flags.DEFINE_multi_float(
    "radius", [0.02, 0.05, 0.1], "a radius; may be given many times", 0
)
STEPS = flags.DEFINE_integer("steps", 20, "steps of PGD", lower_bound=1)
IMAGES = flags.DEFINE_integer("images", None, "of the test set, the first so many; default: all", 1)
AT_ONCE = 500  # images


def main(arguments):
    require(arguments, "which runs? Name a workdir or more")
    runs = {path: load_run(user_path(path)) for path in arguments}
    for path, run in runs.items():
        require_images(path, run.config)
    attacks = {"FGSM": fgsm, "PGD": partial(pgd, steps=STEPS.value)}
    columns = {"as they are": unchanged} | {
        f"{name}, {radius:g}": partial(attack, radius=radius)
        for name, attack in attacks.items()
        for radius in RADII.value
    }
    rows = [("run", "rule", *columns)]
    for path, run in runs.items():
        test = load_stored(run.config["dataset"], run.config["data_dir"]).test
        image, label = (x[: IMAGES.value] for x in test)
        found = (show(attacked(run, image, label, attack)) for attack in columns.values())
        rows.append((Path(path).name, run.config["rule"]["name"], *found))
        print(f"{path}: done", flush=True)
    print(f"\ntest accuracy, %\n\n{markdown_table(rows)}")


def require_images(path, config):
    """Raises a `UserError` unless the images of a run are known, and 1 is white."""
    message = f"{path}: the arrays of a script are not kept with its run; pj.attacks takes them"
    require("data_dir" in config, message)
    made = config.get("preprocess", "none")
    require(made == "none", f"{path}: the images of preprocess={made} are not in [0, 1]")


def unchanged(scores, image, label):
    return image


def attacked(run: Run, image: np.ndarray, label: np.ndarray, attack) -> np.ndarray:
    """Test accuracy of each seed, `[S]`, on images that an attack has changed for it.

    A seed that has diverged has none (NaN).
    """

    @jax.jit
    def count(weights, image, label):
        def of_seed(weights):
            scores = partial(run.rule.scores, *weights)
            return (scores(attack(scores, image, label)).argmax(-1) == label).sum()

        return jax.lax.map(of_seed, weights)

    weights = jax.tree.map(jnp.asarray, (run.params, run.feedback))
    parts = np.array_split(np.arange(len(label)), -(-len(label) // AT_ONCE))
    found = [count(weights, to_float(image[part]), label[part]) for part in parts]
    leaves = jax.tree.leaves(weights)
    finite = np.all([[np.isfinite(seed).all() for seed in x] for x in leaves], axis=0)
    return np.where(finite, np.sum(found, axis=0) / len(label), np.nan)


def show(accuracy):
    left = accuracy[~np.isnan(accuracy)]
    std = float(left.std(ddof=1)) if len(left) > 1 else None
    return as_percent({"mean": float(left.mean()) if len(left) else None, "std": std})


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")
