"""The paper's counts, from the spreadsheet that its authors published:

github.com/fabrizioaymone/suitability-of-Forward-Forward-and-PEPITA-learning, analysis.ods.
"""

RULES = ("bp", "pepita", "mempepita", "forward_forward")
_OPERATIONS = {
    "DS-CNN, keywords": (7_666_544, 7_992_652, 10_657_648, 10_931_120),
    "MobileNet, wake words": (22_356_136, 22_909_134, 30_527_860, 31_454_720),
    "ResNet, CIFAR-10": (37_099_592, 37_601_542, 50_136_132, 50_416_168),
    "autoencoder, ToyADMOS": (711_296, 1_202_816, 1_467_008, 1_063_456),
}
_ACTIVATIONS = {
    "DS-CNN, keywords": (72_602, 72_602, 28_096, 20_586),
    "MobileNet, wake words": (259_467, 259_467, 92_160, 82_945),
    "ResNet, CIFAR-10": (113_779, 113_779, 81_920, 52_225),
    "autoencoder, ToyADMOS": (2_312, 2_312, 1_408, 1_408),
}
_by_rule = lambda figures: {net: dict(zip(RULES, of, strict=True)) for net, of in figures.items()}
OPERATIONS, ACTIVATIONS = _by_rule(_OPERATIONS), _by_rule(_ACTIVATIONS)
PARAMETERS = {
    "DS-CNN, keywords": 22_604,
    "MobileNet, wake words": 210_850,
    "ResNet, CIFAR-10": 77_706,
    "autoencoder, ToyADMOS": 265_864,
}
