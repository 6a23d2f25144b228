"""The runs that the tables and figures of the paper need."""

from experiments.papers.paper_run import PaperRun
from experiments.papers.pepita.kept import EMBEDDING, FITS, embed, fit_output_layer
from pepita_jax.rules.moved import NOISE as INPUT_NOISE

RULES = ("bp", "fa", "drtp", "pepita", "dfa", "shallow")  # the last two are not in the paper
IN_PAPER = RULES[:4]
DATASETS = ("mnist", "cifar10", "cifar100")


def of_table_1(rule, model="mlp", dataset="mnist"):
    """A run of Table 1."""
    kept = ((EMBEDDING, embed),) if (rule, model) == ("pepita", "mlp") else ()
    return PaperRun((rule, model, dataset), kept=kept)


def noise(low, scale):
    """PEPITA with a random perturbation in place of the error, r in [low, 1) (Fig. 5)."""
    fields = (("rule.noise_low", float(low)), ("rule.noise_scale", scale))
    variant = f"noise_from_{low}_k_{scale}"
    return PaperRun((INPUT_NOISE, "mlp", "cifar10"), variant, fields, called="pepita")


def he_normal(rule, dropout):
    """A run whose initial weights are normally distributed (Fig. 6)."""
    fields = (("model.init", "he_normal"), ("model.dropout", dropout))
    kept = ((FITS, fit_output_layer),)
    return PaperRun((rule, "mlp", "mnist"), f"he_normal_dropout_{dropout}", fields, kept=kept)


def other_reading(rule, model, dataset, field, value):
    """A run of Table 1 with another value of one field, by another reading of the paper."""
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
    """Nearly batch learning: ten steps per epoch, no momentum, and F of this scale."""
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
