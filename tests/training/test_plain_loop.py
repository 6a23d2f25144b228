"""Ten steps of backpropagation on augmented images, against a plain JAX and optax program."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import pepita_jax as pj
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.one_seed import Batching, plan_epoch
from pepita_jax.training.schedules import build_schedule

STEPS, CROP = 10, 2
SMALL = "conv 4 3 padding=1, maxpool 2, conv 6 3, maxpool 2"
NETS = {  # and the padding of each convolution
    "small": (pj.chain((10, 10, 3), 4, layers=SMALL, activation="gelu", bias=True), (1, 0)),
    "vgg5": (pj.vgg5((32, 32, 3), 4), (1, 1, 1, 0)),
}


def scores(params, image, paddings):
    x, (*convolutions, output) = image, params
    for (W, b), padding in zip(convolutions, paddings, strict=True):
        around = [(padding, padding)] * 2
        x = jax.lax.conv_general_dilated(
            x, W, (1, 1), around, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        x = jax.nn.gelu(x + b[None, None, None], approximate=False)
        window = (1, 2, 2, 1)
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
    return x.reshape(len(x), -1) @ output[0] + output[1][None]


def augmented(image, flipped, corners):
    around = ((0, 0), (CROP, CROP), (CROP, CROP), (0, 0))
    padded, size = np.pad(image, around), image.shape[1]
    parts = [p[i : i + size, j : j + size] for p, (i, j) in zip(padded, corners, strict=True)]
    return np.stack([p[:, ::-1] if f else p for p, f in zip(parts, flipped, strict=True)])


@pytest.mark.parametrize("name", ["small", pytest.param("vgg5", marks=pytest.mark.slow)])
def test_backpropagation_is_that_of_a_program_without_this_package(name):
    net, paddings = NETS[name]
    random, batch_size = np.random.default_rng(0), 8
    image = random.integers(0, 256, (STEPS * batch_size, *net.input_shape), np.uint8)
    label = random.integers(0, 4, len(image)).astype(np.int32)
    augment, keys = pj.Augment(flip=True, crop=CROP), seed_keys(0, 1)
    batching = Batching(augment=augment)
    schedule = build_schedule("cosine", decay_epochs=1).of(0.05, STEPS)
    optimizer = pj.build_optimizer("sgd", schedule, momentum=0.9, weight_decay=1e-3)
    trainer = SeedTrainer(
        pj.BP(net), optimizer, (image, label), batch_size, keys, batching=batching
    )
    states = trainer.init()
    params = jax.tree.map(lambda x: jnp.array(x[0]), states.params)
    found, metrics = trainer.train_epoch(states, 1)

    plain = optax.chain(
        optax.add_decayed_weights(1e-3),
        optax.sgd(optax.cosine_decay_schedule(0.05, STEPS), momentum=0.9),
    )

    def mean_loss(params, x, t):
        outputs = scores(params, x, paddings)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, t).mean()

    @jax.jit
    def step(params, state, x, t):
        loss, gradient = jax.value_and_grad(mean_loss)(params, x, t)
        updates, state = plain.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, loss

    plan, state, losses = plan_epoch(keys[0], 1, len(image), batch_size, batching), None, []
    state = plain.init(params)
    for i, chosen in enumerate(np.asarray(plan.order)):
        drawn = augment.draw(jax.random.fold_in(plan.augment_key, i), batch_size)
        x = augmented(np.float32(image[chosen]) / 255, *map(np.asarray, drawn))
        params, state, loss = step(params, state, x, label[chosen])
        losses.append(loss)
    np.testing.assert_allclose(metrics["train_loss"][0], np.mean(losses), rtol=1e-4)
    for one, other in zip(jax.tree.leaves(found.params), jax.tree.leaves(params), strict=True):
        np.testing.assert_allclose(one[0], other, rtol=0, atol=1e-4)
