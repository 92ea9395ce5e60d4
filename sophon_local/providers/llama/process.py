"""The server's side of the process that holds a model: start it, ask it, notice its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from ...kit.child import worker_argv, worker_environment, worker_folder
from ...kit.errors import UpstreamUnavailable, ValidationFailed
from .gguf import ModelFile, damaged
from .protocol import AnyNews, Ask, Count, Counted, Done, Failed, Load, LoadFailed, Order, Ready, Stop, decode_news, encode

log = logging.getLogger("sophon.llama")
_PREFIX, _SOCKET = "sophon-llama-", "llama.sock"
_LONGEST_LINE = 16 * 1024 * 1024
_LOAD_TIMEOUT_S = 600.0
_CLOSE_TIMEOUT_S = 1.0


class Gone(msgspec.Struct, frozen=True):
    """The process ended before the answer did; ``message`` says why, as far as that can be known."""

    message: str


class Answer:
    """One question's news, in order; the last is Done, Failed or Gone. ``on_end`` is called when that one arrives, whether or not anyone reads."""

    def __init__(self, number: int, on_end: Callable[[], None]) -> None:
        self.number = number
        self.is_over = False
        self._on_end = on_end
        self._news: asyncio.Queue[AnyNews | Gone] = asyncio.Queue()

    async def next(self) -> AnyNews | Gone:
        return await self._news.get()

    def put(self, news: AnyNews | Gone) -> None:
        if self.is_over:
            return
        self._news.put_nowait(news)
        if isinstance(news, Done | Failed | Gone | Counted):
            self.is_over = True
            self._on_end()


class ModelProcess:
    """A running child with its model."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, file: ModelFile, on_gone: Callable[[], None]) -> None:
        self._process = process
        self._folder = folder
        self._file = file
        self._on_gone = on_gone
        self._answers: dict[int, Answer] = {}
        self._last_number = 0
        self._complaints: deque[str] = deque(maxlen=40)
        self._loaded: asyncio.Future[Ready | LoadFailed | None] = asyncio.get_running_loop().create_future()
        self._is_closing = False
        self._is_ready = False
        self._tasks = [asyncio.create_task(self._read_news()), asyncio.create_task(self._read_complaints())]

    @classmethod
    async def start(cls, file: ModelFile, *, spin: bool, on_gone: Callable[[], None]) -> ModelProcess:
        """Start a child for ``file``; ``on_gone`` is called when a child that had its model loaded has ended, for whatever reason."""
        await asyncio.to_thread(_sweep)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))  # 0700: only this user reaches llama.cpp's listener
        waiting = {} if spin else {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
        try:
            process = await asyncio.create_subprocess_exec(
                *worker_argv("llama"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
                env=worker_environment(**waiting),
                cwd=worker_folder(),
            )
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise UpstreamUnavailable(f"The model's process could not be started ({error.strerror}). Try again.", reason="model_stopped") from None
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return cls(process, folder, file, on_gone)

    async def load(self, *, context_tokens: int, threads: int) -> None:
        """Load the model; ``UpstreamUnavailable`` with the reason when that fails, and then the child is gone."""
        listener = str(self._folder / _SOCKET) if os.name == "posix" and len(str(self._folder)) < 80 else None
        name = self._file.path.name
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(encode(Load(path=str(self._file.path), context_tokens=context_tokens, threads=threads, socket=listener)))
            async with asyncio.timeout(_LOAD_TIMEOUT_S):
                news = await self._loaded
            if not isinstance(news, Ready):
                raise self._load_error(news)
            self._is_ready = True
            log.info("%s was loaded in %d ms", name, news.load_ms)
        except TimeoutError:
            await self.close()
            raise UpstreamUnavailable(f"{name} was not loaded within {_LOAD_TIMEOUT_S:.0f} s. Choose a smaller model.", reason="model_stopped") from None
        except BaseException:
            await self.close()
            raise

    @property
    def is_ready(self) -> bool:
        """Loaded, and alive as far as is known."""
        return self._is_ready and not self._is_closing and self._process.returncode is None and not self._tasks[0].done()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, body: dict[str, object], on_end: Callable[[], None]) -> Answer:
        return self._send(lambda number: Ask(number, body), on_end)

    def stop(self, answer: Answer) -> None:
        """Let the child end this answer; its end still arrives."""
        if not answer.is_over and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(encode(Stop(answer.number)))

    async def count(self, text: str) -> int:
        answer = self._send(lambda number: Count(number, text), lambda: None)
        match await answer.next():
            case Counted(tokens=tokens):
                return tokens
            case Gone(message=message) | Failed(message=message):
                raise UpstreamUnavailable(message, reason="model_stopped")
            case news:
                raise UpstreamUnavailable(f"The model's process answered a count with {type(news).__name__}.", reason="model_stopped")

    async def close(self) -> None:
        """End the child: at once when it listens, after a second otherwise. Open answers end with Gone."""
        self._is_closing = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _send(self, order: Callable[[int], Order], on_end: Callable[[], None]) -> Answer:
        """Without waiting, so that nobody can be cancelled between a question and knowing its answer's number."""
        try:
            line = encode(order(self._last_number + 1))
        except UnicodeEncodeError:
            raise ValidationFailed("The request holds text that is not valid Unicode.", reason="request_refused") from None
        self._last_number += 1
        answer = Answer(self._last_number, on_end)
        if self._tasks[0].done() or self._process.stdin is None:
            answer.put(Gone(self._why_gone()))
        else:  # should the child be gone already, then the reader finds its end and tells all open answers
            self._answers[answer.number] = answer
            self._process.stdin.write(line)
        return answer

    async def _read_news(self) -> None:
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                try:
                    news = decode_news(line)
                except msgspec.DecodeError:
                    log.warning("The model's process wrote a line that makes no sense.")
                    continue
                if isinstance(news, Ready | LoadFailed):
                    if not self._loaded.done():
                        self._loaded.set_result(news)
                    continue
                if answer := self._answers.get(news.id):
                    answer.put(news)
                    if answer.is_over:
                        del self._answers[news.id]
        except ValueError:  # a line beyond every limit
            log.error("The model's process wrote a line of more than %d bytes and is stopped.", _LONGEST_LINE)
            self._process.kill()
        await self._process.wait()
        if not self._loaded.done():
            self._loaded.set_result(None)
        for answer in self._answers.values():
            answer.put(Gone(self._why_gone()))
        self._answers.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._is_ready:
            self._on_gone()

    async def _read_complaints(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):
            async for line in self._process.stderr:
                text = line.decode("utf-8", "replace").rstrip()[:500]
                self._complaints.append(text)
                log.debug("llama.cpp: %s", text)

    def _why_gone(self) -> str:
        code = self._process.returncode
        if self._is_closing:
            return "The model was unloaded before it had finished. Send the message again."
        if code in (-9, 0xC0000017):  # SIGKILL; STATUS_NO_MEMORY
            return (
                "The model's process was stopped by the system, probably for lack of memory. "
                "Close other programs or choose a smaller model; the next message starts it again."
            )
        if code == -4:  # SIGILL
            return "This machine's processor lacks instructions that llama.cpp needs (AVX2). Use Ollama, LM Studio or a hosted model instead."
        try:
            name = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        except ValueError:
            name = f"signal {-(code or 0)}"
        return f"The model's process stopped unexpectedly ({name}). The next message starts it again."

    def _load_error(self, news: LoadFailed | None) -> UpstreamUnavailable:
        file = self._file
        said = " ".join(self._complaints).lower()
        for line in self._complaints:
            log.warning("llama.cpp: %s", line)
        if "failed to allocate" in said or "out of memory" in said or "bad_alloc" in said:
            return UpstreamUnavailable(
                f"There is not enough memory to load {file.path.name}. Close other programs or choose a smaller model.", reason="not_enough_memory"
            )
        if "unknown model architecture" in said:
            return UpstreamUnavailable(
                f"{file.path.name} holds a kind of model ({file.architecture}) that this version of llama.cpp does not know. Choose another.",
                reason="model_unsupported",
            )
        if news is None and self._process.returncode != -signal.SIGABRT:
            return UpstreamUnavailable(self._why_gone(), reason="model_stopped")
        return damaged(file.path, "llama.cpp cannot load it")


def _sweep() -> None:
    """Remove what children left behind whose server was killed: folders in which nobody listens any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if (folder / _SOCKET).exists():
                with socket.socket(socket.AF_UNIX) as probe:
                    try:
                        probe.connect(str(folder / _SOCKET))
                    except ConnectionRefusedError:
                        shutil.rmtree(folder, ignore_errors=True)
            elif folder.stat().st_mtime < time.time() - 3_600:  # none yet: it may be loading
                shutil.rmtree(folder, ignore_errors=True)
