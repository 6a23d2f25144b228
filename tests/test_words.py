"""Numbers, durations and lists in words."""

import pytest

from pepita_jax.words import counted, describe_time, list_some


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (90, "90 s"),
        (119.6, "2 min 0 s"),
        (149, "2 min 29 s"),
        (600, "10 min"),
        (3570, "1 h 0 min"),
        (5100, "1 h 25 min"),
    ],
)
def test_durations_are_put_in_the_unit_that_reads_best(seconds, words):
    assert describe_time(seconds) == words


def test_only_one_thing_is_singular():
    assert [counted(n, "seed") for n in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]


def test_of_many_words_the_first_are_listed():
    assert list_some("abc", most=3) == "a, b, c"
    assert list_some("abcd", "; ", most=3) == "a; b; c; 1 more"
