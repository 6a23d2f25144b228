"""Options of version 0.1 that have become rules, and where each went."""

NOISE = "experiments.papers.pepita.noise.InputNoise"
MOVED_FROM_PEPITA = {
    "update": "update=time_local is the rule pepita_hebbian now; pepita itself is joint",
    "feedback": "feedback=mirrored is the rule pepita_mirrored now; pepita's feedback is fixed",
    "mirror_decay": "mirror_decay is an option of the rule pepita_mirrored now",
    "modulation": f"modulation=noise is the rule {NOISE} now",
    "noise_scale": f"noise_scale is an option of the rule {NOISE} now",
    "noise_low": f"noise_low is an option of the rule {NOISE} now",
}
