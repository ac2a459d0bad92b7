"""Batches of volumes: of a wanted size, and stable."""

import pytest

from tomocalc.batches import batches, usual_size

NAMES = [f"v{number:05d}" for number in range(5000)]


def test_one_volume_per_job_needs_no_batch():
    assert batches(NAMES, 1) == {}


@pytest.mark.parametrize(
    ("count", "files", "folders"),
    [
        (1, 1, 1),
        (15, 1, 1),
        (16, 2, 2),
        (49, 2, 2),
        (50, 4, 4),
        (1999, 4, 4),
        (2000, 20, 4),
        (20_000, 20, 4),
    ],
)
def test_the_usual_size_grows_with_the_number_of_volumes(count, files, folders):
    assert usual_size(count, folders=False) == files
    assert usual_size(count, folders=True) == folders


@pytest.mark.parametrize("size", [2, 8, 20, 50])
def test_every_volume_is_in_one_batch_or_alone(size):
    found = list(batches(reversed(NAMES), size).values())
    grouped = [name for batch in found for name in batch]
    assert len(grouped) == len(set(grouped))
    assert all(batch == sorted(batch) for batch in found)
    assert all(2 <= len(batch) <= 2 * size for batch in found)
    assert set(grouped) <= set(NAMES)
    jobs = len(found) + len(NAMES) - len(grouped)
    assert 0.7 < len(NAMES) / jobs / size < 1.3


@pytest.mark.parametrize("name", ["a", "v00000x", "v02500x", "zzz"])
def test_a_volume_more_or_less_changes_its_own_batch_only(name):
    before = {tuple(batch) for batch in batches(NAMES, 20).values()}
    after = {tuple(batch) for batch in batches([*NAMES, name], 20).values()}
    touched = [member for batch in before - after for member in batch]
    assert len(touched) <= 40
    assert {member for batch in after - before for member in batch} - {name} <= set(touched)


def test_the_hash_is_the_same_everywhere():
    assert batches("lkjihgfedcba", 4) == {"252f10c8": [*"abcdef"], "acac86c0": [*"ghijkl"]}
