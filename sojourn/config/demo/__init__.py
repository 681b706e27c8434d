"""The demo: two clinics with months of coherent history from a seeded generator, and one session that runs now.

Everything goes in through the web's own role and under row-level security, like a real clinic's rows.
"""

from __future__ import annotations

from collections.abc import Callable

from sojourn.config.demo.people import CLINICS, PASSWORD

MONITOR_BED = "CHAIR-1"


def load(say: Callable[[str], None], *, scale: int = 1, seed: int = 1) -> None:
    """Load the demo clinics where they are missing, and set today's stage anew where its session is over.

    A clinic that an earlier version made keeps its people as they are; what it must decide by now is added.
    """
    from django.db import transaction

    from sojourn.config.demo.scenario import make_clinic
    from sojourn.config.demo.today import furnish_old, set_stage
    from sojourn.foundation.accounts.models import Person

    for clinic in CLINICS:
        if not Person.objects.filter(email=f"clinic_admin@{clinic.domain}").exists():
            say(f"Inventing {clinic.name}: {clinic.patients * scale} patients and their history")
            with transaction.atomic():  # a clinic is there whole or not at all
                make_clinic(clinic, scale=scale, seed=seed)
        else:
            furnish_old(clinic)
        set_stage(clinic)


def sign_ins() -> str:
    """The demo's sign-ins, for the terminal."""
    lines = ["", "Sign in (demo only) with any of these; the password is always:  " + PASSWORD, ""]
    for clinic in CLINICS:
        lines.append(f"  {clinic.name}")
        seen: set[str] = set()
        for person in clinic.staff:
            if person.role not in seen:
                seen.add(person.role)
                lines.append(f"    {person.role.replace('_', ' '):<14} {person.role}@{clinic.domain:<16} {person.name}")
        lines.append(f"    {'patient':<14} patient@{clinic.domain}")
    lines.append("\n  E-mails of the demo are kept at /outbox/")
    return "\n".join(lines)


def run_monitor() -> None:
    """The virtual bedside monitor of the first clinic's running session: a separate program over TCP."""
    import sys

    from sojourn.config.demo.today import scenario_second
    from sojourn.config.environment import environment
    from sojourn.config.processes.virtual_monitor import program

    env = environment()
    sys.argv = [
        "sojourn", "monitor", "--host", env.mllp_host, "--port", str(env.mllp_port), "--bed", MONITOR_BED,
        "--maker", "nihon",
        "--episode", "hypertensive", "--seed", "4", "--start-at", str(scenario_second()),
        "--facility", CLINICS[0].slug, "--every", "1",
    ]  # fmt: skip
    sys.exit(program.main())
