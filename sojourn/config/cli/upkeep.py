"""Keep a house well: backup and restore, the doctor, the audit."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from sojourn.config.cli.telling import say, set_up_django


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``backup``, ``restore``, ``doctor`` and ``audit``."""
    backup = commands.add_parser("backup", help="write the whole database into one file")
    backup.add_argument("file", type=Path, help="where to write it; must not exist yet")
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="bring a backup back into an empty database")
    restore.add_argument("file", type=Path, help="a file written by `sojourn backup`")
    restore.set_defaults(run=_restore)

    doctor = commands.add_parser("doctor", help="look at everything that must work and say what does not")
    doctor.set_defaults(run=_doctor)

    audit = commands.add_parser("audit", help="the audit trail")
    audit_commands = audit.add_subparsers(dest="audit_command", metavar="COMMAND", required=True)
    verify = audit_commands.add_parser("verify", help="walk every clinic's chain and name the first broken row")
    verify.set_defaults(run=_audit_verify)


def _backup(arguments: argparse.Namespace) -> int:
    from sojourn.config.cli import operations

    return operations.backup(arguments.file, say)


def _restore(arguments: argparse.Namespace) -> int:
    from sojourn.config.cli import operations

    return operations.restore(arguments.file, say)


def _doctor(arguments: argparse.Namespace) -> int:
    from sojourn.config.cli import operations

    return operations.doctor(say)


def _audit_verify(arguments: argparse.Namespace) -> int:
    from sojourn.config.processes import postgres

    began = time.monotonic()
    with postgres.available():
        set_up_django(owner=True)
        from sojourn.foundation.audit.queries import verify

        verdicts = verify()
    for verdict in verdicts:
        place = f"clinic {verdict.clinic_id}" if verdict.clinic_id else "the house"
        if verdict.whole:
            say(f"{place}: {verdict.rows} rows, unbroken. Newest hash {verdict.head}")
        else:
            say(f"{place}: BROKEN at row {verdict.broken_seq}: {verdict.reason}")
    broken = [verdict for verdict in verdicts if not verdict.whole]
    say(f"{len(verdicts)} chains, {len(broken)} broken, {time.monotonic() - began:.1f} s")
    return 1 if broken else 0
