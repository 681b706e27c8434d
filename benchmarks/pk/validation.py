"""``python -m benchmarks.pk.validation``: docs/clinical/pk.md and its pictures, from the models themselves.

Deterministic: the same models give the same bytes, so that a test can hold the page current (``--check``).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from sojourn.clinical import pk
from sojourn.clinical.pk import Dose, Person
from sojourn.clinical.pk.figure import Figure, Line, svg

DOCS = Path(__file__).resolve().parents[2] / "docs" / "clinical"
ADULT = Person(weight_kg=70, age_y=40)
INFUSION = [Dose("ketamine", "iv", 35, 0, 40)]


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def models() -> str:
    rows = []
    for name in pk.available():
        model = pk.load(name)
        ranges = ", ".join(
            f"{limit.covariate} {limit.least:g}" + (f"–{limit.most:g}" if limit.most is not None else "+")
            for limit in model.ranges
            if limit.least is not None
        )
        rows.append(
            [
                f"`{model.id}`",
                ", ".join(model.names),
                ", ".join(model.routes),
                f"{model.population} ({ranges}); {model.sampling}",
                f"{len(model.spread)} parameters" if model.spread else "none retrieved",
                model.verification,
                model.primary,
            ]
        )
    return table(["model", "describes", "routes", "population", "spread between people", "mark", "source"], rows)


def nasal_rows() -> tuple[list[list[str]], float]:
    model = pk.load("perez_ruixo_2021_esketamine_nasal")
    rows, worst = [], 0.0
    for ethnicity, age, mg, cmax, auc, nor in model.validation["rows"]:
        simulated = pk.simulate(model, Person(age_y=age, ethnicity=ethnicity), [Dose("esketamine", "in", mg)])
        found = [
            float(pk.peak(simulated).ng_per_ml[0]),
            float(simulated.area_ng_h_per_ml(0, 1440)[0]),
            float(pk.peak(simulated, "noresketamine").ng_per_ml[0]),
        ]
        cells = []
        for ours, published in zip(found, (cmax, auc, nor), strict=True):
            part = 100 * (ours / published - 1)
            worst = max(worst, abs(part))
            cells.append(f"{published:g} / {ours:.1f} ({part:+.1f} %)")
        rows.append([f"{ethnicity}, {age} y", f"{mg}", *cells])
    return rows, worst


def oracle_rows() -> list[list[str]]:
    rows = []
    for name in ("domino_1984_racemic_iv", "kamp_2020_anesthesiology_pooled"):
        model = pk.load(name)
        example = next(each for each in model.worked_examples if "at_min" in each)
        found = pk.simulate(model, ADULT, INFUSION).concentration(example["at_min"])["ketamine"][0]
        for at, wanted, ours in zip(example["at_min"], example["ng_per_ml"], found, strict=True):
            rows.append([f"`{name}`", f"{at}", f"{wanted:.2f}", f"{ours:.2f}"])
    return rows


def film_rows() -> list[list[str]]:
    """Simons 2022 as described: text of the results and table 2, transcribed in the nlmixr2lib vignette."""
    model = pk.load("simons_2022_otf")
    doses = [Dose("esketamine", "film", 50), Dose("esketamine", "iv", 20, 360, 20)]
    simulated = pk.simulate(model, Person(weight_kg=70, age_y=24), doses)
    early, nor = pk.peak(simulated, end_min=350), pk.peak(simulated, "noresketamine", 350)
    areas = [
        float(simulated.area_ng_h_per_ml(0, 360, name)[0] * 60)
        for name in ("esketamine", "noresketamine", "hydroxynoresketamine")
    ]
    later = pk.peak(simulated)
    published = [
        ("esketamine, highest", "96 ng/mL", f"{early.ng_per_ml[0]:.0f} ng/mL"),
        ("esketamine, time of the highest", "18.8 min", f"{early.at_min[0]:.1f} min"),
        ("noresketamine, time of the highest", "61 min", f"{nor.at_min[0]:.1f} min"),
        ("esketamine, area over 6 h", "8,363 ng·min/mL", f"{areas[0]:,.0f} ng·min/mL"),
        ("noresketamine, area over 6 h", "38,497 ng·min/mL", f"{areas[1]:,.0f} ng·min/mL"),
        ("hydroxynoresketamine, area over 6 h", "24,087 ng·min/mL", f"{areas[2]:,.0f} ng·min/mL"),
        ("esketamine after 20 mg IV at 6 h, highest", "273 ng/mL", f"{later.ng_per_ml[0]:.0f} ng/mL"),
    ]
    return [list(each) for each in published]


def pictures() -> dict[str, str]:
    times = np.linspace(0, 240, 241)
    found = pk.between_models(ADULT, INFUSION, times)
    zones = [(z.effect, z.low_ng_per_ml, z.high_ng_per_ml) for z in pk.reference_zones()]
    models_apart = Figure(
        "Ketamine 35 mg over 40 minutes, 70 kg: three models",
        [Line(name.split("_")[0].capitalize(), times, curve) for name, curve in found.curves.items()],
        zones=[zone for zone in zones if zone[0] == "dissociation"],
        doses=[(0, 40, "35 mg iv")],
        note="Typical curves. Where the models lie apart, nobody knows better: a band, never one line.",
    )
    spray = pk.load("perez")
    person = Person(age_y=45, ethnicity="caucasian")
    lines = []
    for mg in (28, 84):
        dose = [Dose("esketamine", "in", mg)]
        people = pk.virtual(spray, person, 2000, seed=1)
        band = pk.bands(pk.simulate(spray, people, dose), times)
        typical = pk.simulate(spray, person, dose).concentration(times)["esketamine"][0]
        lines.append(Line(f"{mg} mg", times, typical, band.low90, band.high90))
    nasal = Figure(
        "Esketamine nasal spray, typical and nine of ten people",
        lines,
        doses=[(0, 0, "nasal")],
        note="Perez-Ruixo 2021, 2,000 virtual people with the published spread (kmet held typical).",
    )
    film = pk.load("simons")
    volunteer = Person(weight_kg=70, age_y=24)
    hours = np.linspace(0, 480, 481)
    study = [Dose("esketamine", "film", 50), Dose("esketamine", "iv", 20, 360, 20)]
    curves = pk.simulate(film, volunteer, study).concentration(hours)
    redrawn = Figure(
        "Simons 2022, figure 1 redrawn: 50 mg film, then 20 mg IV at six hours",
        [Line(name, hours, value[0]) for name, value in curves.items()],
        doses=[(0, 0, "film"), (360, 380, "iv")],
        note="Typical subject of 70 kg; esketamine peaks near 20 minutes, the metabolites later and flatter.",
    )
    return {"models.svg": svg(models_apart), "nasal.svg": svg(nasal), "film.svg": svg(redrawn)}


def page() -> str:
    rows, worst = nasal_rows()
    parts = [
        "# What concentration a dose gives",
        "",
        "<!-- Written by `python -m benchmarks.pk.validation`; a test holds it current. Do not edit by hand. -->",
        "",
        "Published models of ketamine and esketamine, solved exactly (`sojourn/clinical/pk`). Teaching and planning",
        "support, not a dosing instruction. The numbers were read in open implementations and abstracts, as marked;",
        "no model here has been validated for dosing decisions.",
        "",
        "## The models",
        "",
        models(),
        "Marks: V-code, read in an open implementation of the paper; V-abstract, in its abstract; recalled, not yet",
        "seen. Each file in `sojourn/clinical/pk/models/` is one model with its limits; adding a model is adding a",
        "file.",
        "",
        "## Against the published table",
        "",
        "Perez-Ruixo 2021, table 4 (model-based typical values, read second-hand): published / ours. The largest",
        f"difference is {worst:.1f} %, the stated tolerance 5 %. The two age strata are computed at 45 and 70 years.",
        "Noresketamine area is not compared: with the printed parameters it comes out 1.38 to 1.56 times the",
        "published one in every implementation, and the page of the model says so.",
        "",
        table(
            ["stratum", "mg", "esketamine peak, ng/mL", "esketamine area 0–24 h, ng·h/mL", "noresketamine peak, ng/mL"],
            rows,
        ),
        "![Esketamine nasal spray with its 90 % band](pk/nasal.svg)",
        "",
        "## Against the study of the film",
        "",
        "Simons 2022, 50 mg: means over 20 volunteers, so a typical subject of 70 kg need not match them. The paper's",
        "means rise less than in proportion to the dose; its linear model lies below them at 50 mg.",
        "",
        table(["what", "published mean", "typical subject, ours"], film_rows()),
        "As described, esketamine peaks near 20 minutes, noresketamine near 60 and hydroxynoresketamine later and",
        "flatter; the infusion at six hours gives a sharp esketamine peak and a small rise of the metabolites.",
        "",
        "![Simons 2022, figure 1 redrawn](pk/film.svg)",
        "",
        "## Against the derived oracles",
        "",
        "Numerical integration (relative tolerance 1e-9) of the same parameters by the fact base: 35 mg over 40",
        "minutes at 70 kg, ng/mL.",
        "",
        table(["model", "minute", "oracle", "ours"], oracle_rows()),
        "![Three models of one infusion](pk/models.svg)",
        "",
        "## What is assumed",
        "",
        "- **Effect site.** No ke0 for dissociation has been measured. An effect-site curve is given only on request,",
        "  and its result says `assumed` with the source of the ke0.",
        "- **Between people.** Bands are drawn from the published variability only. Where a study gives variability",
        "  between occasions it is added, as for one session of a new person. Models without it give no band.",
        "- **Between models.** Shown side by side and as a range, never averaged: no source says how to weigh them.",
        "- **Nasal sessions.** Nasal doses within 60 minutes count as one session, in which the nose takes up 0.62 of",
        "  the usual fraction after the first 28 mg. The 60 minutes are our convention.",
        "- **Bioavailability.** Every published value is shown with its source; nasal ones differ fourfold by device.",
        "",
        "## From a notebook",
        "",
        "```python",
        "from sojourn.clinical import pk",
        "",
        'model = pk.load("kamp_2020_anesthesiology_pooled")',
        "who = pk.Person(weight_kg=70, age_y=40)",
        'dose = pk.Dose("ketamine", "iv", mg=35, start_min=0, duration_min=40)',
        "answer = pk.simulate(model, who, [dose])",
        'answer.concentration([10, 20, 40])["ketamine"]  # ng/mL, exact at any instant',
        "pk.peak(answer), pk.time_until_below(answer, 50)",
        "```",
        "",
        "On the command line: `sojourn pk models`, and",
        "`sojourn pk simulate regimen.toml --model ID --at 10,20,40 --json` (or `--png FILE`). A refusal prints",
        '`{"refused": "..."}` and exits 3. Concentrations are named after the drug that was given: `ketamine`, or',
        "`esketamine` with `noresketamine` and `hydroxynoresketamine`.",
        "",
        "Speed and accuracy beside other programs: [benchmarks/pk/RESULTS.md](../../benchmarks/pk/RESULTS.md).",
        "",
    ]
    return "\n".join(parts)


def content() -> dict[Path, str]:
    return {DOCS / "pk.md": page(), **{DOCS / "pk" / name: text for name, text in pictures().items()}}


def main() -> int:
    stale = [path for path, text in content().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"not current: {path.name}; run python -m benchmarks.pk.validation")
        return 1 if stale else 0
    for path, text in content().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
