"""`python -m sojourn.config.processes.virtual_monitor monitor ...`."""

from __future__ import annotations

import sys

from sojourn.config.processes.virtual_monitor.program import main

sys.exit(main())
