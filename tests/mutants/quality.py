"""What a run over mutants says: on the screen, as diffs of the survivors, and as a line a room in docs/quality.md."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.mutants.planting import GENERAL, OF_THE_HOUSE, ROOT, Mutant

PAGE: Final = ROOT / "docs" / "quality.md"
JUDGED: Final = Path(__file__).with_name("equivalent.toml")
KINDS: Final = (*OF_THE_HOUSE, *GENERAL, "return")


@dataclass(frozen=True, slots=True)
class Result:
    mutant: Mutant
    found: bool
    by: str
    seconds: float

    @property
    def line(self) -> str:
        said = "found   " if self.found else "SURVIVED"
        at = f"{self.mutant.path}:{self.mutant.line}"
        return f"{said} {self.seconds:5.1f} s {self.mutant.kind:<11} {at} {self.by}"


def keep(results: Iterable[Result], path: Path, *, more: bool = False) -> None:
    """Keep them in a file, a line each; ``more``: beside those that it holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if more else "w", encoding="utf-8") as kept:
        kept.writelines(json.dumps(asdict(each)) + "\n" for each in results)


def read(path: Path) -> list[Result]:
    """Those that a run has kept, whether it came to its end or not."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines() if path.exists() else ())
    return [Result(**{**each, "mutant": Mutant(**each["mutant"])}) for each in lines]


def commit() -> str:
    """The hash of the last commit."""
    said = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, cwd=ROOT)
    return said.stdout.strip()


def equivalents() -> dict[str, str]:
    """Survivors that somebody judged: what was changed makes no difference, and why. By the key of the mutant."""
    judged = tomllib.loads(JUDGED.read_text(encoding="utf-8"))
    return {key: each["reason"] for key, each in judged.items()}


def score(results: Sequence[Result]) -> str:
    found = sum(each.found for each in results)
    return f"{100 * found / len(results):.0f} % ({found} of {len(results)})" if results else "–"


def tell(results: Sequence[Result], kept: Path, seconds: float) -> None:
    """Say it, and keep the survivors' diffs."""
    survivors = [each for each in results if not each.found]
    kept.write_text("\n".join(_shown(survivors)), encoding="utf-8")
    print(f"\n{score(results)} found in {seconds / 60:.0f} minutes; the survivors: {kept.relative_to(ROOT)}")
    for name, part in _parts(results):
        print(f"  {name:<22} {score(part)}")
    slow = Counter(each.by for each in results if each.by in {"the time limit", "an end without a word"})
    for by, count in slow.items():
        print(f"  {count} found by {by}")


def renew(results: Sequence[Result], room: str, seed: str) -> None:
    """Write a room's line into docs/quality.md, or the sample of all rooms where none is named."""
    page = PAGE.read_text(encoding="utf-8")
    renewed = _renewed(page, room, _row(room, results)) if room else _sampled(page, results, seed)
    PAGE.write_text(renewed, encoding="utf-8")


def _parts(results: Sequence[Result]) -> Iterable[tuple[str, list[Result]]]:
    for kind in KINDS:
        if part := [each for each in results if each.mutant.kind == kind]:
            yield kind, part
    rooms = sorted({each.mutant.room for each in results})
    for room in rooms if len(rooms) > 1 else ():
        yield room, [each for each in results if each.mutant.room == room]


def _shown(survivors: Sequence[Result]) -> Iterable[str]:
    judged = equivalents()
    for each in survivors:
        yield f"# {each.mutant.key} {each.mutant.kind}: {judged.get(each.mutant.key) or each.by or 'all tests passed'}"
        yield each.mutant.diff + "\n"


# ---------------------------------------------------------------- docs/quality.md

_TODAY: Final = "%Y-%m-%d"


def _row(room: str, results: Sequence[Result]) -> str:
    judged = equivalents()
    equal = sum(not each.found and each.mutant.key in judged for each in results)
    by_kind = (score([each for each in results if each.mutant.kind == kind]) for kind in OF_THE_HOUSE)
    cells = [room, f"{datetime.now(UTC):{_TODAY}}", commit()[:8], score(results), *by_kind, str(equal)]
    return f"| {' | '.join(cells)} |"


def _renewed(page: str, room: str, row: str) -> str:
    """The page with this row in the table of rooms, in the place of the room's last one."""
    head, table, rest = _table(page, "rooms")
    lines = [each for each in table if not each.startswith(f"| {room} |")]
    return "\n".join([*head, *lines[:2], *sorted([*lines[2:], row]), *rest])


def _sampled(page: str, results: Sequence[Result], seed: str) -> str:
    """The page with the sample's tables in the place of the last one's."""
    judged = equivalents()
    equal = sum(not each.found and each.mutant.key in judged for each in results)
    said = (
        f"{datetime.now(UTC):{_TODAY}}, commit `{commit()[:8]}`, seed `{seed}`: **{score(results)}**. Of the survivors"
        f" {equal} were judged equivalent; they count as survivors."
    )
    rows = [f"| {name} | {score(part)} |" for name, part in _parts(results)]
    text = "\n".join([said, "", "| kind or room | found |", "|---|---|", *rows])
    return re.sub(
        r"(<!-- sample -->\n).*?(\n<!-- end -->)", lambda found: found[1] + text + found[2], page, count=1, flags=re.S
    )


def _table(page: str, name: str) -> tuple[list[str], list[str], list[str]]:
    lines = page.split("\n")
    begins = lines.index(f"<!-- {name} -->") + 1
    ends = next(at for at in range(begins, len(lines)) if not lines[at].startswith("|"))
    return lines[:begins], lines[begins:ends], lines[ends:]
