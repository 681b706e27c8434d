"""``make mutants``: plant faults in a room, or in a sample of all rooms, and count those that the tests notice.

    python -m tests.mutants --room care/patients        one room, at most 200 mutants of it
    python -m tests.mutants --sample 400 --seed 1a2b3c  drawn from all rooms, at least 60 of each of our own
                                                        kinds and 12 of each room

docs/tests.md says how to read what it answers.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.environment import RunSettings
from tests.mutants import database, quality
from tests.mutants.planting import OF_THE_HOUSE, ROOT, Mutant, files, mutants_of
from tests.mutants.reach import KEPT, Reach, files_of_tests, near, stale
from tests.mutants.running import CORES, carry_out

# At least so many mutants of each kind of ours, where there are as many: in a sample of all rooms, in a room.
OF_A_KIND, OF_A_KIND_IN_A_ROOM = 60, 25
OF_A_ROOM: Final = 200
# At least so many of each room in a sample of all: the score of three mutants says nothing of a room.
OF_EACH_ROOM: Final = 12


def drawn(
    mutants: Sequence[Mutant], count: int, seed: str, of_a_kind: int = OF_A_KIND, of_each_room: int = 0
) -> list[Mutant]:
    """So many mutants by chance, none that changes nothing; at least ``of_a_kind`` of each kind of ours and
    ``of_each_room``, or all there are, even if that makes more."""
    shuffled = random.Random(seed).sample(mutants, len(mutants))
    taken: dict[Mutant, None] = {}

    def fill(up_to: int, belongs: Callable[[Mutant], bool]) -> None:
        missing = up_to - sum(map(belongs, taken))
        others = (each for each in shuffled if belongs(each) and each not in taken and each.code)
        taken.update(dict.fromkeys(itertools.islice(others, max(0, missing))))

    for kind in OF_THE_HOUSE:
        fill(of_a_kind, lambda each, kind=kind: each.kind == kind)
    for room in dict.fromkeys(each.room for each in mutants):
        fill(of_each_room, lambda each, room=room: each.room == room)
    fill(count, lambda _each: True)
    return list(taken)


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


# ---------------------------------------------------------------- the command


def main() -> int:
    told = _told()
    # Each trial imports the product: compiled by each anew, that takes seconds. What has a fault is never kept.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # the PostgreSQL ends with us
    began = time.monotonic()
    kinds = tuple(told.kind.split(",")) if told.kind else ()
    every = [each for path in files(told.room) for each in mutants_of(path, kinds)]
    if told.room:
        mutants = drawn(every, OF_A_ROOM, told.seed, OF_A_KIND_IN_A_ROOM)
    else:
        mutants = drawn(every, told.sample, told.seed, of_each_room=OF_EACH_ROOM)
    print(f"{len(mutants)} of {len(every)} mutants in {told.room or 'all rooms'}, seed {told.seed}", flush=True)
    kept = KEPT / f"{'-'.join([told.room or 'sample', *kinds]).replace('/', '-')}.jsonl"
    known = quality.read(kept) if told.resume or told.again else []
    quality.keep([each for each in known if each.found or told.resume], kept)
    with database.one_server() as home:
        _trace_what_is_asked(told, home)
        results = carry_out(mutants, Reach(tuple(files_of_tests())), home, kept)
    quality.tell(results, kept.with_suffix(".diff"), time.monotonic() - began)
    if not kinds:
        quality.renew(results, told.room, told.seed)
    return 0


def _trace_what_is_asked(told: argparse.Namespace, home: Path) -> None:
    """Of one room the tests that name it; the others are asked as far as the map knows them already."""
    asked = near(told.room) if told.room and not told.wide else files_of_tests()
    make_map(asked if told.fresh else stale(asked), home)
    if missing := stale(asked):
        print(f"not traced: {', '.join(missing)}")


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--room", default="", help="care/patients, clinical/recovery, interfaces/devices ...")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants are drawn")
    parser.add_argument("--seed", default="", help="what they are drawn by; the last commit where none is named")
    parser.add_argument("--kind", default="", help="only of these kinds: permission,filter,lock,audit,number ...")
    parser.add_argument("--fresh", action="store_true", help="make the map anew")
    parser.add_argument("--wide", action="store_true", help="trace every test for a room, not only those that name it")
    parser.add_argument("--again", action="store_true", help="ask about the survivors of the last run alone")
    parser.add_argument("--resume", action="store_true", help="keep what the last run of this kind has found already")
    told = parser.parse_args()
    told.seed = told.seed or quality.commit()
    if not (told.room or told.sample):
        parser.error("say ROOM=care/patients for one room, or SAMPLE=400 for a sample of all rooms")
    if not files(told.room):
        parser.error(f"no room is called {told.room}: rooms are folders, care/patients or interfaces/devices")
    return told


if __name__ == "__main__":
    sys.exit(main())
