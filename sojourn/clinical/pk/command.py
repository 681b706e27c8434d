"""``sojourn pk``: the models listed, a regimen simulated. Exit code 0, or 3 for a refusal with its reason.

Importing this module loads nothing numerical; the work is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.clinical.numbers import NumberRefusal, read_number

from .refusal import N_, ModelRefused, RefusalReason

if TYPE_CHECKING:
    from .model import Model
    from .people import Dose
    from .simulation import Simulated

REFUSED = 3


def register(subparsers: Any) -> None:
    """Adds ``pk`` with its sub-commands; ``args.run(args)`` returns the exit code."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "pk", help="what concentration a dose gives, by published models"
    )
    inner = parser.add_subparsers(required=True, metavar="command")
    _models(inner.add_parser("models", help="list the models with their populations and sources"))
    _simulate(inner.add_parser("simulate", help="simulate a regimen file"))


def models_command(argv: Sequence[str] | None = None) -> int:
    """``sojourn pk models [--json]``."""
    return _run(_models(argparse.ArgumentParser("sojourn pk models")), argv)


def simulate_command(argv: Sequence[str] | None = None) -> int:
    """``sojourn pk simulate regimen.toml --model ID --at 10,20,40 [--json] [--png FILE]``."""
    return _run(_simulate(argparse.ArgumentParser("sojourn pk simulate")), argv)


def _run(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    args = parser.parse_args(argv)
    return int(args.run(args))


def _models(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_list_models)
    return parser


def _simulate(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("regimen", type=Path, help="a regimen file (TOML): [person] and [[dose]]")
    parser.add_argument("--model", required=True, metavar="ID", help="which model; see: sojourn pk models")
    parser.add_argument(
        "--at", type=_instants, metavar="MINUTES", help="when, in minutes, separated by commas: 10,20,40"
    )
    parser.add_argument("--json", action="store_true", help="print JSON (the default without --png)")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the curve into this file")
    parser.set_defaults(run=_simulate_regimen)
    return parser


def _instants(text: str) -> list[float]:
    found = [read_number(each) for each in text.split(",")]  # the comma is taken: the decimal mark is the point
    wrong = [each.text for each in found if isinstance(each, NumberRefusal)]
    if wrong:
        raise argparse.ArgumentTypeError(f"not a list of minutes: {text!r} ({wrong[0]!r} cannot be read in one way)")
    return [float(each) for each in found if isinstance(each, Decimal)]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _refuse(why: ModelRefused) -> int:
    _say(json.dumps({"refused": str(why)}, ensure_ascii=False))
    return REFUSED


def _list_models(args: argparse.Namespace) -> int:
    from .model import available, load

    models = [load(name) for name in available()]
    if args.json:
        _say(json.dumps([_as_table(each) for each in models], ensure_ascii=False, indent=2))
        return 0
    for each in models:
        _describe(each)
    return 0


def _as_table(model: Model) -> dict[str, object]:
    return {
        "model": model.id,
        "title": model.title,
        "drug": model.drug,
        "analytes": list(model.names),
        "routes": list(model.routes),
        "population": model.population,
        "ranges": {limit.covariate: [limit.least, limit.most] for limit in model.ranges},
        "needs": list(model.covariates),
        "sampling": model.sampling,
        "between_subject_variability": list(model.spread),
        "verification": model.verification,
        "limits": list(model.limits),
        "source": model.source,
    }


def _describe(model: Model) -> None:
    """A model in a few lines, for whoever chooses one."""
    ranges = ", ".join(
        f"{limit.covariate} {limit.least:g}" + (f" to {limit.most:g}" if limit.most is not None else " or more")
        for limit in model.ranges
        if limit.least is not None
    )
    _say(model.id)
    _say(f"  {model.title}: {', '.join(model.names)}; routes {', '.join(model.routes)}")
    _say(f"  population: {model.population}" + (f" ({ranges})" if ranges else "") + f"; {model.sampling}")
    _say(f"  source: {model.source}")
    for limit in model.limits:
        _say(f"  limit: {limit}")
    _say("")


def _simulate_regimen(args: argparse.Namespace) -> int:
    from .model import load
    from .people import parse_regimen
    from .simulation import DISCLAIMER, simulate

    try:
        if args.at is None and args.png is None:
            raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("say when (--at 10,20,40) or where to draw (--png FILE)"))
        person, doses = parse_regimen(_content(args.regimen))
        model = load(args.model)
        simulated = simulate(model, person, doses)
        if args.png is not None:
            _draw(simulated, doses, args.png)
        if args.at is not None and (args.json or args.png is None):
            found = simulated.concentration(args.at)
            answer = {
                "model": model.id,
                "time_min": args.at,
                "concentration_ng_per_ml": {name: curve.tolist() for name, (curve,) in found.items()},
                "assumptions": [*simulated.assumptions, DISCLAIMER],
                "source": model.source,
            }
            _say(json.dumps(answer, ensure_ascii=False))
    except ModelRefused as why:
        return _refuse(why)
    return 0


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as why:
        raise ModelRefused(
            RefusalReason.NOT_A_VALUE, N_("cannot read %(name)s: %(why)s"), name=str(path), why=why.strerror
        ) from why
    except ValueError as why:
        raise ModelRefused(
            RefusalReason.NOT_A_VALUE, N_("%(name)s is no TOML: %(why)s"), name=str(path), why=why
        ) from why


def _draw(simulated: Simulated, doses: Sequence[Dose], path: Path) -> None:
    import numpy as np

    from .effect import reference_zones
    from .figure import Figure, Line, svg

    model = simulated.model
    last = max(dose.end_min for dose in doses)
    times = np.unique(np.concatenate([np.linspace(0.0, max(240.0, last + 180.0), 481), [last]]))
    found = simulated.concentration(times)
    picture = Figure(
        title=model.title,
        lines=[Line(name, times, curve) for name, (curve,) in found.items()],
        zones=[(z.effect, z.low_ng_per_ml, z.high_ng_per_ml) for z in reference_zones(model.drug)],
        doses=[(d.start_min, d.end_min, f"{d.mg:g} mg {d.drug} {d.route}") for d in doses],
        note="Typical curve; people differ. Teaching and planning support, not a dosing instruction.",
    )
    path.write_bytes(png(svg(picture)))


def png(picture: str, pixels_per_inch: float = 144.0) -> bytes:
    """An SVG text as PNG, set by typst; raises Refused where typst is not installed."""
    try:
        import typst
    except ImportError as missing:
        raise ModelRefused(
            RefusalReason.OUT_OF_REACH, N_("drawing needs the package typst, which is not installed")
        ) from missing
    quoted = json.dumps(picture, ensure_ascii=False)  # typst writes an escaped letter otherwise than JSON
    source = f'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes({quoted}), format: "svg")\n'
    made: Any = typst.compile(source.encode(), format="png", ppi=pixels_per_inch)
    (page,) = made if isinstance(made, list) else [made]
    return bytes(page)
