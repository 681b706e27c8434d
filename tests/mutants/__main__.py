"""``make mutants``: plant faults in a room, or in a sample of all rooms, and count those that the tests notice.

    python -m tests.mutants --room care/patients        one room, at most 200 mutants of it
    python -m tests.mutants --sample 400 --seed 1a2b3c  drawn from all rooms, at least 60 of each of our own kinds

docs/tests.md says how to read what it answers.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from tests.environment import RunSettings
from tests.mutants import database, quality
from tests.mutants.planting import OF_THE_HOUSE, ROOT, Mutant, files, mutants_of
from tests.mutants.quality import Result
from tests.mutants.reach import KEPT, Reach, files_of_tests, near, stale
from tests.mutants.trial import Outcome, Trial

CORES: Final = 2
OF_A_KIND: Final = 60
OF_A_ROOM: Final = 200
# Seconds of tests that a mutant is shown at most, as they were measured while traced: first those that are quick and
# name its room, then the others. Who survives them is a survivor.
FIRST, MOST = 8.0, 60.0
FEW_FILES: Final = 6


def drawn(mutants: Sequence[Mutant], count: int, seed: str) -> list[Mutant]:
    """So many mutants by chance, at least 60 of each kind of ours or all there are; none that changes nothing."""
    chance = random.Random(seed)
    shuffled = chance.sample(mutants, len(mutants))
    ours = [
        each
        for kind in OF_THE_HOUSE
        for each in itertools.islice((each for each in shuffled if each.kind == kind and each.code), OF_A_KIND)
    ]
    taken = set(ours)
    rest = (each for each in shuffled if each not in taken and each.code)
    return [*ours, *itertools.islice(rest, max(0, count - len(ours)))]


# ---------------------------------------------------------------- the map


def make_map(paths: Sequence[str], home: Path) -> None:
    """Trace these files of tests, half of them on each core."""
    if not paths:
        return
    print(f"tracing {len(paths)} files of tests", flush=True)
    halves = [paths[core::CORES] for core in range(CORES)]
    with ThreadPoolExecutor(CORES) as both:
        list(both.map(lambda each: _trace(*each, home), [each for each in enumerate(halves) if each[1]]))


def _trace(core: int, paths: Sequence[str], home: Path) -> None:
    prefix = f"traced_{core}_"
    run = replace(RunSettings(), database_prefix=prefix, postgres_home=home)
    KEPT.mkdir(parents=True, exist_ok=True)
    log = KEPT / f"traced-{core}.log"
    with log.open("w") as said:
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-p", "tests.mutants.tracing", "-p", "no:randomly",
                "-m", "not browser", "--hypothesis-seed=0", *paths,
            ],
            env=run.environment(), cwd=ROOT, stdout=said, stderr=said, check=False,
        )  # fmt: skip
    database.forget(home, prefix)
    if done.returncode > 1:  # 1: a test failed, and is not asked
        raise SystemExit(f"the tests could not be traced: {log.relative_to(ROOT)}")


# ---------------------------------------------------------------- the trials


@dataclass
class Trials:
    """One process that tries mutants, and the databases that it uses up."""

    home: Path
    core: int

    def __post_init__(self) -> None:
        KEPT.mkdir(parents=True, exist_ok=True)
        said = KEPT / f"trials-{self.core}.log"
        said.write_bytes(b"")
        self._count = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.trial", str(said)],
            env=RunSettings().environment(), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, mutant: Mutant | None, tests: Sequence[str], seconds: float) -> Outcome:
        """``mutant`` None plants nothing: the tests must pass."""
        prefix = f"mutant_{self.core}_{next(self._count)}_"
        path, code = (mutant.path, mutant.code or "") if mutant else ("", "")
        trial = Trial(path, code, tuple(tests), prefix, str(self.home), 60 + 5 * seconds)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(trial)) + "\n")
        self._process.stdin.flush()
        outcome = Outcome(**json.loads(self._process.stdout.readline()))
        database.forget(self.home, prefix)
        return outcome

    def end(self) -> None:
        self._process.communicate()


def waves(tests: Iterable[str], seconds: dict[str, float], close: Sequence[str]) -> Iterator[tuple[list[str], float]]:
    """The tests as they are asked: a first few quick ones of the files that name the room, then as many as fit."""
    named = set(close)
    order = sorted(tests, key=lambda test: (test.partition("::")[0] not in named, seconds[test], test))
    first: list[str] = []
    taken: set[str] = set()
    spent = 0.0
    for test in order:
        file = test.partition("::")[0]
        if spent + seconds[test] <= FIRST and (file in taken or len(taken) < FEW_FILES):
            first.append(test)
            taken.add(file)
            spent += seconds[test]
    if first:
        yield first, spent
    rest: list[str] = []
    asked = set(first)
    more = 0.0
    for test in order:
        if test not in asked and spent + more + seconds[test] <= MOST:
            rest.append(test)
            more += seconds[test]
    if rest:
        yield rest, more


def tried(mutant: Mutant, reach: Reach, trials: Trials, close: Sequence[str]) -> Result:
    began = time.monotonic()
    tests = reach.tests(mutant)
    outcome = Outcome(False, "no test reaches it" if not tests else "", 0.0)
    for wave, seconds in waves(tests, reach.seconds, close):
        outcome = trials.ask(mutant, wave, seconds)
        if outcome.found:
            break
    return Result(mutant, outcome.found, outcome.by, time.monotonic() - began)


def carry_out(mutants: Sequence[Mutant], reach: Reach, home: Path) -> list[Result]:
    """Every mutant's result; before them, on each core, a trial without any fault, which must pass."""
    close = {room: near(room) for room in {each.room for each in mutants}}
    done, waiting = itertools.count(1), SimpleQueue[Mutant]()
    for each in mutants:
        waiting.put(each)

    def work(core: int) -> list[Result]:
        trials = Trials(home, core)
        results = []
        try:
            _control(trials, reach, mutants)
            while not waiting.empty():
                mutant = waiting.get()
                results.append(tried(mutant, reach, trials, close[mutant.room]))
                print(f"{next(done)}/{len(mutants)} {results[-1].line}", flush=True)
        finally:
            trials.end()
        return results

    with ThreadPoolExecutor(CORES) as both:
        return [each for results in both.map(work, range(CORES)) for each in results]


def _control(trials: Trials, reach: Reach, mutants: Sequence[Mutant]) -> None:
    tests = next((found for each in mutants[trials.core :] if (found := reach.tests(each))), frozenset())
    for wave, seconds in waves(tests, reach.seconds, ()):
        outcome = trials.ask(None, wave, seconds)
        if outcome.found:
            raise SystemExit(f"without any fault: {outcome.by}; nothing that is found says anything")


# ---------------------------------------------------------------- the command


def main() -> int:
    told = _told()
    if not (told.room or told.sample):
        print("say ROOM=care/patients for one room, or SAMPLE=400 for a sample of all rooms")
        return 2
    paths = files(told.room)
    if not paths:
        print(f"no room is called {told.room}; rooms are folders: care/patients, clinical/recovery, interfaces/devices")
        return 2
    began = time.monotonic()
    kinds = tuple(told.kind.split(",")) if told.kind else ()
    mutants = drawn([each for path in paths for each in mutants_of(path, kinds)], told.sample or OF_A_ROOM, told.seed)
    print(f"{len(mutants)} mutants in {told.room or 'all rooms'}, seed {told.seed}", flush=True)
    # Of one room the tests that name it are traced, and the others asked as far as the map knows them.
    asked = near(told.room) if told.room else files_of_tests()
    with database.one_server() as home:
        make_map(asked if told.fresh else stale(asked), home)
        results = carry_out(mutants, Reach(tuple(files_of_tests())), home)
    quality.tell(results, told.room, told.seed, time.monotonic() - began)
    return 0


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--room", default="", help="care/patients, clinical/recovery, interfaces/devices ...")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants are drawn")
    parser.add_argument("--seed", default="", help="what they are drawn by; the last commit where none is named")
    parser.add_argument("--kind", default="", help="only of these kinds: permission,filter,lock,audit,number ...")
    parser.add_argument("--fresh", action="store_true", help="make the map anew")
    told = parser.parse_args()
    told.seed = told.seed or quality.commit()
    return told


if __name__ == "__main__":
    sys.exit(main())
