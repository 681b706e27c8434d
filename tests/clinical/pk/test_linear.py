"""Laws of the exact solution, for random bodies and schedules, against two independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sojourn.clinical.pk import linear
from sojourn.clinical.pk.linear import DoseInput, Linear
from sojourn.clinical.pk.refusal import ModelRefused, RefusalReason

from .oracle import by_exponential, by_integration

TIMES = [0.0, 0.01, 0.7, 3.0, 9.99, 10.0, 17.0, 42.0, 90.0, 300.0]

rate = st.floats(0.003, 2.0)


@st.composite
def mammillary(draw: st.DrawFn) -> np.ndarray:
    """A central compartment with up to three others, eliminating from the centre and perhaps elsewhere."""
    size = draw(st.integers(1, 4))
    k = np.zeros((size, size))
    for i in range(1, size):
        k[i, 0], k[0, i] = draw(rate), draw(rate)
    losses = [draw(rate), *(draw(st.sampled_from([0.0, 0.05])) for _ in range(size - 1))]
    return k - np.diag(k.sum(axis=0) + losses)


@st.composite
def cascade(draw: st.DrawFn) -> np.ndarray:
    """Depots, a body and a metabolite in a row, whose rates often coincide exactly or very nearly."""
    size = draw(st.integers(2, 5))
    base = draw(st.floats(0.02, 0.5))
    near = st.sampled_from([0.0, 0.0, 1e-12, 1e-8, 1e-5, 9e-4, 1.1e-3, 0.029, 0.031, 0.09, 0.11, 0.29, 0.31])
    rates = [base * (1 + draw(near)) for _ in range(size)]
    matrix = -np.diag(rates)
    for i in range(1, size):
        matrix[i, i - 1] = rates[i - 1] * draw(st.floats(0.2, 1.0))
    if draw(st.booleans()):  # one of them exchanges with a tissue
        wide = np.zeros((size + 1, size + 1))
        wide[:size, :size] = matrix
        there = draw(st.integers(0, size - 1))
        out, home = draw(rate), draw(rate)
        wide[there, there] -= out
        wide[size, there], wide[there, size], wide[size, size] = out, home, -home
        return wide
    return matrix


@st.composite
def anybody(draw: st.DrawFn) -> np.ndarray:
    """Any flows at all, cycles included: complex and defective roots."""
    size = draw(st.integers(2, 5))
    few = st.sampled_from([0.0, 0.0, 0.1, 0.1, 0.5, 1.0])
    k = np.array([[0.0 if i == j else draw(few) for j in range(size)] for i in range(size)])
    return k - np.diag(k.sum(axis=0) + [draw(st.sampled_from([0.02, 0.1, 0.5])) for _ in range(size)])


@st.composite
def schedule(draw: st.DrawFn, size: int) -> list[DoseInput]:
    start = st.sampled_from([0.0, 0.5, 5.0, 10.0, 25.0])
    duration = st.sampled_from([0.0, 0.0, 0.3, 4.0, 40.0])
    return [
        DoseInput(draw(st.integers(0, size - 1)), draw(st.floats(1.0, 100.0)), draw(start), draw(duration))
        for _ in range(draw(st.integers(1, 5)))
    ]


bodies = st.one_of(mammillary(), cascade(), anybody())


def amounts(matrix: np.ndarray, pours: list[DoseInput], times: object = TIMES) -> np.ndarray:
    return Linear(matrix[None], np.eye(len(matrix))[None]).respond(pours).at(np.asarray(times))[0]


def close(found: np.ndarray, wanted: np.ndarray, relative: float = 1e-9) -> bool:
    """Within a part of each curve's own highest value."""
    scale = np.maximum(np.abs(wanted).max(axis=-1, keepdims=True), 1e-12)
    return bool((np.abs(found - wanted) <= relative * scale).all())


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_the_closed_form_agrees_with_the_matrix_exponential(data: st.DataObject) -> None:
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    wanted = by_exponential(matrix, pours, TIMES)
    # to a billionth of what the whole body holds at most: a distant trace has no scale of its own
    whole = max(float(np.abs(wanted).max()), 1e-12)
    assert np.abs(amounts(matrix, pours) - wanted).max() <= 1e-9 * whole


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_closed_form_agrees_with_a_plain_integrator(data: st.DataObject) -> None:
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    wanted = by_integration(matrix, pours, TIMES)
    whole = sum(float(pour.amount) for pour in pours)  # the integrator's own tolerance is absolute
    assert np.abs(amounts(matrix, pours) - wanted).max() <= 1e-9 * whole


@settings(max_examples=60, deadline=None)
@given(st.data(), st.floats(0.01, 50.0))
def test_twice_the_dose_is_twice_the_curve(data: st.DataObject, factor: float) -> None:
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    more = [DoseInput(p.compartment, float(p.amount) * factor, p.start, p.duration) for p in pours]
    once = amounts(matrix, pours)
    assert np.abs(amounts(matrix, more) - factor * once).max() <= 1e-10 * factor * float(once.max())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_schedules_add_up(data: st.DataObject) -> None:
    matrix = data.draw(bodies)
    one, two = (data.draw(schedule(len(matrix))) for _ in range(2))
    both = amounts(matrix, one + two)
    parts = amounts(matrix, one) + amounts(matrix, two)
    assert np.abs(both - parts).max() <= 1e-10 * max(float(both.max()), 1e-12)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([0.25, 8.0, 64.0]))
def test_a_later_start_is_the_same_curve_later(data: st.DataObject, shift: float) -> None:
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    late = [DoseInput(p.compartment, p.amount, float(p.start) + shift, p.duration) for p in pours]
    here, there = amounts(matrix, pours), amounts(matrix, late, np.asarray(TIMES) + shift)
    assert np.abs(here - there).max() <= 1e-10 * max(float(here.max()), 1e-12)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_is_negative_and_nothing_appears(data: st.DataObject) -> None:
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    found = amounts(matrix, pours)
    assert (found >= 0).all()
    poured = sum(float(p.amount) for p in pours)
    assert (found.sum(axis=0) <= poured * (1 + 1e-9) + 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_went_in_is_there_or_has_left(data: st.DataObject) -> None:
    """Mass balance: amounts now plus everything eliminated until now equal everything given until now."""
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    size = len(matrix)
    leaves = -matrix.sum(axis=0)  # what each compartment loses to the outside
    response = Linear(matrix[None], np.eye(size)[None]).respond(pours)
    for now in (4.0, 33.0, 500.0):
        held = response.at([now])[0, :, 0].sum()
        gone = float(leaves @ response.area_until([now])[0, :, 0])
        given_ = sum(
            float(p.amount)
            * (
                float(now >= float(p.start))
                if float(p.duration) == 0
                else min(max((now - float(p.start)) / float(p.duration), 0.0), 1.0)
            )
            for p in pours
        )
        assert held + gone == pytest.approx(given_, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_each_instant_of_ones_own_gives_the_same_curve(data: st.DataObject) -> None:
    """Shared times, an even grid and everyone's own times are three ways through the code."""
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    even = np.linspace(0.0, 120.0, 241)
    response = Linear(matrix[None], np.eye(len(matrix))[None]).respond(pours)
    grid = response.at(even)[0]
    odd = response.at(np.concatenate([even, [121.7]]))[0][:, :-1]
    own = response.at(even[None])[0]
    scale = max(float(grid.max()), 1e-12)
    assert np.abs(grid - odd).max() <= 1e-11 * scale
    assert np.abs(grid - own).max() <= 1e-11 * scale


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_area_and_slope_belong_to_the_curve(data: st.DataObject) -> None:
    matrix = data.draw(bodies)
    pours = data.draw(schedule(len(matrix)))
    response = Linear(matrix[None], np.eye(len(matrix))[None]).respond(pours)
    scale = max(float(response.at(np.linspace(0, 200, 400)).max()), 1e-12)
    for at in (2.3, 12.0, 51.0):  # away from edges
        near = np.array([at - 1e-4, at + 1e-4])
        value, slope = response.at(near)[0], response.slope([at])[0, :, 0]
        assert slope == pytest.approx((value[:, 1] - value[:, 0]) / 2e-4, abs=1e-6 * scale, rel=1e-5)
        area = response.area(at - 1e-4, at + 1e-4)[0]
        assert area == pytest.approx(value.mean(axis=1) * 2e-4, abs=1e-10 * scale)


@settings(max_examples=60, deadline=None)
@given(mammillary(), st.floats(0.01, 10.0))
def test_a_lasting_infusion_settles_at_rate_over_clearance(matrix: np.ndarray, per_min: float) -> None:
    """C = R / CL where everything leaves from the centre; in general the amounts solve A x = -R."""
    long = 60.0 / float(np.abs(np.linalg.eigvals(matrix)).min())
    found = amounts(matrix, [DoseInput(0, per_min * long, 0.0, long)], [long * 0.999999])[:, 0]
    wanted = np.linalg.solve(matrix, -per_min * np.eye(len(matrix))[0])
    assert found == pytest.approx(wanted, rel=1e-8)
    k10 = -matrix[:, 0].sum()
    if -matrix.sum() == pytest.approx(k10, rel=1e-12):
        assert found[0] == pytest.approx(per_min / k10, rel=1e-8)


@example(np.array([[-1.0, 0.2, 0.2], [0.2, -0.2, 0.0], [0.2, 0.0, -0.2]]))  # two alike, which do not exchange
@settings(max_examples=40, deadline=None)
@given(mammillary())
def test_many_people_answer_as_one_by_one(matrix: np.ndarray) -> None:
    """Rotations in step (many) and LAPACK (few) are two routes to the same modes."""
    factors = np.linspace(0.5, 2.0, 60)
    many = Linear(matrix[None] * factors[:, None, None], np.eye(len(matrix))[None].repeat(60, axis=0))
    pours = [DoseInput(0, 10.0, 0.0, 5.0), DoseInput(0, 3.0, 1.0)]
    together = many.respond(pours).at(TIMES)
    for k in (0, 31, 59):
        alone = amounts(matrix * factors[k], pours)
        assert close(together[k], alone, 1e-10)  # rates three decades apart cost each route a digit of its own


@pytest.mark.parametrize("count", [7, 60, 121])
def test_times_may_stand_in_any_order(count: int) -> None:
    matrix = np.array([[-0.5, 0.1], [0.2, -0.1]])
    response = Linear(matrix[None], np.eye(2)[None]).respond([DoseInput(0, 1.0, 2.0, 10.0), DoseInput(1, 1.0, 40.0)])
    times = np.linspace(0, 60, count)
    mixed = np.random.default_rng(1).permutation(count)
    for order in (mixed, np.arange(count)[::-1]):
        for each in (response.at, response.slope, response.area_until):
            assert each(times[order])[0] == pytest.approx(each(times)[0][:, order], rel=1e-12, abs=1e-15)
    assert response.at(7.0)[0, :, 0] == pytest.approx(response.at([7.0])[0, :, 0])
    assert response.at([]).shape == (1, 2, 0)
    assert response.at(times, [1])[0, 0] == pytest.approx(response.at(times)[0, 1])


def test_people_with_clocks_of_their_own() -> None:
    """Starts, durations and amounts may differ from person to person."""
    matrix = np.array([[-0.5, 0.1, 0.0], [0.2, -0.1, 0.0], [0.3, 0.0, -0.05]])
    starts, durations = np.array([0.0, 3.0, 7.0]), np.array([10.0, 0.0, 2.5])
    amounts_ = np.array([5.0, 10.0, 20.0])
    system = Linear(np.stack([matrix] * 3), np.stack([np.eye(3)] * 3))
    found = system.respond([DoseInput(0, amounts_, starts, durations), DoseInput(0, 1.0, 2.0)]).at(TIMES)
    for k in range(3):
        own = [DoseInput(0, amounts_[k], starts[k], durations[k]), DoseInput(0, 1.0, 2.0)]
        assert close(found[k], by_exponential(matrix, own, TIMES), 1e-12)
    once = system.respond([DoseInput(0, 1.0, starts)])  # one instant for each of them
    for times in (np.array(TIMES), np.array([TIMES] * 3)):
        for k in range(3):
            wanted = by_exponential(matrix, [DoseInput(0, 1.0, starts[k])], TIMES)
            assert close(once.at(times)[k], wanted, 1e-12)


@pytest.mark.parametrize("back", [0.0, 1e-12, 0.1])
def test_one_of_two_in_whom_nothing_flows_back(back: float) -> None:
    """What is a tree of exchanges in the one is a one-way road in the other."""
    bodies = [np.array([[-0.5, each], [0.3, -each - 0.05]]) for each in (0.1, back)]
    found = Linear(np.stack(bodies), np.stack([np.eye(2)] * 2)).respond([DoseInput(0, 5.0, 0.0, 3.0)])
    for k, matrix in enumerate(bodies):
        assert close(found.at(TIMES)[k], by_exponential(matrix, [DoseInput(0, 5.0, 0.0, 3.0)], TIMES), 1e-11)


@pytest.mark.parametrize("apart", [1e-4, 1.2e-3, 5e-3, 0.04, 0.12])
def test_roots_that_lie_close_together_cost_no_digits(apart: float) -> None:
    rates = 0.3 * (1 + apart * np.arange(5))
    matrix = np.diag(rates[:-1], k=-1) - np.diag(rates)
    pours = [DoseInput(0, 5.0, 0.0, 3.0), DoseInput(1, 2.0, 1.0)]
    assert close(amounts(matrix, pours), by_exponential(matrix, pours, TIMES), 1e-9)


@pytest.mark.parametrize("of_their_own", [False, True])
def test_a_crowd_that_is_gone_through_in_parts(of_their_own: bool) -> None:
    matrix, count = np.array([[-0.5, 0.1], [0.2, -0.1]]), 2600
    starts = np.linspace(0, 9, count) if of_their_own else np.zeros(count)
    system = Linear(np.repeat(matrix[None], count, axis=0), np.repeat(np.eye(2)[None], count, axis=0))
    times = np.sqrt(np.arange(0.0, 900.0, 12.0))  # uneven
    found = system.respond([DoseInput(0, np.arange(1.0, count + 1), starts, 3.0)]).at(times)
    for k in (0, 1700, 1800, count - 1):
        wanted = by_exponential(matrix, [DoseInput(0, k + 1.0, starts[k], 3.0)], times)
        assert close(found[k], wanted, 1e-10)


@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_equal_roots_have_their_textbook_limit(size: int) -> None:
    """A chain of n equal stages is a gamma curve: (kt)^(n-1) exp(-kt) / (n-1)!"""
    k = 0.3
    matrix = k * (np.eye(size, k=-1) - np.eye(size))
    times = np.array([0.5, 2.0, 10.0, 60.0])
    found = amounts(matrix, [DoseInput(0, 1.0, 0.0)], times)[size - 1]
    factorial = float(np.prod(np.arange(1, size)))
    assert found == pytest.approx((k * times) ** (size - 1) * np.exp(-k * times) / factorial, rel=1e-12)


def test_a_cycle_swings() -> None:
    """Complex roots: three compartments in a ring without loss swing towards thirds."""
    matrix = np.array([[-1.0, 0.0, 1.0], [1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    found = amounts(matrix, [DoseInput(0, 3.0, 0.0)], [0.0, 1.0, 40.0])
    at_one = 1 + 2 * np.exp(-1.5) * np.cos(np.sqrt(3) / 2)
    assert found[:, 0] == pytest.approx([3.0, 0.0, 0.0], abs=1e-12)
    assert found[0, 1] == pytest.approx(at_one, rel=1e-12)
    assert found[:, 2] == pytest.approx([1.0, 1.0, 1.0], rel=1e-12)


@pytest.mark.parametrize(
    ("limit", "matrix", "people"),
    [
        ("_MOST_STEPS", [[-1.0, 0.0, 1.0], [1.0, -1.0, 0.0], [0.0, 1.0, -1.0]], 1),  # a ring: complex Schur form
        ("_MOST_SWEEPS", [[-1.5, 0.4, 0.2], [0.4, -0.5, 0.0], [0.2, 0.0, -0.3]], 48),  # a tree: rotations in step
    ],
)
def test_what_does_not_converge_is_refused(
    limit: str, matrix: list[list[float]], people: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of an entry after too few steps is no rounding: without an answer there is none."""
    body = np.repeat(np.array(matrix)[None], people, axis=0)
    eye = np.repeat(np.eye(3)[None], people, axis=0)
    Linear(body, eye)  # both come out
    monkeypatch.setattr(linear, limit, 1)
    with pytest.raises(ModelRefused) as refused:
        Linear(body, eye)
    assert refused.value.reason is RefusalReason.NOT_CONVERGED


@pytest.mark.parametrize(("limit", "most", "people"), [("_MOST_STEPS", 12, 1), ("_MOST_SWEEPS", 8, 48)])
def test_a_handful_of_steps_suffices(limit: str, most: int, people: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both methods double the right digits with every step, so that a worse step shows in how many there are."""
    monkeypatch.setattr(linear, limit, most)
    random = np.random.default_rng(1)
    for size in (3, 4, 5, 6) * 10:
        flows = random.uniform(0.003, 2.0, (size, size))
        if limit == "_MOST_SWEEPS":  # all of them with the centre alone
            flows[1:, 1:] = 0.0
        np.fill_diagonal(flows, 0.0)
        body = flows - np.diag(flows.sum(axis=0) + random.uniform(0.003, 0.5, size))
        Linear(np.repeat(body[None], people, axis=0), np.repeat(np.eye(size)[None], people, axis=0))


def test_a_sink_fills_in_a_straight_line_at_last() -> None:
    matrix = np.array([[-0.5, 0.0], [0.5, 0.0]])
    response = Linear(matrix[None], np.eye(2)[None]).respond([DoseInput(0, 100.0, 0.0, 100.0)])
    found = response.at([90.0, 91.0])[0, 1]
    assert found[1] - found[0] == pytest.approx(1.0, rel=1e-9)
    assert response.area(0.0, 1e4)[0, 0] == pytest.approx(200.0, rel=1e-12)


@pytest.mark.parametrize("of_ones_own", [False, True])
def test_a_sink_by_hand(of_ones_own: bool) -> None:
    """1 a minute in, half a minute's part of it on: A = 2 (1 - exp(-t/2)), B = t - A, and its area t²/2 - 2 t + 2 A."""
    matrix = np.array([[-0.5, 0.0], [0.5, 0.0]])
    response = Linear(matrix[None], np.eye(2)[None]).respond([DoseInput(0, 100.0, 5.0, 100.0)])
    times = np.array([5.0004, 6.0, 30.0, 104.0])
    asked = times[None] if of_ones_own else times
    t = times - 5
    here = -2 * np.expm1(-t / 2)
    there = np.where(t < 0.01, t**2 / 4 - t**3 / 24, t - here)  # t - A, which nearly cancels at first
    value, slope, area = (each(asked)[0] for each in (response.at, response.slope, response.area_until))
    assert value == pytest.approx(np.stack([here, there]), rel=1e-9, abs=1e-15)
    assert slope == pytest.approx(np.stack([np.exp(-t / 2), -np.expm1(-t / 2)]), rel=1e-9)
    assert area == pytest.approx(np.stack([2 * t - 2 * here, t**2 / 2 - 2 * t + 2 * here]), rel=1e-9, abs=1e-9)
    only = Linear(matrix[None], np.array([[[0.0, 3.0]]])).respond([DoseInput(0, 100.0, 5.0, 100.0)])  # three of B
    for each, wanted in ((only.at, value), (only.slope, slope), (only.area_until, area)):
        assert each(asked)[0, 0] == pytest.approx(3 * wanted[1], rel=1e-9)
    before = np.array([0.0, 4.9])
    for each in (response.at, response.slope, response.area_until):
        assert not each(before[None] if of_ones_own else before).any()


def test_the_first_moments_of_an_infusion_are_right() -> None:
    """A level and its exponentials nearly cancel there: after a millionth of a minute C is R t / V."""
    matrix = np.array([[-1.62, 0.247, 0.0146], [0.592, -0.247, 0.0], [0.59, 0.0, -0.0146]])
    tiny = 1e-6
    found = amounts(matrix, [DoseInput(0, 40.0, 0.0, 40.0)], [tiny])[0, 0]
    assert found == pytest.approx(tiny * (1 - 1.62 * tiny / 2), rel=1e-13)


@example(np.array([[-1.0, 0, 0, 0.2], [1, -1, 0, 0], [0, 1, -1, 0], [0, 0, 0.5, -1]]))
@settings(max_examples=1, deadline=None)
@given(st.just(np.array([[-0.2, 0.0], [0.2, -0.2]])))
def test_defective_matrices_are_no_exception(matrix: np.ndarray) -> None:
    pours = [DoseInput(0, 5.0, 0.0, 3.0), DoseInput(1, 2.0, 1.0)]
    assert close(amounts(matrix, pours), by_exponential(matrix, pours, TIMES), 1e-12)


@pytest.mark.parametrize(
    ("rates", "outputs"),
    [
        (np.zeros((2, 2)), np.zeros((1, 1, 2))),
        (np.zeros((1, 2, 2)), np.zeros((1, 1, 3))),
        (np.zeros((1, 2, 2)), np.zeros((2, 1, 2))),
        (np.zeros((1, 2, 2)), np.zeros((1, 2))),
        (np.zeros((1, 2, 3)), np.zeros((1, 1, 3))),
        (np.zeros((1, 1, 1)), np.full((1, 1, 1), np.inf)),
        (np.full((1, 1, 1), np.nan), np.ones((1, 1, 1))),
    ],
)
def test_what_is_no_system_is_not_solved(rates: np.ndarray, outputs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be"):
        Linear(rates, outputs)


# --- what a response says of itself ---


def test_the_fastest_and_the_slowest_root() -> None:
    """Of anyone, and not of what never leaves; nothing moves where nothing flows."""
    chain = np.array([[-0.5, 0.0, 0.0], [0.5, -0.02, 0.0], [0.0, 0.02, 0.0]])
    two = Linear(np.stack([chain, 3 * chain]), np.stack([np.eye(3)] * 2)).respond([DoseInput(0, 1.0, 0.0)])
    assert (two.fastest, two.slowest) == pytest.approx((1.5, 0.02))
    still = Linear(np.zeros((1, 2, 2)), np.eye(2)[None]).respond([DoseInput(0, 1.0, 0.0, 4.0)])
    assert (still.fastest, still.slowest) == (0, 0)
    assert still.at([1.0, 9.0])[0].tolist() == [[0.25, 1], [0, 0]]


def test_a_curve_as_its_exponentials() -> None:
    """10 a minute for 2 minutes into A, which loses half a minute's part and gives a fifth of it to B, and 7 into B."""
    matrix = np.array([[-0.5, 0.0], [0.1, -0.2]])
    people = Linear(np.stack([matrix, 2 * matrix]), np.stack([np.eye(2)] * 2))
    pours = [DoseInput(0, 20.0, 1.0, 2.0), DoseInput(1, 7.0, 3.0)]
    response = people.respond(pours)
    times = np.array([1.0, 1.4, 2.9, 3.0, 8.0])
    for output in (0, 1):
        pieces = response.exponentials(output)
        assert [start for start, _ in pieces] == [1, 3]
        for at in times:
            start, terms = next(each for each in reversed(pieces) if each[0] <= at)
            found = sum(weight * np.exp(rate * (at - start)) for rate, weight in terms)
            assert found == pytest.approx(response.at([at], [output])[:, 0, 0], abs=1e-12)
    start, terms = response.exponentials(0)[0]
    assert [(rate.tolist(), weight.tolist()) for rate, weight in terms if weight.any()] == [
        ([0, 0], pytest.approx([20, 10])),
        (pytest.approx([-0.5, -1]), pytest.approx([-20, -10])),
    ]


@pytest.mark.parametrize(
    ("matrix", "start"),
    [
        ([[-0.5, 0.0], [0.1, -0.2]], [0.0, 3.0]),  # everyone at a time of their own
        ([[-0.5, 0.0], [0.5, -0.5]], 0.0),  # equal roots
        ([[-0.5, 0.0], [0.5, 0.0]], 0.0),  # a ramp
    ],
)
def test_what_is_more_than_exponentials_is_not_said_as_such(matrix: list[list[float]], start: float) -> None:
    people = Linear(np.array([matrix] * 2), np.stack([np.eye(2)] * 2))
    with pytest.raises(ValueError, match="more than a sum of exponentials"):
        people.respond([DoseInput(0, 1.0, np.array(start), 4.0)]).exponentials(0)
