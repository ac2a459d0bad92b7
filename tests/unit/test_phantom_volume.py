"""Whole volumes: places, contrast, spectra, and the same bytes every time."""

import dataclasses
import hashlib

import numpy as np
import pytest

from support.phantoms import SETTINGS, breast, spectral_exponent
from support.processes import python
from tomocalc.phantom import volume
from tomocalc.phantom.acquisition import Finding
from tomocalc.phantom.settings import Settings
from tomocalc.phantom.volume import Simulation, measure_contrast, simulate

TINY = dataclasses.replace(SETTINGS, rows=96, columns=80, slices=6)


def make(
    volume_id: str, settings: Settings, *, calcified: bool = True, seed: int = 1
) -> Simulation:
    volume = breast(volume_id, volume_id[:4], volume_id[5], calcified=calcified)
    return simulate(volume, seed=seed, settings=settings)


@pytest.fixture(scope="module")
def simulations():
    return {name: make(name, SETTINGS) for name in ("P001-LCC", "P002-RCC", "P004-RCC", "P007-LCC")}


def sha(simulation: Simulation) -> str:
    return hashlib.sha256(simulation.stored.tobytes()).hexdigest()


def test_stored_values_fit_their_bits_and_air_is_zero(simulations):
    for simulation in simulations.values():
        stored = simulation.stored
        assert stored.dtype == np.uint16
        assert stored.shape == SETTINGS.shape
        assert stored.max() < 2**volume.BITS
        assert (stored[:, 0] == 0).all()
        assert 0.4 < (stored > 0).mean() < 0.8
        assert 4000 < np.median(stored[stored > 0]) < 8000


def test_the_chest_wall_is_on_the_side_of_the_body(simulations):
    left, right = simulations["P001-LCC"].stored, simulations["P002-RCC"].stored
    assert left[12, 192, 0] > 0
    assert left[12, 192, -1] == 0
    assert right[12, 192, -1] > 0
    assert right[12, 192, 0] == 0


def test_calcifications_peak_where_the_truth_says(simulations):
    checked = 0
    for simulation in simulations.values():
        for item in simulation.truth:
            if item.finding.kind != "calcification" or item.contrast_to_noise < 4:
                continue
            at = np.array([item.slice, round(item.y_px), round(item.x_px)])
            first = np.maximum(at - [2, 3, 3], 0)
            near = simulation.stored[
                first[0] : at[0] + 3, first[1] : at[1] + 4, first[2] : at[2] + 4
            ]
            assert np.abs(first + np.unravel_index(near.argmax(), near.shape) - at).max() <= 1
            checked += 1
    assert checked > 20


def test_contrast_runs_from_barely_visible_to_obvious(simulations):
    ratios = [
        item.contrast_to_noise
        for simulation in simulations.values()
        for item in simulation.truth
        if item.finding.kind == "calcification"
    ]
    low, middle, high = np.percentile(ratios, [10, 50, 90])
    assert low < 3 < middle < 8 < high


def test_reconstructed_slices_keep_the_power_law():
    exponents = []
    for number in range(3):
        stored = make(f"P10{number}-LCC", SETTINGS, calcified=False).stored
        planes = stored[4:20:2, 128:256, 30:158].astype(float)
        exponents.append(spectral_exponent(planes, 0.1, 0.15, 1.5))
    assert np.mean(exponents) == pytest.approx(3.0, abs=0.4)


def test_every_volume_and_seed_is_another():
    volumes = [
        make("P001-LCC", TINY),
        make("P001-RCC", TINY),
        make("P002-LCC", TINY),
        make("P001-LCC", TINY, seed=2),
        make("P001-LCC", TINY, calcified=False),
    ]
    assert len({sha(simulation) for simulation in volumes}) == len(volumes)


def test_bytes_do_not_depend_on_the_number_of_threads():
    code = (
        "import hashlib\n"
        "from tomocalc.phantom.settings import Settings\n"
        "from tomocalc.phantom.volume import simulate\n"
        f"made = simulate({breast('P001-LCC', 'P001')},"
        " seed=1, settings=Settings(96, 80, 6, 0.1, 1.0, 15, 15.0, 3000.0, 7.0, 0.5))\n"
        "print(hashlib.sha256(made.stored.tobytes()).hexdigest())"
    )
    for threads in ("1", "4"):
        made = python(code, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)
        assert made.strip() == sha(make("P001-LCC", TINY))


@pytest.mark.parametrize(
    "settings",
    [
        TINY,
        dataclasses.replace(SETTINGS, rows=64, columns=48, slices=4, projections=5),
        dataclasses.replace(SETTINGS, rows=120, columns=100, pixel_spacing_mm=0.3),
    ],
)
def test_other_sizes_work(settings):
    for number in range(6):
        simulation = make(f"P00{number}-RCC", settings)
        assert sum(item.finding.kind == "calcification" for item in simulation.truth) >= 3
        for item in simulation.truth:
            assert np.isfinite(item.contrast_to_noise)
            assert 0 <= item.slice < settings.slices
            assert 0 <= item.x_px <= settings.columns - 1
            assert 0 <= item.y_px <= settings.rows - 1


def test_contrast_to_noise_is_peak_over_the_deviation_beside_it():
    image = np.random.default_rng(0).normal(10, 2, (101, 101)).astype(np.float32)
    signal = np.zeros((101, 101), np.float32)
    signal[50, 50], signal[50, 51] = 9, 4
    image += 1000 * signal  # must not count as noise
    finding = Finding("calcification", 1, np.array([0, 5.0, 5.0]), 0.2)
    ratio = measure_contrast(
        finding, image, signal, np.ones((101, 101), np.float32), pixel_spacing_mm=0.1
    )
    assert ratio == pytest.approx(4.5, rel=0.05)
