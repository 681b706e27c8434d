"""Make the requirement locks anew: ``make lock``. Exact versions, hashes, no host names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_COMMON = [
    "--generate-hashes", "--universal", "--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links",
    "--no-header", "--no-annotate", "--quiet",
]  # fmt: skip


def main() -> None:
    locks = Path("requirements")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv"], check=True)
    uv = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *_COMMON]
    subprocess.run([*uv, "--group", "build", "-o", locks / "run.txt"], check=True)
    subprocess.run(
        [*uv, "--group", "build", "--group", "dev", "-c", locks / "run.txt", "-o", locks / "dev.txt"], check=True
    )


if __name__ == "__main__":
    main()
