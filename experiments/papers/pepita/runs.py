"""The runs behind each table and figure of the paper."""

from typing import Any, NamedTuple

from configs.settings import Chosen, make_config
from experiments.papers.pepita import published as paper
from pepita_jax.rules.moved import NOISE as INPUT_NOISE

RULES = ("bp", "fa", "drtp", "pepita", "dfa", "shallow")  # the last two are not in the paper
IN_PAPER = RULES[:4]
DATASETS = ("mnist", "cifar10", "cifar100")
FITS, EMBEDDING = "fits", "embedding"
QUICK = {"seeds": 2, "epochs": 3}


class PaperRun(NamedTuple):
    """A run that the paper's tables and figures need.

    Attributes:
        words: RULE, MODEL and DATASET.
        variant: the part of its name that tells it from the preset of these words.
        fields: `(field, value)` that differ from the preset.
        seeds, epochs: as the paper has them; where it gives none, enough to show the effect.
        kept: `FITS` and `EMBEDDING` of the weights, beside histograms.
    """

    words: tuple[str, str, str]
    variant: str = ""
    fields: tuple[tuple[str, Any], ...] = ()
    seeds: int = paper.SEEDS
    epochs: int = paper.EPOCHS
    kept: tuple[str, ...] = ()

    @property
    def name(self):
        """The name of its workdir and of its record file."""
        rule, *others = self.words
        rule = "pepita" if rule == INPUT_NOISE else rule
        return "_".join(filter(None, (rule, *others, self.variant)))

    def config(self, num_seeds, num_epochs):
        """Its configuration, a nested plain dict."""
        size = {"num_seeds": num_seeds, "num_epochs": num_epochs}
        return make_config(Chosen(self.words, dict(self.fields) | size), {})

    def quick(self):
        """A small run on digits in its place."""
        rule, model, _ = self.words
        fields = tuple(f for f in self.fields if f[0] != "batch_size")
        return self._replace(words=(rule, model, "digits"), fields=fields, **QUICK)


def of_table_1(rule, model="mlp", dataset="mnist"):
    """A run of Table 1."""
    kept = (EMBEDDING,) if (rule, model) == ("pepita", "mlp") else ()
    return PaperRun((rule, model, dataset), kept=kept)


def noise(low, scale):
    """PEPITA with a random perturbation in the error's place, r from [low, 1) (Fig. 5)."""
    fields = (("rule.noise_low", float(low)), ("rule.noise_scale", scale))
    return PaperRun((INPUT_NOISE, "mlp", "cifar10"), f"noise_from_{low}_k_{scale}", fields)


def he_normal(rule, dropout):
    """A network that begins with normally distributed weights (Fig. 6)."""
    fields = (("model.init", "he_normal"), ("model.dropout", dropout))
    return PaperRun((rule, "mlp", "mnist"), f"he_normal_dropout_{dropout}", fields, kept=(FITS,))


def other_reading(rule, model, dataset, field, value):
    """Table 1 with one field as another reading of the paper has it."""
    variant = f"{field.partition('.')[2]}_{value}"
    return PaperRun((rule, model, dataset), variant, ((field, value),), seeds=3)


def linear(variant, *fields, epochs):
    """A linear network on whitened input with squared error, as in Appendix E."""
    fields = (
        ("model.activation", "linear"),
        ("model.output", "linear"),
        ("model.dropout", 0.0),
        ("rule.presynaptic", "standard"),
        ("preprocess", "whiten"),
        *fields,
    )
    return PaperRun(("pepita", "mlp", "mnist"), f"linear_{variant}", fields, seeds=5, epochs=epochs)


def large_batches(scale):
    """Nearly batch learning: ten steps per epoch, no momentum, and this scale of F."""
    fields = (
        ("batch_size", 6000),
        ("optimizer.momentum", 0.0),
        ("optimizer.learning_rate", 0.05),
        ("rule.feedback_scale", scale),
    )
    return linear(f"large_batches_F_{scale}", *fields, epochs=50)


TABLE_1 = [of_table_1(r, m, d) for m in ("mlp", "conv") for d in DATASETS for r in RULES]
TABLE_3 = [of_table_1(rule, "mlp", data) for data in DATASETS for rule in IN_PAPER]
PEPITA = of_table_1("pepita")
LONG = PaperRun(("pepita", "mlp", "mnist"), "long", seeds=5, epochs=1000)
WHITENED = PaperRun(
    ("pepita", "mlp", "mnist"),
    "whitened",
    (("preprocess", "whiten"), ("optimizer.learning_rate", 0.01)),
)
TABLE_4 = [PEPITA, WHITENED]
LINEAR = [
    large_batches(0.05),
    large_batches(1.0),
    linear("small_batches", ("optimizer.learning_rate", 0.01), epochs=20),
]
NOISE = {(low, scale): noise(low, scale) for low in (0, -1) for scale in (0.01, 0.1, 1.0)}
WITHOUT_NOISE = [of_table_1(rule, "mlp", "cifar10") for rule in ("pepita", "shallow")]
FIG_5 = [*WITHOUT_NOISE, *NOISE.values()]
HE_NORMAL = {
    (rule, dropout): he_normal(rule, dropout) for rule in ("bp", "pepita") for dropout in (0.0, 0.1)
}
READINGS = [
    *(other_reading("pepita", "mlp", d, "rule.output_error", "modulated") for d in DATASETS[:2]),
    other_reading("pepita", "mlp", "mnist", "rule.presynaptic", "standard"),
    other_reading("pepita", "mlp", "mnist", "rule.modulation_sign", -1),
    other_reading("drtp", "mlp", "mnist", "rule.hidden_reduction", "mean"),
    *(other_reading(r, "conv", "cifar10", "model.padding", 2) for r in ("bp", "fa", "drtp")),
]
MLP_ON_CIFAR_10 = [of_table_1(rule, "mlp", "cifar10") for rule in IN_PAPER]
