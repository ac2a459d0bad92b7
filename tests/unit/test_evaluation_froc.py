"""Free-response curves and the DBTex metric, on cases made by hand."""

import numpy as np
import pytest

from tomocalc.evaluation.dbtex import Lesion, Mark, dbtex, match
from tomocalc.evaluation.findings import Box
from tomocalc.evaluation.froc import FALSE, IGNORED, FreeResponse, froc, sensitivity_at
from tomocalc.evaluation.intervals import standard_error
from tomocalc.metrics import score_limits, wilson

DRAW = {"confidence": 0.95}
PLACE = {"pixel_mm": [0.1]}


def response(marks, *, findings, volumes):
    """Marks as (rating, finding, patient); the patient of every finding and volume."""
    rating, finding, patient = zip(*marks, strict=True) if marks else ((), (), ())
    return FreeResponse(
        np.array(rating, np.float64),
        np.array(finding, np.int64),
        np.array(patient, np.int64),
        np.array(findings, np.int64),
        np.array(volumes, np.int64),
    )


MARKS = [
    (0.9, 0, 0),
    (0.8, FALSE, 0),
    (0.7, 0, 0),  # again the first finding: neither found twice nor false
    (0.6, 1, 1),
    (0.5, IGNORED, 1),
    (0.4, FALSE, 1),
    (0.3, FALSE, 1),
]


def three(findings=(0, 1, 1)):
    """The curve of three findings, the last of which no mark lies on, in two volumes."""
    return froc(response(MARKS, findings=findings, volumes=[0, 1]), threshold=0.6, **DRAW)


def test_a_curve_of_many_marks_is_exact_where_it_is_read():
    # a finding after the last false mark that half a mark per volume admits, 3,000 marks below it
    rating = np.array([0.9, 0.8, 0.7, *np.linspace(0.6, 0.1, 3000)])
    finding = np.array([FALSE, 0, 1, *[FALSE] * 3000])
    zeros = np.zeros(len(rating), int)
    response = FreeResponse(rating, finding, zeros, np.zeros(4, int), np.zeros(2, int))
    facts = froc(response, threshold=0.5, confidence=0.95)
    assert [at.sensitivity for at in facts.rates] == [0.5] * 5


def test_curve_by_hand():
    facts = three()
    assert facts.curve.threshold == [0.9, 0.8, 0.7, 0.6, 0.4, 0.3]
    assert facts.curve.false_per_volume == [0, 0.5, 0.5, 0.5, 1, 1.5]
    shares = [1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3]
    assert facts.curve.sensitivity == pytest.approx(shares, abs=1e-6)
    assert (facts.findings, facts.with_candidate, facts.volumes) == (3, 2, 2)


def test_the_operating_point_by_hand():
    point = three().operating_point
    assert (point.found, point.false, point.false_per_volume) == (2, 1, 0.5)
    assert point.sensitivity.value == pytest.approx(2 / 3)
    # of two patients with findings one has his only finding found, the other one of two
    # without her 1/2, without the other 1: error 1/4, (2/9)/(1/16) trials, 1 · 3/(3 − 2) degrees
    low, high = score_limits(2 / 3, 32 / 9, 3.1824463)
    assert (point.sensitivity.low, point.sensitivity.high) == pytest.approx((low, high))
    assert point.sensitivity.high > 0.95


def test_sensitivity_at_rates_is_linear_between_points_and_flat_beyond():
    rates = {rate.false_per_volume: rate for rate in three().rates}
    assert rates[0.5].sensitivity == pytest.approx(2 / 3)
    assert rates[8.0].sensitivity == pytest.approx(2 / 3)
    assert [rate.beyond for rate in rates.values()] == [False, False, True, True, True]
    for rate in rates.values():
        assert 0 <= rate.low <= rate.sensitivity <= rate.high <= 1


def test_without_any_mark_nothing_is_found():
    facts = froc(response([], findings=[0, 0], volumes=[0, 1]), threshold=0.5, **DRAW)
    assert facts.curve.sensitivity == [0]
    assert facts.with_candidate == 0
    assert facts.rates[0].low is None  # both findings are of one patient
    two = froc(response([], findings=[0, 1], volumes=[0, 1]), threshold=0.5, **DRAW)
    assert two.rates[0].low == 0
    assert two.rates[0].high == pytest.approx(wilson(0, 2)[1])  # nothing found of only two


def test_a_missed_finding_lowers_every_point():
    pairs = zip(three([0, 1]).curve.sensitivity, three().curve.sensitivity, strict=True)
    assert all(missed < found for found, missed in pairs)


def test_the_error_of_a_sensitivity_is_the_spread_of_studies():
    draw = np.random.default_rng(3)
    rates = np.array([0.5, 2.0])
    values, errors = [], []
    for _ in range(150):
        finding_patient = np.repeat(np.arange(30), draw.integers(0, 5, 30))
        found, false = np.arange(len(finding_patient)), np.repeat(np.arange(30), 5)
        study = FreeResponse(
            np.append(draw.normal(1, 1, len(found)), draw.normal(0, 1, len(false))),
            np.append(found, np.full(len(false), FALSE)),
            np.append(finding_patient, false),
            finding_patient,
            np.arange(30),
        )
        counts = study.at(np.sort(study.rating)[::-1])
        values.append(sensitivity_at(rates, *counts.curve()))
        errors.append([standard_error(column) ** 2 for column in counts.without_each(rates).T])
    ratio = np.sqrt(np.mean(errors, axis=0)) / np.std(values, axis=0)
    assert ratio == pytest.approx(1, abs=0.2)


BOX = Box(top=100, left=200, bottom=400, right=600, slice=20)  # half diagonal 250, centre 250, 400
SMALL = Box(top=245, left=395, bottom=255, right=405, slice=20)


@pytest.mark.parametrize(
    ("box", "row", "column", "depth", "hit"),
    [
        (BOX, 250, 650, 20, True),  # 250 px off: exactly half the diagonal
        (BOX, 250, 650.1, 20, False),
        (SMALL, 250, 500, 20, True),  # 100 px off a box of 10: as the published code has it
        (SMALL, 250, 500.1, 20, False),
        (SMALL, 250, 400, 30, True),  # a quarter of 40 slices
        (SMALL, 250, 400, 30.1, False),
        (Box(245, 395, 255, 405, None), 250, 400, 39, True),  # annotated on every slice
    ],
)
@pytest.mark.parametrize("rule", ["nearest", "first"])
def test_dbtex_hit_rule(box, row, column, depth, hit, rule):
    found = match(Mark(0, row, column, depth, 0.5), [Lesion(0, box)], 40, rule)
    assert found == (0 if hit else FALSE)


def test_of_several_boxes_a_mark_hits_the_nearest_or_the_first():
    other = Box(top=245, left=455, bottom=255, right=465, slice=20)  # centre 250, 460
    lesions = [Lesion(0, SMALL), Lesion(0, other)]
    near_second, near_first = Mark(0, 250, 440, 20, 0.5), Mark(0, 250, 420, 20, 0.5)
    assert [match(near_second, lesions, 40, rule) for rule in ("nearest", "first")] == [1, 0]
    assert [match(near_first, lesions, 40, rule) for rule in ("nearest", "first")] == [0, 0]
    assert match(near_first, lesions[::-1], 40, "first") == 0  # the other one, which is first now
    beyond_first = Mark(0, 250, 510, 20, 0.5)  # 110 px from the first box, 50 from the second
    assert match(beyond_first, lesions, 40, "first") == 1


def test_both_rules_are_measured_by_hand():
    # Two boxes 60 px apart in one volume; both marks lie nearest to the second one and within
    # reach of the first. The nearest rule gives both to the second box: sensitivity 1/2. So does
    # the first rule, to the first box. A third mark reaches the second box alone.
    lesions = [Lesion(0, SMALL), Lesion(0, Box(245, 455, 255, 465, 20))]
    both = [Mark(0, 250, 440, 20, 0.9), Mark(0, 250, 445, 20, 0.8)]
    beyond = Mark(0, 250, 520, 20, 0.7)
    place = {"slices": [40, 40], "patient": [0, 1]}

    def means(marks):
        rules = dbtex(marks, lesions, **place, **PLACE, **DRAW).rules
        return [rule.mean_sensitivity for rule in (rules.nearest, rules.first)]

    assert means(both) == [0.5, 0.5]
    assert means([*both, beyond]) == [0.5, 1.0]


def test_dbtex_by_hand():
    # two volumes with a lesion, two without; marks in the order of their scores
    lesions = [Lesion(0, SMALL), Lesion(1, SMALL)]
    hit, off = (250.0, 400.0), (2000.0, 2000.0)
    marks = [
        Mark(0, *hit, 20, 0.9),
        Mark(0, *hit, 20, 0.85),  # the same lesion again: no false mark
        *(Mark(0, *off, 20, 0.8) for _ in range(3)),
        *(Mark(2, *off, 20, 0.7) for _ in range(9)),
        Mark(1, *hit, 20, 0.6),
        *(Mark(1, *off, 20, 0.5) for _ in range(5)),
    ]
    facts = dbtex(marks, lesions, slices=[40] * 4, patient=[0, 1, 2, 3], **PLACE, **DRAW)
    # volumes with lesions: (0, 1/2) at 0.85, (3/2, 1) at 0.6, (8/2, 1) at the end
    assert facts.rules.nearest == facts.rules.first  # one box a volume
    found = facts.rules.nearest
    at = np.array([entry.value for entry in found.sensitivity_at], dtype=float)
    assert at == pytest.approx([0.5 + 0.5 / 1.5, 1, 1, 1])
    assert found.mean_sensitivity == pytest.approx(at.mean())
    # all volumes: (0, 1/2), then (12/4, 1): at 2 a third of the way is left
    assert found.tie_break.value == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert (facts.lesions, facts.volumes_with_lesion, facts.volumes) == (2, 2, 4)
    for figure in (*found.sensitivity_at, found.tie_break):
        assert figure.low <= figure.value <= figure.high


def test_dbtex_without_marks_is_zero():
    facts = dbtex([], [Lesion(0, SMALL)], slices=[40, 40], patient=[0, 1], **PLACE, **DRAW)
    for figures in (facts.rules.nearest, facts.rules.first):
        assert figures.mean_sensitivity == figures.tie_break.value == 0
