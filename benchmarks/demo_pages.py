"""Workload (b) in a house of its own: ``python -m benchmarks.demo_pages SCALE --out FILE``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.house import house


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scale", type=int)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with house() as found:
        from benchmarks import pages

        took = pages.load_demo(1)
        print(f"demo loaded in {took:.0f} s", flush=True)
        import psycopg

        from sojourn.config.environment import Connection, database

        admin: Connection = database("admin")
        from benchmarks.multiply import multiply

        multiply(admin.conninfo(), arguments.scale)
        with psycopg.connect(admin.conninfo(), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            patients = connection.execute("SELECT count(*) FROM patients_patient").fetchone()
            readings = connection.execute("SELECT count(*) FROM vitals_observation").fetchone()
        found.start_all()
        rows = pages.run(found)
        arguments.out.write_text(
            json.dumps(
                {
                    "scale": arguments.scale,
                    "load_s": round(took, 1),
                    "patients": patients and patients[0],
                    "readings": readings and readings[0],
                    "pages": rows,
                    "assets": pages.assets_kb(),
                }
            )
        )


if __name__ == "__main__":
    main()
