"""Every field of a training run, with its default and its meaning.

Tables, figures and sections in parentheses are those of Dellaferrera & Kreiman (ICML 2022).
"""

from pepita_jax.data.sets import DATASETS
from pepita_jax.networks.models import MODELS

PRESET = ...  # the default depends on RULE, MODEL and DATASET

# Field: (default, meaning with unit and source). A type in place of a default: not set.
FIELDS = {
    "dataset": (PRESET, f"{', '.join(DATASETS)}, another prepared set of TensorFlow Datasets, "
                "FILE.npz, or a folder of images by class"),
    "data_dir": (str, "folder of TensorFlow Datasets; unset: $TFDS_DATA_DIR, or else "
                 "~/tensorflow_datasets"),
    "validation_fraction": (0.0, "fraction of the training set that is held out for validation, "
                            "from its end"),
    "preprocess": ("none", "none, standardize (each channel), whiten (ZCA, App. G), rescale (to "
                   "[0, 1]) or whiten_rescale (both); the statistics are those of the images "
                   "that are trained on"),
    "augment.flip": (False, "mirror each training image left to right with probability 1/2"),
    "augment.crop": (0, "pixels to pad: every side of a training image gets this many black "
                     "pixels, and a part of the original size is cut out at random; black means "
                     "what preprocessing makes of it (after whitening, the mean of a black image)"),
    "shuffle": (True, "a new random order for each epoch; false: the stored order"),
    "drop_last": (True, "drop an epoch's last batch if it is incomplete; false: train on it"),
    "seed": (0, "root of all randomness: seed k of the run depends on (seed, k) alone"),
    "num_seeds": (10, "number of seeds, numbered from 0 and trained side by side (Table 1: 10)"),
    "num_epochs": (PRESET, "passes over the training set (Table 2: 100)"),
    "batch_size": (PRESET, "images per step (Table 2)"),
    "rule": (PRESET, "the learning rule; its options are the fields rule.OPTION, which the "
             "rule's docstring explains"),
    "model.name": (PRESET, ", ".join(MODELS)),
    "model.hidden": (PRESET, "units of each hidden dense layer (Table 2: 1024; conv: none)"),
    "model.channels": (PRESET, "filters of each convolution, which 2x2 max-pooling follows "
                       "(Table 2: 32)"),
    "model.kernel_size": (PRESET, "side of the filters in pixels; their stride is 1 (Table 2: 5)"),
    "model.padding": (PRESET, "zeros around a convolution's input, in pixels (the authors' "
                      "program: 0)"),
    "model.layers": (PRESET, "model chain: the layers before the output layer, in words: "
                     "conv FILTERS SIZE [stride=1] [padding=0], dense UNITS, maxpool SIZE "
                     "[stride=SIZE], avgpool SIZE [stride=SIZE], globalavgpool, dropout "
                     "PROBABILITY; for example 'conv 6 5, maxpool 2, dense 120 tanh'"),
    "model.dropout": (PRESET, "probability of dropping a unit of a hidden dense layer (Table 2); "
                      "model chain has it in model.layers"),
    "model.input_dropout": (PRESET, "probability of dropping an input value"),
    "model.bias": (PRESET, "whether units and filters have biases (Table 2: no)"),
    "model.activation": (PRESET, "non-linearity of the hidden layers: relu (Sec. 4.1), leaky_relu, "
                         "tanh, sigmoid, gelu or linear"),
    "model.output": (PRESET, "non-linearity of the output, and the loss: softmax with "
                     "cross-entropy (Sec. 4.1), sigmoid with binary cross-entropy, or linear with "
                     "half the squared error"),
    "model.init": (PRESET, "distribution of the initial weights: he_uniform (Table 2), he_normal "
                   "(Fig. 6) or pytorch (uniform, +-1/sqrt(fan_in))"),
    "model.normalize": (PRESET, "whether each hidden layer's activity is divided, for each sample, "
                        "by its standard deviation over the units (Srinivasan et al. 2024)"),
    "optimizer.name": ("sgd", "any optax optimizer (Sec. 4.1: sgd)"),
    "optimizer.learning_rate": (PRESET, "learning rate before the schedule changes it (Table 2, "
                                "for sgd; other optimizers need another)"),
    "optimizer.momentum": (0.9, "momentum of sgd (Sec. 4.1: 0.9); with another optimizer.name it "
                           "is unset unless you set it"),
    "optimizer.*": (PRESET, "the optimizer's other keyword arguments; unset: optax's defaults"),
    "optimizer.weight_decay": (float, "coefficient of L2 weight decay: this times the weights is "
                               "added to the pseudo-gradients, before momentum; an optimizer that "
                               "has this argument, such as adamw, uses it in its own way"),
    "optimizer.decoupled_weight_decay": (float, "coefficient of decoupled weight decay, with any "
                                         "optimizer: this times the learning rate times the "
                                         "weights is subtracted from the weights"),
    "optimizer.clip_norm": (float, "largest norm of the pseudo-gradients of all weights together; "
                            "before anything else, larger ones are scaled down to it"),
    "feedback_optimizer.*": (PRESET, "the fields of optimizer, for feedback that learns; unset: as "
                             "for the weights, but with another name only the learning rate is; "
                             "the schedule is always the weights'"),
    "schedule.name": ("step", "step (Table 2), constant, cosine, warmup_cosine, linear or "
                      "exponential"),
    "schedule.epochs": (PRESET, "step: epochs after each of which the learning rate is multiplied "
                        "by factor (Table 2)"),
    "schedule.factor": (0.1, "step: what the learning rate is multiplied by (Table 2: 0.1); "
                        "exponential: factor per epoch, applied in equal parts per step, which "
                        "must be set"),
    "schedule.decay_epochs": (int, "cosine, warmup_cosine, linear: length of the whole schedule in "
                              "epochs; unset: num_epochs"),
    "schedule.final": (float, "cosine, warmup_cosine, linear: fraction of the learning rate that "
                       "is left at the end of the schedule; unset: 0"),
    "schedule.warmup_epochs": (int, "warmup_cosine: number of first epochs, in which the learning "
                               "rate rises linearly from 0; must be set"),
    "seeds_at_once": (int, "how each device trains its seeds: 0 all at once by vmap, 1 one after "
                      "another, k in chunks of k; unset: 1 on a CPU, 0 on a GPU, and on a TPU as "
                      "many as its fast memory holds"),
    "matmul_precision": (str, "precision of matrix products and convolutions: highest or float32 "
                         "(full float32), high or tensorfloat32 (between the others), bfloat16 or "
                         "default (the fastest); unset: JAX's own choice, TF32 on recent NVIDIA "
                         "GPUs and bfloat16 on TPUs; it has no effect on a CPU"),
    "checkpoint_every": (1, "epochs between checkpoints; the last epoch always has one"),
    "log_alignment": (True, "once per epoch, write angles and weight norms (Fig. 3) to "
                      "alignment.jsonl and alignment.png, as measured on one fixed training batch "
                      "without dropout"),
    "tensorboard": (False, "also write TensorBoard event files (extra: tensorboard)"),
}  # fmt: skip
SECTIONS = {  # the field with which each begins
    "dataset": "Data",
    "seed": "Seeds and length of training",
    "rule": "Learning rule",
    "model.name": "Network",
    "optimizer.name": "Optimizer",
    "schedule.name": "Schedule of the learning rate",
    "seeds_at_once": "Computation",
    "checkpoint_every": "What is saved",
}
