"""A checksum of data tells all that training could."""

import hashlib

import numpy as np
import pytest

from pepita_jax.data.checksum import checksum

IMAGE = np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1)
LABEL = np.array([0, 1], np.int32)


def test_it_is_the_sha256_of_types_shapes_and_contents():
    content = b"<f4(2, 3, 4, 1)" + IMAGE.tobytes() + b"<i4(2,)" + LABEL.tobytes()
    assert checksum(IMAGE, LABEL) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (IMAGE, LABEL[::-1]),
        (IMAGE.reshape(2, 4, 3, 1), LABEL),
        (IMAGE.astype(np.uint8), LABEL),
        (np.where(IMAGE == 23, 22, IMAGE), LABEL),
    ],
)
def test_other_data_have_another(image, label):
    assert checksum(image, label) != checksum(IMAGE, LABEL)


def test_how_an_array_lies_in_memory_does_not_count():
    assert checksum(np.asfortranarray(IMAGE), LABEL) == checksum(IMAGE, LABEL)
