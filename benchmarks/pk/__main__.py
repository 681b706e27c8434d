"""``python -m benchmarks.pk``: speed and accuracy beside the peers, written to benchmarks/pk/RESULTS.md.

Peers (opentiva, pypharm) run in an environment of their own, because they pin an older SciPy and need a
Fortran compiler: ``PEERS_PYTHON=/path/to/python python -m benchmarks.pk``. Without it the table says so.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.optimize import minimize

from sojourn.clinical import pk
from sojourn.clinical.pk import Dose, Measurement, Person
from sojourn.clinical.pk.fitting import _Problem

HERE = Path(__file__).parent
KAMP = pk.load("kamp_2020_anesthesiology_pooled")
WHO = Person(weight_kg=70, age_y=40)
DOSE = [Dose("ketamine", "iv", 35, 0, 40)]
SECONDS = np.arange(4 * 3600) / 60.0
PEOPLE = 10_000
TIMES = np.linspace(0.0, 240.0, 500)
PROBES = (600, 1200, 2400, 6000, 14000)


def best(work: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def rates(weight: float) -> np.ndarray:
    return pk.bodies(KAMP, Person(weight_kg=weight, age_y=40)).rates()[0]


def exact(matrix: np.ndarray, volume: float, times: np.ndarray, mg: float = 35.0, length: float = 40.0) -> np.ndarray:
    """ng/mL by the matrix exponential, the referee of the accuracy column."""
    size = len(matrix)
    found = []
    for at in times:
        fed = np.zeros((size + 1, size + 1))
        fed[:size, :size] = matrix
        if length > 0:
            fed[0, size] = mg / length
            end = min(at, length)
            amounts = expm(matrix * (at - end)) @ expm(fed * end)[:size, size]
        else:
            amounts = expm(matrix * at) @ np.array([mg, *np.zeros(size - 1)])
        found.append(1000 * amounts[0] / volume)
    return np.array(found)


def integrate(matrix: np.ndarray, volume: float, times: np.ndarray, method: str, rtol: float) -> np.ndarray:
    """The plain way: an integrator, restarted where the infusion stops."""
    inflow = np.array([35 / 40, *np.zeros(len(matrix) - 1)])
    during, after = times[times < 40], times[times >= 40]
    tight = {"method": method, "rtol": rtol, "atol": rtol * 1e-3}
    one = solve_ivp(lambda _, y: matrix @ y + inflow, (0, 40), np.zeros(len(matrix)), t_eval=[*during, 40.0], **tight)
    two = solve_ivp(lambda _, y: matrix @ y, (40, 241), one.y[:, -1], t_eval=after, **tight)
    return 1000 * np.concatenate([one.y[0, :-1], two.y[0]]) / volume


def off(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.max(np.abs(found - wanted)) / wanted.max())


def machine() -> str:
    model = "processor unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = f"{len(names)} x {names[0]}" if names else model
    load = f", load average before the run {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{model}; {platform.system()} {platform.machine()}; Python {platform.python_version()}, "
        f"NumPy {np.__version__}, SciPy {scipy.__version__}{load}"
    )


def peers() -> dict[str, dict[str, object]]:
    python = os.environ.get("PEERS_PYTHON")
    if not python:
        why = "not built here: no PEERS_PYTHON given"
        return {name: {"failed": why} for name in ("opentiva", "pypharm")}
    asked = json.dumps({"people": np.linspace(50, 110, 20).tolist(), "times": (TIMES * 60).astype(int).tolist()})
    done = subprocess.run([python, str(HERE / "peers.py"), asked], capture_output=True, text=True, check=False)
    if done.returncode:
        return {name: {"failed": done.stderr.strip()[-200:]} for name in ("opentiva", "pypharm")}
    return json.loads(done.stdout.splitlines()[-1])


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.3g} ms" if seconds < 10 else f"{seconds:,.0f} s"


def table(title: str, head: list[str], rows: list[list[str]]) -> str:
    lines = [f"## {title}", "", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), ""])


def one_person(theirs: dict[str, dict[str, object]]) -> str:
    probes = np.array(PROBES) / 60.0
    wanted = exact(rates(70), 25.0, probes)

    def ours() -> np.ndarray:
        return pk.simulate(KAMP, WHO, DOSE).concentration(SECONDS)["ketamine"]

    ours()
    mine = best(ours, 500)
    rows = [
        [
            "**sojourn**",
            milliseconds(mine),
            "1",
            f"{off(ours()[0, list(PROBES)], wanted):.0e}",
            "model, person and curve",
        ]
    ]
    for method, rtol in (("LSODA", 1e-9), ("RK45", 1e-6)):
        taken = best(lambda m=method, r=rtol: integrate(rates(70), 25.0, SECONDS, m, r), 5)
        error = off(integrate(rates(70), 25.0, SECONDS, method, rtol)[list(PROBES)], wanted)
        rows.append(
            [f"SciPy solve_ivp {method}", milliseconds(taken), f"{taken / mine:,.0f}", f"{error:.0e}", f"rtol {rtol:g}"]
        )
    for name, note in (
        ("opentiva", "with its effect site, as it always computes it"),
        ("pypharm", "a bolus: it has no infusion; LSODA at its default tolerance"),
    ):
        peer = theirs[name]
        if "failed" in peer:
            rows.append([name, "—", "—", "—", str(peer["failed"])])
            continue
        referee = wanted if name == "opentiva" else exact(rates(70), 25.0, probes, 35, 0)
        error = off(np.array(peer["values"]), referee)
        taken = float(peer["one_s"])  # type: ignore[arg-type]
        rows.append([name, milliseconds(taken), f"{taken / mine:,.0f}", f"{error:.0e}", note])
    return table(
        "One person, four hours at one second (14,400 values)",
        ["who", "time", "times ours", "largest error, part of the peak", "note"],
        rows,
    )


def population(theirs: dict[str, dict[str, object]]) -> str:
    weights = np.random.default_rng(1).uniform(50, 110, PEOPLE)
    crowd = [Person(weight_kg=float(w), age_y=40) for w in weights]
    everyone = pk.bodies(KAMP, crowd)

    def ours() -> np.ndarray:
        fresh = pk.Bodies(KAMP, everyone.values, everyone.deviations, ())  # nothing remembered
        return pk.simulate(KAMP, fresh, DOSE).concentration(TIMES)["ketamine"]

    found = ours()
    error = max(off(found[k][1::50], exact(rates(weights[k]), 25 * weights[k] / 70, TIMES[1::50])) for k in range(20))
    arrays = [np.random.default_rng(2).uniform(-20, 0, (PEOPLE, len(TIMES))) for _ in range(3)]
    out = np.empty_like(arrays[0])
    # taken in turn, so that a busy neighbour on the machine slows both alike
    mine = bare = threefold = np.inf
    for _ in range(9):
        mine = min(mine, best(ours, 1))
        bare = min(bare, best(lambda: np.exp(arrays[0], out=out), 1))
        threefold = min(threefold, best(lambda: [np.exp(each, out=out) for each in arrays], 1))
    odd = np.sort(np.random.default_rng(3).uniform(0, 240, 500))

    def uneven() -> np.ndarray:
        fresh = pk.Bodies(KAMP, everyone.values, everyone.deviations, ())
        return pk.simulate(KAMP, fresh, DOSE).concentration(odd)["ketamine"]

    scattered = best(uneven, 7)
    rows = [
        [
            "**sojourn**, even grid of times",
            milliseconds(mine),
            "1",
            f"{error:.0e}",
            "everyone's parameters to concentrations",
        ],
        [
            "**sojourn**, uneven times",
            milliseconds(scattered),
            f"{scattered / mine:.1f}",
            f"{error:.0e}",
            "one exponential per person, time and mode",
        ],
        [
            "NumPy exponential of the array",
            milliseconds(bare),
            f"{bare / mine:.2f}",
            "—",
            "the physical limit: 10,000 x 500 values",
        ],
        [
            "NumPy exponentials of the closed form",
            milliseconds(threefold),
            f"{threefold / mine:.2f}",
            "—",
            "three modes each",
        ],
    ]
    few = weights[:12]
    for method, rtol in (("LSODA", 1e-9), ("RK45", 1e-6)):

        def theirs_too(m: str = method, r: float = rtol) -> None:
            for w in few:
                integrate(rates(w), 25 * w / 70, TIMES, m, r)

        taken = best(theirs_too, 3) / len(few) * PEOPLE
        wrong = off(
            integrate(rates(few[0]), 25 * few[0] / 70, TIMES, method, rtol)[1::50],
            exact(rates(few[0]), 25 * few[0] / 70, TIMES[1::50]),
        )
        rows.append(
            [
                f"SciPy solve_ivp {method}",
                milliseconds(taken),
                f"{taken / mine:,.0f}",
                f"{wrong:.0e}",
                f"rtol {rtol:g}; 12 people, times {PEOPLE / 12:,.0f}",
            ]
        )
    for name, key, note in (
        ("opentiva", "person_s", "its `run()`, times 10,000; computes every second"),
        ("opentiva", "inner_s", "its inner Cython routine called for the 500 instants; 20 people, times 500"),
        ("pypharm", "person_s", "20 people, times 500; a bolus"),
    ):
        peer = theirs[name]
        if "failed" in peer:
            rows.append([name, "—", "—", "—", str(peer["failed"])])
            continue
        taken = float(peer[key]) * PEOPLE  # type: ignore[arg-type]
        rows.append([name, milliseconds(taken), f"{taken / mine:,.0f}", "as above", note])
    return table(
        "10,000 people x 500 times, 40-minute infusion",
        ["who", "time", "times ours", "largest error, part of the peak", "note"],
        rows,
    )


def fitting() -> str:
    model, doses = pk.load("fanta"), [Dose("esketamine", "iv", 20, 0, 40)]
    truth = pk.simulate(model, pk.virtual(model, WHO, 1, 7), doses)
    points = [
        Measurement(t, float(truth.concentration([t])[name][0, 0]), 2.0, name)
        for name in model.names
        for t in (10.0, 40.0, 60.0, 120.0, 240.0, 480.0)
    ]
    problem = _Problem(model, WHO, doses, points)

    def plain(eta: np.ndarray) -> float:
        """The same objective with an integrator inside."""
        body = pk.bodies(model, WHO, eta[None])
        matrix, reading = body.rates()[0], body.readings()[0]
        inflow = np.array([0.5, *np.zeros(len(matrix) - 1)])
        times = [10.0, 40.0, 60.0, 120.0, 240.0, 480.0]
        tight = {"method": "LSODA", "rtol": 1e-8, "atol": 1e-10}
        one = solve_ivp(lambda _, y: matrix @ y + inflow, (0, 40), np.zeros(len(matrix)), t_eval=times[:2], **tight)
        two = solve_ivp(lambda _, y: matrix @ y, (40, 480), one.y[:, -1], t_eval=times[2:], **tight)
        predicted = (reading @ np.concatenate([one.y, two.y], axis=1)).reshape(-1)
        variance = problem.variance + (problem.proportional * predicted) ** 2
        return float(
            ((problem.values - predicted) ** 2 / variance + np.log(variance)).sum() + eta @ problem.precision @ eta
        )

    mine = best(lambda: pk.fit(model, WHO, doses, points), 9)
    ours = pk.fit(model, WHO, doses, points).objective
    begun = time.process_time()
    other = minimize(plain, np.zeros(4), method="BFGS")
    taken = time.process_time() - begun
    return table(
        "A fit: four parameters, twelve measurements of two substances",
        ["who", "time", "times ours", "-2 log posterior", "note"],
        [
            ["**sojourn**", milliseconds(mine), "1", f"{ours:.6f}", "with the covariance of the estimate"],
            [
                "SciPy minimize (BFGS) around solve_ivp",
                milliseconds(taken),
                f"{taken / mine:,.0f}",
                f"{other.fun:.6f}",
                "same objective",
            ],
            ["opentiva, pypharm", "—", "—", "—", "no fit to a person with the population as prior"],
        ],
    )


def main() -> int:
    where = machine()
    theirs = peers()
    parts = [
        "# Pharmacokinetics: speed and accuracy",
        "",
        "Written by `python -m benchmarks.pk`. Best of several rounds; peers in the same run on the same machine,",
        "each in its own environment. Processor time, as the machine is shared; ratios mean more than times.",
        "",
        f"Machine: {where}.",
        "",
        one_person(theirs),
        population(theirs),
        fitting(),
        "Peers need gfortran (numbalsoda is built from source); opentiva 1.1.2 builds with Cython present and",
        "`--no-build-isolation`; pypharm 1.6.4 wants SciPy 1.13 or older. All three of their inputs differ as noted.",
        "",
    ]
    text = "\n".join(parts)
    (HERE / "RESULTS.md").write_text(text)
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
