"""``make bench``: every workload in one run, as one table of figures and ratios in benchmarks/RESULTS.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def _bare() -> float:
    """Milliseconds of processor time of a plain computation, to read the other figures by."""
    import numpy as np

    values = np.linspace(-3, 0, 5_000_000).reshape(10_000, 500)
    best = float("inf")
    for _ in range(8):
        began = time.process_time()
        np.exp(values)
        best = min(best, time.process_time() - began)
    return best * 1000


def _part(name: str, *arguments: str) -> Any:
    """Run one workload in a process of its own and read its figures."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([sys.executable, "-m", name, *arguments, "--out", out.name], check=True)
        return json.loads(Path(out.name).read_text())


def _table(header: list[str], rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def _monitors(found: Any) -> str:
    raw, rows = found["raw"], found["rows"]
    insert, copy = raw["multi_row_insert_per_s"], raw["copy_per_s"]
    table = _table(
        ["monitors", "readings in a message", "messages/s", "readings/s", "of raw multi-row insert", "of raw COPY", "lost", "to AA p50 / p99 ms",
         "to browser event p50 / p99 ms", "devices / postgres / web, cores"],
        [[row["monitors"], row["readings"], row["sent_per_s"], row["readings_per_s"], f"{row['readings_per_s'] / insert:.2f}",
          f"{row['readings_per_s'] / copy:.3f}", row["lost"], f"{row['answer_ms'].get('p50')} / {row['answer_ms'].get('p99')}",
          f"{row['event_p50_ms']} / {row['event_p99_ms']}",
          f"{row['cpu'].get('devices')} + {row['cpu'].get('devices-2')} / {row['cpu'].get('postgres')} / {row['cpu'].get('web')}"] for row in rows],
    )  # fmt: skip
    return (
        "## (a) Monitors to disk to browser\n\nEach monitor sends one message a second over a connection of"
        " its own; messages are acknowledged after the commit; boards of 8 chairs watch (25 at most). Sender, server and"
        f" database share the two cores.\n\n{table}\n\nIn the same run, the same PostgreSQL took {insert:,.0f} rows a second by"
        f" multi-row insert and {copy:,.0f} by COPY on one connection: without judging, raw messages or indexes.\n"
    )


def _pages(found: Any) -> str:
    table = _table(
        ["page", "p50 ms", "p95 ms", "times /healthz", "statements", "HTML KB (gzip)"],
        [[r["page"], r["p50_ms"], r["p95_ms"], r["of_floor"], r["queries"], r["html_kb"]] for r in found["pages"]],
    )
    assets = found["assets"]
    shown = ", ".join(f"{name} {size}" for name, size in assets.items())
    return (
        f"## (b) Pages with the demo times {found['scale']}\n\n{found['patients']:,} patients, {found['readings']:,} readings."
        " One request after the other over HTTP. What is multiplied is everything but today, the chairs too: times 100,"
        f" the week is one of 400 chairs.\n\n{table}\n\nOur assets, compressed KB: {shown}.\n"
    )


def _start(found: Any) -> str:
    memory = _table(["process", "resident MB"], [[name, mb] for name, mb in found["memory"].items()])
    return (
        f"## (c) Start and memory\n\nFirst start with the demo made anew: {found['first_s']} s. Second start:"
        f" {found['second_s']} s. Stop: {found['stop_s']} s.\n\n{memory}\n"
    )


def _citations(found: Any) -> str:
    table = _table(
        ["records", "file MB", "handed over in s", "read in s", "records/s", "times the bare parser", "peak MB",
         "of the limit", "taken", "doubles by DOI / PMID / title", "refused", "steps seen meanwhile"],
        [[f"{found['records']:,}", found["file_mb"], found["hand_over_s"], found["seconds"], found["per_s"],
          found["of_floor"], found["peak_mb"], found["of_limit"], f"{found['taken']:,}",
          f"{found['doi']} / {found['pmid']} / {found['title']}", found["refused"], found["steps_seen"]]],
    )  # fmt: skip
    return (
        "## (d) A file of citations into the library\n\nGenerated PubMed XML, handed over and read by the jobs process on the"
        " embedded PostgreSQL, a slice a job. Every 50th record is a double, known by its DOI, its PMID or its title alone;"
        " every 100th is broken. All of them were recognised or named, none other. Peak: by how much the jobs process grew;"
        " the limit is 64 MB whatever the file. Steps: how many different states of the progress another connection saw"
        f" that looked twice a second.\n\n{table}\n"
    )


def main() -> None:
    began, bare = time.monotonic(), [_bare()]
    scale = os.environ.get("BENCH_SCALE", "100")
    parts = [
        _monitors(_part("benchmarks.monitors")),
        *(_pages(_part("benchmarks.demo_pages", times)) for times in ("1", scale)),
        _start(_part("benchmarks.start")),
        _citations(_part("benchmarks.citations", "50000")),
    ]
    bare.append(_bare())
    text = (
        "# Benchmarks\n\nMade by `make bench`; figures of one run on one machine, to be read as ratios.\n\n"
        f"Machine: {machine()}. Run of {time.strftime('%Y-%m-%d')}, {time.monotonic() - began:.0f} s."
        f" The bare exponential of 5 million numbers took {bare[0]:.0f} ms of processor before and {bare[1]:.0f} after:"
        " a shared machine is not always equally fast.\n\n"
        + "\n".join(parts)
        + "\nPharmacokinetics against their peers: [pk/RESULTS.md](pk/RESULTS.md).\n"
    )
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
