"""Each mutant before its tests: on two cores, the quick and near tests first; what was found is kept as it comes."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from tests.environment import RunSettings
from tests.mutants import database
from tests.mutants.planting import ROOT, Mutant
from tests.mutants.quality import Result, keep, read
from tests.mutants.reach import KEPT, Reach, near
from tests.mutants.trial import Outcome, Trial

CORES: Final = 2
# Seconds of tests that a mutant is shown at most, as they were measured while traced: first those that are quick and
# name its room, then the others. Who survives them is a survivor.
FIRST, MOST = 8.0, 60.0
FEW_FILES: Final = 6
# Which file walks everything that a kind of fault can be planted in, and which all that models declare: whatever else
# is asked, it is.
_ACTIONS: Final = "tests/care/test_actions.py"
WALKS: Final = {
    "filter": ("tests/care/test_queries.py",),
    "permission": (_ACTIONS, "tests/care/test_who_may_in_a_session.py"),
    "lock": (_ACTIONS,),
    "audit": (_ACTIONS,),
}
MODELS: Final = ("tests/care/test_migrations.py",)
# A trial that takes so many times its tests' seconds, and so many more, does not end: a busy machine is no fault.
TIMES, MORE = 5.0, 60.0


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
        if not tests:
            return Outcome(False, "", 0.0)
        prefix = f"mutant_{self.core}_{next(self._count)}_"
        path, code = (mutant.path, mutant.code or "") if mutant else ("", "")
        trial = Trial(path, code, tuple(tests), prefix, str(self.home), MORE + TIMES * seconds)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(trial)) + "\n")
        self._process.stdin.flush()
        outcome = Outcome(**json.loads(self._process.stdout.readline()))
        database.forget(self.home, prefix)
        return outcome

    def end(self) -> None:
        self._process.communicate()


def waves(
    tests: Iterable[str],
    seconds: dict[str, float],
    close: Iterable[str],
    walk: Sequence[str] = (),
    nearest: Sequence[Container[str]] = (),
) -> Iterator[tuple[list[str], float]]:
    """The tests as they are asked, and their seconds: a first few quick ones of the files that name the room, then the
    files that walk all of this kind and as many others as fit; of both the ``nearest`` before the others. Those of a
    wave come in the order in which they passed before."""
    named, place = set(close), {test: at for at, test in enumerate(seconds)}
    order = sorted(tests, key=lambda test: (_rank(test, nearest), _file(test) not in named, seconds[test], test))
    others = [each for each in order if _file(each) not in walk or _rank(each, nearest) == 0]
    first = _as_many_as_fit(others, seconds, FIRST, FEW_FILES)
    rest = _as_many_as_fit([each for each in others if each not in set(first)], seconds, MOST, len(order))
    asked = {*first, *rest}
    rest += [each for each in order if _file(each) in walk and each not in asked]
    for wave in (first, rest):
        if wave:
            yield sorted(wave, key=lambda test: place[test]), sum(seconds[test] for test in wave)


def _rank(test: str, nearest: Sequence[Container[str]]) -> int:
    """0 for the nearest."""
    return next((rank for rank, those in enumerate(nearest) if test in those), len(nearest))


def _as_many_as_fit(order: Iterable[str], seconds: dict[str, float], most: float, files: int) -> list[str]:
    taken: list[str] = []
    opened: set[str] = set()
    spent = 0.0
    for test in order:
        if spent + seconds[test] <= most and (_file(test) in opened or len(opened) < files):
            taken.append(test)
            opened.add(_file(test))
            spent += seconds[test]
    return taken


def _file(test: str) -> str:
    return test.partition("::")[0]


@dataclass
class Judges:
    """Which tests are believed. When a test finds its first fault it is asked once more without any, after the same
    tests as before; where it fails then too it says nothing, and is not asked any more."""

    believed: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)

    def believe(self, test: str, wave: Sequence[str], seconds: float, trials: Trials) -> bool:
        if test in wave and test not in self.believed:
            again = trials.ask(None, wave[: wave.index(test) + 1], seconds)
            if again.found:
                self.doubted.add(again.by if again.by in wave else test)
            else:
                self.believed.add(test)
            return not again.found
        return True


def tried(mutant: Mutant, reach: Reach, trials: Trials, close: Sequence[str], judges: Judges) -> Result:
    began = time.monotonic()
    tests = reach.tests(mutant)
    outcome = Outcome(False, "" if tests else "no test reaches it", 0.0)
    walk = MODELS if mutant.path.endswith("/models.py") else WALKS.get(mutant.kind, ())
    nearest = (reach.saying(mutant), reach.nearest(mutant))
    for wave, seconds in waves(tests - judges.doubted, reach.seconds, close, walk, nearest):
        asked = [each for each in wave if each not in judges.doubted]
        outcome = trials.ask(mutant, asked, seconds)
        while outcome.found and not judges.believe(outcome.by, asked, seconds, trials):
            asked = [each for each in asked if each not in judges.doubted]
            outcome = trials.ask(mutant, asked, seconds)
        if outcome.found:
            break
    return Result(mutant, outcome.found, outcome.by, time.monotonic() - began)


def carry_out(mutants: Sequence[Mutant], reach: Reach, home: Path, kept: Path) -> list[Result]:
    """Every mutant's result, those that ``kept`` holds already among them."""
    close = {room: near(room) for room in {each.room for each in mutants}}
    results = [each for each in read(kept) if each.mutant in set(mutants)]
    known = {each.mutant for each in results}
    waiting: SimpleQueue[Mutant] = SimpleQueue()
    judges = Judges()
    for each in mutants:
        if each not in known:
            waiting.put(each)

    def work(core: int) -> None:
        trials = Trials(home, core)
        try:
            while True:
                mutant = waiting.get_nowait()
                result = tried(mutant, reach, trials, close[mutant.room], judges)
                results.append(result)
                keep([result], kept, more=True)
                print(f"{len(results)}/{len(mutants)} {result.line}", flush=True)
        except Empty:
            pass
        finally:
            trials.end()

    with ThreadPoolExecutor(CORES) as both:
        try:
            list(both.map(work, range(CORES if not waiting.empty() else 0)))
        except BaseException:
            while not waiting.empty():  # the others end after what they are at
                waiting.get()
            raise
    for test in sorted(judges.doubted):
        print(f"not asked, for it fails without a fault as well: {test}")
    return results
