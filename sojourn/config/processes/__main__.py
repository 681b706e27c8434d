"""`python -m sojourn.config.processes NAME`: one of the processes beside the web."""

from __future__ import annotations

from sojourn.config.processes.programs import main

main()
