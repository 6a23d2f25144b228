"""Table 2 of the paper (App. A), as tables, and settings for what it lacks."""

MODEL = {
    "mlp": {"hidden": (1024,), "dropout": 0.1},
    "conv": {"channels": (32,), "kernel_size": 5, "padding": 0, "hidden": (), "dropout": 0.0},
}
TANH_SIGMOID = {"activation": "tanh", "output": "sigmoid"}
# drtp: Sec. 4.1. sdfa: validation on MNIST (below), 92.5 % against 89.8 % with ReLU and softmax.
MODEL_OF_RULE = {"drtp": TANH_SIGMOID, "sdfa": TANH_SIGMOID}
# By validation on the digits, of relu, tanh and sigmoid: others settle badly as weights grow.
MODEL_OF_RULE |= {"equilibrium_propagation": {"activation": "sigmoid"}}
MODEL_OF_RULE |= {"burst_propagation": {"activation": "sigmoid", "output": "sigmoid"}}
NUM_EPOCHS = 100
BATCH_SIZE = {"mlp": 64, "conv": 100}
SCHEDULE_EPOCHS = {
    ("mlp", "mnist"): (60,),
    ("mlp", "cifar10"): (60, 90),
    ("mlp", "cifar100"): (60, 90),
    ("conv", "mnist"): (10, 30, 50),
    ("conv", "cifar10"): (10, 30, 50),
    ("conv", "cifar100"): (10, 30, 50),
}
LEARNING_RATE = {
    "bp": {
        ("mlp", "mnist"): 0.1,
        ("mlp", "cifar10"): 0.01,
        ("mlp", "cifar100"): 0.01,
        ("conv", "mnist"): 0.1,
        ("conv", "cifar10"): 0.01,
        ("conv", "cifar100"): 0.01,
    },
    "fa": {
        ("mlp", "mnist"): 0.1,
        ("mlp", "cifar10"): 0.001,
        ("mlp", "cifar100"): 0.001,
        ("conv", "mnist"): 0.1,
        ("conv", "cifar10"): 0.01,
        ("conv", "cifar100"): 0.01,
    },
    "drtp": {
        ("mlp", "mnist"): 0.01,
        ("mlp", "cifar10"): 0.001,
        ("mlp", "cifar100"): 0.001,
        ("conv", "mnist"): 0.01,
        ("conv", "cifar10"): 0.01,
        ("conv", "cifar100"): 0.01,
    },
    "pepita": {
        ("mlp", "mnist"): 0.1,
        ("mlp", "cifar10"): 0.01,
        ("mlp", "cifar100"): 0.01,
        ("conv", "mnist"): 0.1,
        ("conv", "cifar10"): 0.1,
        ("conv", "cifar100"): 0.1,
    },
}
# Not in Table 2. "Validation" is one seed and two epochs of mlp with the last tenth of the training
# set held out: at learning rate 0.1 on MNIST (sdfa also at 0.01), at 0.01 and 0.001 on CIFAR-10.
# The default decay of kolen_pollack was the best of 1e-4, 1e-3 and 1e-2 on MNIST.
LEARNING_RATE["shallow"] = LEARNING_RATE["pepita"]  # PEPITA with F = 0
for _rule in ("pepita_hebbian", "pepita_mirrored", "pepita_hidden", "mempepita"):
    LEARNING_RATE[_rule] = LEARNING_RATE["pepita"]
for _rule in ("dfa", "sdfa", "sign_symmetry"):
    LEARNING_RATE[_rule] = LEARNING_RATE["fa"]
for _rule in ("local_error", "kolen_pollack"):  # kolen_pollack by validation
    LEARNING_RATE[_rule] = LEARNING_RATE["bp"]
# By validation, of 0.1, 0.03 and 0.01 for mlp on MNIST, of 0.01, 0.003 and 0.001 for conv on
# CIFAR-10 (four epochs); there its weights grow without end at FA's learning rates. The other data
# sets follow these; mlp keeps FA's learning rate on CIFAR.
LEARNING_RATE["weight_mirror"] = LEARNING_RATE["fa"] | {
    ("mlp", "mnist"): 0.03,
    ("conv", "mnist"): 0.03,
    ("conv", "cifar10"): 0.003,
    ("conv", "cifar100"): 0.003,
}
# By validation: of 0.3, 0.1 and 0.03 on MNIST (conv in one epoch, of the last two), of 0.03, 0.01
# and 0.003 for mlp on CIFAR-10, there for conv of 0.1, 0.06, 0.03 and 0.01.
LEARNING_RATE["decoupled_greedy"] = LEARNING_RATE["bp"] | {
    ("mlp", "cifar10"): 0.003,
    ("mlp", "cifar100"): 0.003,
    ("conv", "cifar10"): 0.03,
    ("conv", "cifar100"): 0.03,
}
# By validation: of 0.003, 0.001 and 0.0003 on MNIST (mlp: the larger two were alike; conv in one
# epoch), of 0.0003, 0.0001 and 0.00003 for mlp on CIFAR-10, there for conv of 0.001, 0.0003 and
# 0.0001.
LEARNING_RATE["forward_gradient"] = dict.fromkeys(SCHEDULE_EPOCHS, 0.0001) | {
    ("mlp", "mnist"): 0.001,
    ("conv", "mnist"): 0.003,
    ("conv", "cifar10"): 0.0003,
    ("conv", "cifar100"): 0.0003,
}
# By validation: of 0.1, 0.03 and 0.01 for mlp on MNIST, of 0.003 and 0.001 on CIFAR-10
# (conv: alike).
LEARNING_RATE["forward_dfa"] = LEARNING_RATE["fa"] | {
    ("mlp", "mnist"): 0.03,
    ("conv", "mnist"): 0.03,
    ("mlp", "cifar10"): 0.003,
    ("mlp", "cifar100"): 0.003,
    ("conv", "cifar10"): 0.001,
    ("conv", "cifar100"): 0.001,
}
# By validation, of 0.0001, 0.001 and 0.01 for mlp on MNIST, of 0.001 and 0.01 for conv. With mlp on
# CIFAR-10 it stays near chance in two epochs with 0.0001 and 0.001.
LEARNING_RATE["pepita_time_local"] = dict.fromkeys(SCHEDULE_EPOCHS, 0.0001) | {
    ("mlp", "mnist"): 0.001,
    ("conv", "mnist"): 0.01,
}
# Its source's for MNIST, with 3 x 1000 units and batches of 100.
LEARNING_RATE["forward_forward"] = dict.fromkeys(SCHEDULE_EPOCHS, 0.001)
# By validation at 0.1, 0.03 and 0.01 on MNIST, at 0.03, 0.01, 0.003 and 0.001 on CIFAR-10; conv and
# CIFAR-100 follow.
for _rule in ("predictive_coding", "contrastive_hebbian"):
    LEARNING_RATE[_rule] = LEARNING_RATE["bp"] | {
        ("mlp", "cifar10"): 0.003,
        ("mlp", "cifar100"): 0.003,
    }
# By validation for mlp on MNIST, of 0.003, 0.01 and 0.03 in one epoch; elsewhere a tenth of BP's.
LEARNING_RATE["gevb"] = {column: rate / 10 for column, rate in LEARNING_RATE["bp"].items()}
# By validation for mlp on MNIST, of 0.1, 0.03 and 0.01; the others keep their ratio to BP's.
# deep_feedback_control: of the same, BP's own.
LEARNING_RATE["difference_target_propagation"] = {
    column: 0.3 * learning_rate for column, learning_rate in LEARNING_RATE["bp"].items()
}
LEARNING_RATE["synthetic_gradients"] = {
    column: 0.1 * learning_rate for column, learning_rate in LEARNING_RATE["bp"].items()
}
# Of Adam, by validation for mlp on MNIST, of 0.005 and 0.001.
LEARNING_RATE["burst_propagation"] = dict.fromkeys(LEARNING_RATE["bp"], 0.001)
# Learning rate times decay of weight_mirror: B follows W within about a thousand steps. Chosen by
# validation at FA's learning rates, and kept for those above. The decays tried were 0.1, 0.01 and
# 0.001 on MNIST; on CIFAR-10 0.1 at learning rate 0.001, and 0.01 and 0.001 at learning rate 0.01.
MIRRORED_PER_STEP = 1e-4
SAME_AS = {"fashion_mnist": "mnist"}


def trained_like(dataset, num_channels):
    """The data set whose settings a data set takes: another one's where there are none for it.

    Args:
        dataset: its name or path.
        num_channels: `() -> number` of its images' channels.
    """
    known = {"digits", *SAME_AS, *(dataset for _, dataset in SCHEDULE_EPOCHS)}
    if dataset in known:
        return dataset
    return "mnist" if num_channels() == 1 else "cifar10"


def table_2(rule, model, dataset):
    """How a column of Table 2 is trained; a rule without a learning rate there has BP's."""
    column = _column(model, dataset)
    learning_rate = _learning_rates(rule)[column]
    return {
        "num_epochs": NUM_EPOCHS,
        "batch_size": BATCH_SIZE[model],
        "optimizer.learning_rate": learning_rate,
        "schedule.epochs": SCHEDULE_EPOCHS[column],
        **({"rule.decay": MIRRORED_PER_STEP / learning_rate} if rule == "weight_mirror" else {}),
    }


# scikit-learn's digits are not in the paper: small nets for a short demonstration. The learning
# rates are among the best of 0.01, 0.02, 0.05, 0.1 and 0.2 for both bp and pepita, by the accuracy
# of five seeds on a quarter of the training set held out (validation_fraction 0.25, seed 100).
DIGITS_MODEL = {
    "mlp": {"hidden": (256,)},
    "conv": {"channels": (16,), "kernel_size": 3},
}
_DIGITS = {"num_epochs": 10, "batch_size": 32, "schedule.epochs": ()}
DIGITS_LEARNING_RATE_OF_RULE = {  # chosen likewise
    "weight_mirror": 0.02,
    "decoupled_greedy": 0.1,
    "forward_gradient": 0.003,  # of 0.001 to 0.05
}
DIGITS_LEARNING_RATE_OF_RULE |= {"pepita_time_local": 0.003}  # of 0.001, 0.003, 0.01 and 0.03
DIGITS_LEARNING_RATE_OF_RULE |= {"forward_forward": 0.001}  # of 0.0003, 0.001, 0.003 and 0.01
# Chosen on the same images with hidden (128, 64), three seeds and 20 epochs, of 0.2 to 0.01.
DIGITS_LEARNING_RATE_OF_RULE |= {"predictive_coding": 0.1, "equilibrium_propagation": 0.1}
DIGITS_LEARNING_RATE_OF_RULE |= {"burst_propagation": 0.005}  # of Adam: 0.01, 0.005 and 0.003
DIGITS_LEARNING_RATE_OF_RULE |= {"gevb": 0.03}  # of 0.003, 0.01, 0.03 and 0.1
# Likewise, of 0.1 to 0.005, with the last fifth held out. deep_feedback_control has BP's.
DIGITS_LEARNING_RATE_OF_RULE |= {"difference_target_propagation": 0.02, "synthetic_gradients": 0.01}
DIGITS = {
    "mlp": {**_DIGITS, "optimizer.learning_rate": 0.05},
    "conv": {**_DIGITS, "optimizer.learning_rate": 0.1},
}


def digits(rule, model):
    """How the digits are trained."""
    settings = DIGITS.get(model, DIGITS["conv"])
    learning_rate = DIGITS_LEARNING_RATE_OF_RULE.get(rule, settings["optimizer.learning_rate"])
    return {**settings, "optimizer.learning_rate": learning_rate}


# All other models and data sets. The learning rates are by validation for lenet5 on MNIST: the best
# of 0.1, 0.03, 0.01 and 0.003 for bp, sign_symmetry and shallow; for fa, dfa and pepita also of
# 0.001 and 0.0003. One seed, one epoch, the last tenth of the training set held out. Of pepita, two
# of three seeds then diverged by the fifth epoch, and none with a third of that learning rate. The
# rules that were not tried take those of their kin.
USUAL = {"num_epochs": 50, "batch_size": 64, "schedule.epochs": ()}
USUAL_LEARNING_RATE = 0.01
USUAL_LEARNING_RATE_OF_RULE = {"sign_symmetry": 0.03, "shallow": 0.1}
USUAL_LEARNING_RATE_OF_RULE |= dict.fromkeys(("fa", "weight_mirror", "dfa", "sdfa", "drtp"), 0.001)
USUAL_LEARNING_RATE_OF_RULE["pepita_time_local"] = 0.0001
USUAL_LEARNING_RATE_OF_RULE["forward_forward"] = 0.001
USUAL_LEARNING_RATE_OF_RULE |= {"gevb": 0.001, "burst_propagation": 0.001}
USUAL_LEARNING_RATE_OF_RULE |= {"forward_gradient": 0.0001, "forward_dfa": 0.001}
USUAL_LEARNING_RATE_OF_RULE |= dict.fromkeys(
    ("pepita", "pepita_hebbian", "pepita_mirrored", "pepita_hidden", "mempepita"), 0.0001
)


def usual(rule):
    """How a model is trained that Table 2 does not have."""
    learning_rate = USUAL_LEARNING_RATE_OF_RULE.get(rule, USUAL_LEARNING_RATE)
    return {**USUAL, "optimizer.learning_rate": learning_rate}


def model(rule, name, dataset):
    """The options of a model that are not its defaults."""
    of_digits = DIGITS_MODEL.get(name, {}) if dataset == "digits" else {}
    return MODEL.get(name, {}) | MODEL_OF_RULE.get(rule, {}) | of_digits


# Of feedback that learns, whose scale is not that of the weights: Adam's, as in the sources, by
# validation on MNIST, and of synthetic_gradients on the digits, where 0.001 is too slow.
FEEDBACK_LEARNING_RATE_OF_RULE = dict.fromkeys(
    ("deep_feedback_control_learned", "difference_target_propagation", "synthetic_gradients"), 0.001
)
DIGITS_FEEDBACK_LEARNING_RATE_OF_RULE = {"synthetic_gradients": 0.01}
# Of 0.5, 1 and 2 for sigmoid units on the digits, by validation: 1 and 2 do as well.
OPTIONS_OF_RULE = {"equilibrium_propagation": {"init_scale": 1.0}}
# SGD with momentum needs more epochs than the digits have: a squared error of sigmoid units begins
# with a plateau, and learning rates that would leave it saturate the units.
OPTIMIZER_OF_RULE = {"burst_propagation": {"name": "adam", "momentum": float}}  # float: not set


def training(rule, model, dataset):
    """How a rule trains a model on a data set."""
    own = {f"rule.{option}": value for option, value in OPTIONS_OF_RULE.get(rule, {}).items()}
    own |= {f"optimizer.{field}": v for field, v in OPTIMIZER_OF_RULE.get(rule, {}).items()}
    return _of_weights(rule, model, dataset) | _of_feedback(rule, dataset) | own


def _of_feedback(rule, dataset):
    if rule not in FEEDBACK_LEARNING_RATE_OF_RULE:
        return {}
    of_digits = DIGITS_FEEDBACK_LEARNING_RATE_OF_RULE if dataset == "digits" else {}
    learning_rate = (FEEDBACK_LEARNING_RATE_OF_RULE | of_digits)[rule]
    return {"feedback_optimizer.name": "adam", "feedback_optimizer.learning_rate": learning_rate}


def _of_weights(rule, model, dataset):
    if dataset == "digits":
        return digits(rule, model)
    if _column(model, dataset) in SCHEDULE_EPOCHS:
        return table_2(rule, model, dataset)
    return usual(rule)


def _column(model, dataset):
    return model, SAME_AS.get(dataset, dataset)


def _learning_rates(rule):
    return LEARNING_RATE.get(rule, LEARNING_RATE["bp"])
