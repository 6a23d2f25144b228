"""The Python of the how-to pages runs, and computes what the pages say."""

import re
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.datasets import load_digits

import pepita_jax as pj
from configs.default import FIELDS, get_config
from experiments.papers.differences import paired_difference
from pepita_jax.rules import skeleton
from pepita_jax.runs.run import run

PAGES = Path(__file__).parents[1] / "docs/how_to"


def blocks(page):
    return re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(), flags=re.DOTALL)


def execute(page, names=None, numbers=None):
    """The names that some blocks of a page, or all, leave behind."""
    names = {"__name__": "page"} if names is None else names
    for number, block in enumerate(blocks(page)):
        if numbers is None or number in numbers:
            exec(compile(block, f"{page}, block {number}", "exec"), names)
    return names


def train(words, workdir, **fields):
    """A short run, as by the command."""
    config = get_config(words)
    config.update(num_epochs=2, num_seeds=3, **fields)
    run(config.to_dict(), workdir, progress=False)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Pages write below the folder that they are run in."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md")))
def test_flags_and_fields_that_are_named_exist(page):
    source = "".join(file.read_text() for file in (PAGES.parents[1] / "experiments").rglob("*.py"))
    flags = {"help", *re.findall(r'DEFINE_\w+\(\s*"(\w+)"', source)}
    flags |= {f"no{flag}" for flag in flags}
    text = (PAGES / page).read_text()
    named = set(re.findall(r"--(\w+)(?=[=\s`\"])", text))
    assert named <= flags
    known = lambda field: field in FIELDS or f"{field.split('.')[0]}.*" in FIELDS
    fields = re.findall(r"--(?:config|sweep)\.([a-z_.]+)", text)
    assert [f for f in fields if not known(f) and not f.startswith("rule.")] == []


def test_a_loop_of_ones_own_trains_as_pj_train_does():
    names = execute("own_loop.md")
    data, state = names["data"], names["state"]
    splits = {"train": data.train, "test": data.test}
    more = {"num_seeds": 1, "num_epochs": 2, "batch_size": 32, "progress": False}
    found = pj.train(names["net"], names["rule"], names["optimizer"], **splits, **more)
    for W, wanted in zip(state.params, found.params, strict=True):
        np.testing.assert_allclose(W, wanted[0], rtol=1e-5, atol=1e-5)
    start, _ = names["rule"].init(names["key"])
    assert np.abs(start[0] - state.params[0]).max() > 0.01
    assert float(names["accuracy"]) == pytest.approx(found.history["test_accuracy"][0, -1])


def test_a_rule_of_ones_own_computes_its_equations(tmp_path, monkeypatch):
    file, test, noise_file, noise_test = blocks("own_rule.md")
    for module, text in (("my_rules", file), ("my_noise", noise_file)):
        (tmp_path / f"{module}.py").write_text(text)
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    names = {}
    exec(compile(test, "own_rule.md", "exec"), names)  # compares with NumPy itself
    assert np.abs(names["d_1"]).max() == 0.02  # something was clipped

    net = names["rule"].net
    rule = pj.build_rule("my_rules.Toy", net, limit=100.0)  # clips nothing
    weights, batch = rule.init(jax.random.key(0)), pj.Batch(names["image"], names["label"])
    found, _ = rule.pseudo_gradients(*weights, batch)
    wanted, _ = pj.FA(net).pseudo_gradients(*weights, batch)
    for dW, dW_wanted in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(dW, dW_wanted)

    exec(compile(noise_test, "own_rule.md", "exec"), names)  # three oracles
    assert 0.1 < names["m"].mean() < 0.3  # signs did change
    for p in (-0.1, 0.5):
        with pytest.raises(pj.UserError, match=r"rule\.p must be"):
            pj.build_rule("my_noise.FlipDFA", net, p=p)
    flip = pj.build_rule("my_noise.FlipDFA", net)
    with pytest.raises(pj.UserError, match="needs a batch with a key"):
        flip.pseudo_gradients(*flip.init(jax.random.key(0)), batch)
    for module in ("my_rules", "my_noise"):
        monkeypatch.delitem(sys.modules, module)


def test_the_skeleton_trains_once_its_class_has_a_name_of_its_own(tmp_path, monkeypatch):
    text = Path(skeleton.__file__).read_text()
    assert text.count("Skeleton") == 1  # renaming is all there is to do
    (tmp_path / "my_rules.py").write_text(text.replace("Skeleton", "Toy"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_rules", raising=False)
    train("my_rules.Toy,mlp,digits", "runs/toy", model={"hidden": (16,)})
    assert pj.load_run("runs/toy").history["test_accuracy"][:, -1].min() > 0.3  # chance is 0.1
    monkeypatch.delitem(sys.modules, "my_rules")


@pytest.mark.slow
def test_results_are_read_back(capsys):
    train("pepita,mlp,digits", "runs/digits")
    names = execute("read_results.md")
    found, (W_1, W_2) = names["run"], names["params"]
    np.testing.assert_array_equal(W_1, found.params[0][2])
    x = pj.load_dataset("digits").test[0].reshape(360, 64)
    np.testing.assert_allclose(names["a_1"], x @ W_1, atol=1e-4)
    np.testing.assert_allclose(names["h_1"], np.maximum(x @ W_1, 0), atol=1e-4)
    scores = np.maximum(x @ W_1, 0) @ W_2
    right = (scores.argmax(1) == names["label"]).mean()
    assert names["accuracy_of_each"][2] == pytest.approx(right, abs=1 / 360)
    np.testing.assert_allclose(
        names["accuracy_of_each"], found.history["test_accuracy"][:, -1], rtol=1e-6
    )
    mean = 100 * np.mean(names["accuracy_of_each"], dtype=float)
    assert f"{mean:.1f} ± " in capsys.readouterr().out


@pytest.mark.slow
def test_two_rules_are_compared_as_the_report_compares_them(capsys):
    train("bp,mlp,digits", "runs/bp")
    train("pepita,mlp,digits", "runs/pepita")
    execute("compare.md")
    paths = ("runs/pepita", "runs/bp")
    last = [pj.load_run(path).history["test_accuracy"][:, -1] for path in paths]
    printed = capsys.readouterr().out.splitlines()[-1]
    assert printed == f"{paired_difference(*last)} points, 3 pairs"


@pytest.mark.slow
def test_angles_are_those_of_the_arrays(capsys):
    names = execute("analyse.md", numbers=[0])
    net, (W_1, W_2), (B_2,), batch = (names[name] for name in ("net", "params", "F", "batch"))
    loss = lambda params: optax.losses.softmax_cross_entropy_with_integer_labels(
        net.apply(params, batch.image), batch.label
    ).mean()
    gradient = jax.grad(loss)((W_1, W_2))[0]
    update = names["rule"].pseudo_gradients((W_1, W_2), (B_2,), batch)[0][0]
    cosine = jnp.vdot(update, gradient) / jnp.linalg.norm(update) / jnp.linalg.norm(gradient)
    wanted = np.degrees(np.arccos(float(cosine)))
    np.testing.assert_allclose(names["found"].gradient_angle[0], wanted, atol=0.1)
    assert f"{wanted:.0f}°" in capsys.readouterr().out

    names = execute("analyse.md", names, [1, 2, 3])
    assert names["angles"].shape == (2, 4, 2)
    np.testing.assert_allclose(names["angles"][:, :, 1], 0, atol=0.1)  # the output layer's
    assert np.abs(names["attacked"] - names["image"]).max() == pytest.approx(0.05)
    unchanged, attacked = map(float, capsys.readouterr().out.splitlines()[-2:])
    assert attacked < unchanged


def test_networks_in_words_and_in_python_are_the_same():
    names = execute("networks.md", numbers=[0])
    assert names["in_words"] == names["net"]


def test_a_layer_of_ones_own_has_the_products_that_backpropagation_needs():
    names = execute("networks.md", numbers=[1])
    net, kept = names["net"], np.random.default_rng(0).random((64, 64)) < 0.5
    params = net.init(jax.random.key(0))
    image, label = (x[:32] for x in names["data"].train)
    found, _ = pj.BP(net).pseudo_gradients(params, (), pj.Batch(image, label))

    def loss(params):
        h_1 = jax.nn.relu(image.reshape(32, 64) @ (params[0] * kept))
        scores = h_1 @ params[1]
        return optax.losses.softmax_cross_entropy_with_integer_labels(scores, label).mean()

    for dW, wanted in zip(found, jax.grad(loss)(params), strict=True):
        np.testing.assert_allclose(dW, wanted, atol=1e-5)
    assert names["result"].history["test_accuracy"][:, -1].min() > 0.3  # chance is 0.1


@pytest.mark.slow
def test_a_script_resumes_and_stops_early():
    names = execute("python.md", numbers=[0, 1, 2])
    rule, data, config = names["rule"], names["data"], names["config"]
    assert (config.optimizer.learning_rate, config.batch_size) == (0.02, 32)
    splits = {"train": data.train, "test": data.test}
    more = {"num_seeds": 4, "num_epochs": 4, "batch_size": 32, "progress": False}
    whole = pj.train(rule.net, rule, optax.sgd(0.05, momentum=0.9), **splits, **more)
    jax.tree.map(np.testing.assert_array_equal, names["result"].params, whole.params)

    names = execute("python.md", names, [3])
    accuracy = names["result"].history["validation_accuracy"].mean(0)
    ends = [n for n in range(1, len(accuracy) + 1) if n - 1 - accuracy[:n].argmax() >= 2]
    assert ends == [len(accuracy)]


def test_arrays_are_saved_as_a_data_set():
    execute("own_data.md")
    found, (image, label) = pj.load_dataset("mine.npz"), load_digits(return_X_y=True)
    for split, part in ((found.train, slice(1400)), (found.test, slice(1400, None))):
        np.testing.assert_allclose(split[0][..., 0], image[part].reshape(-1, 8, 8) / 16)
        np.testing.assert_array_equal(split[1], label[part])


def test_an_optimizer_in_python_steps_as_optax():
    names = execute("optimizers.md")
    assert names["steps"] == 1437 // 32
    W = {"W": jnp.full(3, 2.0)}
    dW = {"W": jnp.array([3.0, 4.0, 0.0])}  # of norm 5, which is scaled down to 1
    found, _ = names["optimizer"].update(dW, names["optimizer"].init(W), W)
    wanted = -0.05 * (np.array([0.6, 0.8, 0.0]) + 1e-4 * 2)
    np.testing.assert_allclose(found["W"], wanted, rtol=1e-5)
    assert names["result"].history["test_accuracy"].shape == (2, 3)
