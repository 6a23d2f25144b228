"""Configurations of earlier versions, as this version has them.

Version 0.1 had three more rules as options of `pepita`.
"""

NOISE = "experiments.papers.pepita.noise.InputNoise"
GONE = ("update", "feedback", "modulation", "mirror_decay", "noise_scale", "noise_low")


def upgrade(config: dict) -> dict:
    """The configuration with the rules that there are now; unchanged if it has none but those.

    Args:
        config: nested plain dict, as `config.json` or a checkpoint holds it.
    """
    rule = config.get("rule")
    if not isinstance(rule, dict) or rule.get("name") != "pepita" or "update" not in rule:
        return config
    kept = {name: value for name, value in rule.items() if name not in GONE}
    is_hebbian = rule["update"] == "time_local"
    if rule.get("feedback") == "mirrored":
        updates = "hebbian" if is_hebbian else "pepita"
        more = {"mirror_decay": rule["mirror_decay"], "updates": updates}
        kept |= {"name": "pepita_mirrored", **more}
    elif is_hebbian:
        kept["name"] = "pepita_hebbian"
        kept.pop("presynaptic", None)
        kept.pop("output_error", None)
    elif rule.get("modulation") == "noise":
        kept |= {"name": NOISE, **{n: rule[n] for n in ("noise_scale", "noise_low")}}
    return config | {"rule": kept}
