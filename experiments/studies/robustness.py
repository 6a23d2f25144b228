"""Measures how much test accuracy saved runs keep when their images are attacked.

    python -m experiments.studies.robustness DIR [DIR ...] [--radius=0.05 --radius=0.1]

Each DIR is the workdir of a run. The command prints the test accuracy of its last weights in %, as
mean and standard deviation over the seeds that have not diverged. The images are unchanged, or
changed within each radius by one of two attacks: one step of the fast gradient sign method (FGSM),
or projected gradient descent (PGD). A radius is a distance in the L-infinity norm; images are in
[0, 1]. Each network is attacked through its own scores. Compare runs only if they classify the
unchanged images equally well.
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

RADII = flags.DEFINE_multi_float("radius", [0.02, 0.05, 0.1], "largest change of a pixel", 0)
STEPS = flags.DEFINE_integer("steps", 20, "steps of PGD", lower_bound=1)
IMAGES = flags.DEFINE_integer(
    "images", None, "number of test images, from the first; default: all", 1
)
AT_ONCE = 500  # images


def main(arguments):
    require(arguments, "which runs? Give their workdirs")
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
    """Raises a `UserError` unless the images of a run are known and in [0, 1]."""
    message = f"{path}: a script's arrays are not stored with its run; pj.attacks takes them"
    require("data_dir" in config, message)
    made = config.get("preprocess", "none")
    require(made == "none", f"{path}: images after preprocess={made} are not in [0, 1]")


def unchanged(scores, image, label):
    return image


def attacked(run: Run, image: np.ndarray, label: np.ndarray, attack) -> np.ndarray:
    """Test accuracy of each seed, `[S]`, on images that an attack has changed for this seed.

    It is NaN for a seed that has diverged.
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
