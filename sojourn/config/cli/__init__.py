"""The command line: `sojourn COMMAND`, one module a group of commands."""

from __future__ import annotations

from sojourn.config.cli.program import main

__all__ = ["main"]
