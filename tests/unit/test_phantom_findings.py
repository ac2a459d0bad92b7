"""What is inserted: numbers, sizes, places."""

import numpy as np
import pytest

from support.phantoms import SETTINGS
from tomocalc.phantom.anatomy import build_breast, patient_style
from tomocalc.phantom.findings import draw_findings, extent
from tomocalc.phantom.settings import stream
from tomocalc.phantom.volume import inside_of


@pytest.fixture(scope="module")
def breast():
    return build_breast(1, "P001-LCC", patient_style(1, "P001"), SETTINGS)


@pytest.fixture(scope="module")
def drawn(breast):
    inside = inside_of(breast, SETTINGS)
    return [
        draw_findings(stream(1, f"draw {number}"), calcified=True, settings=SETTINGS, inside=inside)
        for number in range(60)
    ]


def test_clusters_keep_to_their_numbers_and_sizes(drawn):
    for findings in drawn:
        grains = [finding for finding in findings if finding.kind == "calcification"]
        clusters = {grain.cluster for grain in grains}
        assert clusters in ({1}, {1, 2})
        for number in clusters:
            members = np.array([grain.centre_mm for grain in grains if grain.cluster == number])
            assert 3 <= len(members) <= 15
            assert np.ptp(members, axis=0).max() <= 10
        assert all(0.15 <= grain.diameter_mm <= 0.5 for grain in grains)


def test_calcifications_differ_in_attenuation_by_more_than_a_factor_of_three(drawn):
    grains = [f for findings in drawn for f in findings if f.kind == "calcification"]
    levels = [sum(body.attenuation for body in grain.bodies) for grain in grains]
    low, high = np.percentile(levels, [2, 98])
    assert high > 3 * low
    assert max(levels) <= 2.0


def test_every_distractor_turns_up(drawn):
    kinds = [finding.kind for findings in drawn for finding in findings]
    assert kinds.count("noise_spike") >= 3 * len(drawn)
    assert kinds.count("round_benign") > 10
    assert kinds.count("vascular") > 5
    assert 0 < kinds.count("clip") < 15
    vessels = kinds.count("end_on_vessel") / len(drawn)
    assert vessels == pytest.approx(SETTINGS.end_on_vessels, abs=2)
    sizes = [f.diameter_mm for findings in drawn for f in findings if f.kind == "round_benign"]
    assert 1 <= min(sizes) <= max(sizes) <= 2


def test_a_vessel_along_the_beam_is_a_rod_in_the_slices(drawn):
    vessels = [f for findings in drawn for f in findings if f.kind == "end_on_vessel"]
    for vessel in vessels:
        beads = np.array([body.centre_mm for body in vessel.bodies])
        assert -0.5 < beads[:, 0].min() < beads[:, 0].max() < 23.5  # faces of the breast, mm
        across = np.hypot(*np.ptp(beads, axis=0)[1:])
        assert across <= np.ptp(beads[:, 0]) * np.tan(np.deg2rad(12)) * 1.001
        # Mean attenuation of the rod: volume of the beads over that of the cylinder.
        step = np.diff(beads[:, 0]).mean()
        radius = vessel.diameter_mm / 2
        share = 4 / 3 * np.pi * radius**3 / (np.pi * radius**2 * step)
        assert share * vessel.bodies[0].attenuation == pytest.approx(0.035)
    assert np.median([np.ptp([b.centre_mm[0] for b in v.bodies]) for v in vessels]) > 5


def test_everything_lies_in_the_breast(drawn, breast):
    for finding in (finding for findings in drawn for finding in findings):
        z, y, x = finding.centre_mm
        assert breast.depth_mm[round(z), round(y / 0.1), round(x / 0.1)] > 1.0


def test_a_breast_without_calcifications_has_distractors_only(breast):
    findings = draw_findings(
        stream(1, "none"), calcified=False, settings=SETTINGS, inside=inside_of(breast, SETTINGS)
    )
    assert findings
    assert not any(finding.kind == "calcification" for finding in findings)


def test_no_place_leaves_calcifications_only():
    findings = draw_findings(
        stream(1, "full"), calcified=True, settings=SETTINGS, inside=lambda position, margin: False
    )
    assert len(findings) >= 3
    assert {finding.kind for finding in findings} == {"calcification"}


def test_extent_counts_whole_voxels():
    assert extent(SETTINGS) == pytest.approx((24.0, 38.4, 25.6))
