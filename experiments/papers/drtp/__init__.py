"""Frenkel, Lefebvre & Bol, "Learning Without Feedback: Fixed Random Learning Signals Allow for
Feedforward Training of Deep Neural Networks", Frontiers in Neuroscience 2021.

`runs.py` has six rules on MNIST in the settings that are known, `published.py` has figures of the
authors' program, and `fc1.py` shows both.
"""
