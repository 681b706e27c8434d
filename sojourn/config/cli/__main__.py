"""`python -m sojourn.config.cli COMMAND`."""

from __future__ import annotations

import sys

from sojourn.config.cli.program import main

sys.exit(main())
