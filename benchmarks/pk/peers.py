"""The peers' side, run by the Python of an environment in which opentiva and pypharm are built.

Prints one JSON object per peer: seconds and values, or why it could not run. Imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time
import warnings


def best(work, rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def opentiva(people: list[float], times: list[int]) -> dict[str, object]:
    import numpy as np
    from opentiva.ketamine import Klamp
    from opentiva.pump import Pump

    def one() -> np.ndarray:
        pump = Pump(Klamp(1, 40, 70, 170), 10, 4 * 3600)
        pump.add_infusion(0, 35 / 2400, 2400)
        return pump.run()

    def many() -> list[float]:
        found = []
        for weight in people:
            pump = Pump(Klamp(1, 40, weight, 170), 10, 4 * 3600)
            pump.add_infusion(0, 35 / 2400, 2400)
            pump.generate_infusions()
            doses = pump.infusion_list
            found += [pump.pkpd_model.calculate_cp(doses, at) for at in times]
        return found

    curve = one()[:, 1]
    return {
        "one_s": best(one, 7),
        "person_s": best(one, 7),  # run() has no other grid than every second: 500 of its 14,400 are kept
        "inner_s": best(many, 3) / len(people),
        "values": [1000 * float(curve[at]) for at in (600, 1200, 2400, 6000, 14000)],
    }


def pypharm(people: list[float], times: list[int]) -> dict[str, object]:
    import numpy as np
    from PyPharm import BaseCompartmentModel

    def model(weight: float) -> BaseCompartmentModel:
        s = weight / 70
        cl, q2, q3 = (each * s / 60 for each in (84, 161, 79))
        v1, v2, v3 = 25 * s, 56 * s, 157 * s
        return BaseCompartmentModel(
            [[0, q2 / v1, q3 / v1], [q2 / v2, 0, 0], [q3 / v3, 0, 0]], [cl / v1, 0, 0], volumes=[v1, v2, v3]
        )

    grid = np.arange(4 * 3600) / 60.0

    def one():
        return model(70)(240, d=35, compartment_number=0, t_eval=grid, max_step=np.inf)

    def many() -> None:
        for weight in people:
            model(weight)(240, d=35, compartment_number=0, t_eval=np.array(times) / 60.0, max_step=np.inf)

    found = one().y[0]
    return {
        "one_s": best(one, 5),
        "person_s": best(many, 2) / len(people),
        "values": [1000 * float(found[at]) for at in (600, 1200, 2400, 6000, 14000)],
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asked = json.loads(sys.argv[1])
    answers = {}
    for peer in (opentiva, pypharm):
        try:
            answers[peer.__name__] = peer(asked["people"], asked["times"])
        except Exception as why:
            answers[peer.__name__] = {"failed": f"{type(why).__name__}: {why}"}
    print(json.dumps(answers))
