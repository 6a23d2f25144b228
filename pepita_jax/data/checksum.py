"""A checksum tells your own data, which have no name, from others."""

import hashlib

import numpy as np


def checksum(image: np.ndarray, label: np.ndarray) -> str:
    """SHA-256 over the types, shapes and contents of images and their labels, 64 digits."""
    digest = hashlib.sha256()
    for array in (image, label):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
