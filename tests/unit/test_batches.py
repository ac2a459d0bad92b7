"""Batches of volumes: of a wanted size, and stable."""

import pytest

from tomocalc.plan.volumes import batches

NAMES = [f"v{number:05d}" for number in range(5000)]


def test_a_batch_of_one_has_the_name_of_its_volume():
    assert batches(["b", "a"], 1) == {"a": ["a"], "b": ["b"]}
    assert batches([], 4) == {}


@pytest.mark.parametrize("size", [2, 8, 20, 50])
def test_every_volume_is_in_one_batch(size):
    found = list(batches(reversed(NAMES), size).values())
    assert sorted(name for batch in found for name in batch) == NAMES
    assert all(batch == sorted(batch) for batch in found)
    assert all(1 <= len(batch) <= 2 * size for batch in found)
    assert 0.7 < len(NAMES) / len(found) / size < 1.3


@pytest.mark.parametrize("name", ["a", "v00000x", "v02500x", "zzz"])
def test_a_volume_more_or_less_changes_its_own_batch_only(name):
    before = {tuple(batch) for batch in batches(NAMES, 20).values()}
    after = {tuple(batch) for batch in batches([*NAMES, name], 20).values()}
    touched = [member for batch in before - after for member in batch]
    assert len(touched) <= 40
    assert {member for batch in after - before for member in batch} - {name} <= set(touched)


def test_the_hash_is_the_same_everywhere():
    assert batches("lkjihgfedcba", 4) == {"b+": [*"ab"], "g+": [*"cdefg"], "l+": [*"hijkl"]}
