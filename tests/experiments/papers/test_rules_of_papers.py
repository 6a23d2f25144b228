"""What rules of papers have in common."""

import pytest

from pepita_jax import UserError, build_network, build_rule

RULES = {
    "biotorch": ["XavierBP", "XavierFA", "XavierDFA", "XavierSignSymmetry"],
    "local_loss": ["PredictionLoss"],
    "weight_mirror": ["BPInProgram", "FAInProgram", "MirrorInProgram", "KolenPollackInProgram"],
}


@pytest.mark.parametrize("name", [f"{paper}.rules.{r}" for paper in RULES for r in RULES[paper]])
def test_a_network_without_biases_is_refused_in_one_line(name):
    net = build_network("mlp", input_shape=(4, 3, 1), num_classes=5, hidden=(6,))
    with pytest.raises(UserError, match=r"needs .*biases[^\n]*$"):
        build_rule(f"experiments.papers.{name}", net)
