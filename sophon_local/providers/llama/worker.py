"""The process that holds a model: llama.cpp reads, this file talks. It has no state worth keeping and may be killed at any time."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import secrets
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from .protocol import Alive, Ask, CallPart, Count, Counted, Done, Failed, Load, LoadFailed, News, Ready, Stop, Text, decode_order, encode

# Tokens of prompt that are read in one go: a cancelled request ends after at most that many. 128 costs 4 % of reading speed against 512.
_BATCH = 128
_PROMPT_CACHE_MIB = 256  # prompts of other conversations kept in memory; llama.cpp's own default is 8192


def main(arguments: list[str]) -> None:
    """Serve orders from stdin until it ends. Never returns."""
    # Whatever llama.cpp or a library prints goes to stderr; only this file knows the way to the server.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _die_with_the_server()
    worker = _Worker(out)
    try:
        worker.serve(sys.stdin.buffer)
    finally:
        os._exit(0)  # the threads of llama.cpp are not waited for


def _die_with_the_server() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the server decides
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("600", "ascii")  # when memory runs out, this process goes before the server


class _Worker:
    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._out_lock = threading.Lock()
        self._questions: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        self._counts: queue.SimpleQueue[Count] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._key = secrets.token_urlsafe(32)

    def serve(self, orders: BinaryIO) -> None:
        for line in orders:
            order = decode_order(line)
            match order:
                case Load():
                    threading.Thread(target=self._load_and_answer, args=(order,), daemon=True).start()
                case Ask():
                    self._questions.put(order)
                case Stop():
                    self._stopped.add(order.id)
                case Count():
                    self._counts.put(order)

    def _tell(self, news: News) -> None:
        try:
            with self._out_lock:
                self._out.write(encode(news))
                self._out.flush()
        except OSError:
            os._exit(0)  # nobody listens any more

    def _load_and_answer(self, order: Load) -> None:
        started = time.monotonic()
        try:
            server = self._load(order)
        except Exception as error:
            self._tell(LoadFailed(str(error)))
            return
        threading.Thread(target=self._count_forever, args=(order.socket, str(server.listening_address)), daemon=True).start()
        self._tell(Ready(load_ms=round((time.monotonic() - started) * 1000)))
        while True:
            question = self._questions.get()
            try:
                self._tell(self._answer(server, question))
            except Exception as error:  # a request that llama.cpp refuses must not end the process
                self._tell(Failed(id=question.id, kind="refused", message=str(error)))
            self._stopped.discard(question.id)

    def _load(self, order: Load) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = order.path
        params.n_ctx = order.context_tokens
        params.n_parallel = 1
        params.n_batch = params.n_ubatch = _BATCH
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order.threads
        params.cache_ram_mib = _PROMPT_CACHE_MIB
        if sys.platform != "darwin":  # llama.cpp keeps a repacked copy of the weights for the CPU: mapping the file as well costs its size once more
            params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        params.fit_params = False
        params.warmup = False
        params.enable_reasoning = 0  # thinking aloud costs minutes on a CPU, and nobody would see it
        params.verbosity = 2
        params.api_keys = [self._key]
        params.hostnames = [order.socket or "127.0.0.1"]
        params.cors_origins = ""
        params.ui = params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
        params.n_threads_http = 2
        return xllamacpp.Server(params)

    def _answer(self, server: Any, question: Ask) -> Done | Failed:
        number = question.id
        reason, end, failure = "stop", Done(id=number, reason="stop"), None
        if number in self._stopped:
            return Done(id=number, reason="cancelled")

        def take(chunk: dict[str, Any]) -> bool:
            nonlocal reason, end, failure
            if "error" in chunk:
                error = chunk["error"]
                failure = Failed(
                    id=number, kind=str(error.get("type", "")), message=str(error.get("message", "")), prompt_tokens=int(error.get("n_prompt_tokens") or 0)
                )
                return True
            if progress := chunk.get("prompt_progress"):
                self._tell(Alive(number, int(progress["processed"]), int(progress["total"])))
            for choice in chunk.get("choices") or ():
                delta = choice.get("delta") or {}
                if text := delta.get("content"):
                    self._tell(Text(number, text))
                for part in delta.get("tool_calls") or ():
                    function = part.get("function") or {}
                    self._tell(CallPart(number, int(part.get("index") or 0), part.get("id"), function.get("name"), function.get("arguments")))
                reason = choice.get("finish_reason") or reason
            if usage := chunk.get("usage"):
                timings = chunk.get("timings") or {}
                end = Done(
                    id=number,
                    reason=reason,
                    prompt_tokens=usage["prompt_tokens"],
                    completion_tokens=usage["completion_tokens"],
                    cached_tokens=int(timings.get("cache_n") or 0),
                    read_ms=float(timings.get("prompt_ms") or 0),
                    write_ms=float(timings.get("predicted_ms") or 0),
                )
            return number in self._stopped

        server.handle_chat_completions(question.body, take)
        if failure is not None:
            return failure
        return msgspec.structs.replace(end, reason="cancelled" if number in self._stopped else reason)

    def _count_forever(self, path: str | None, address: str) -> None:
        while True:
            order = self._counts.get()
            try:
                self._tell(Counted(order.id, self._tokens_in(order.text, path, address)))
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self._tell(Failed(id=order.id, kind="count", message=str(error)))

    def _tokens_in(self, text: str, path: str | None, address: str) -> int:
        """llama.cpp counts tokens only over its own listener, which nobody else has the key to."""
        connection = _UnixConnection(path) if path else http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
        try:
            connection.request(
                "POST", "/tokenize", msgspec.json.encode({"content": text}), {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            )
            return len(msgspec.json.decode(connection.getresponse().read())["tokens"])
        finally:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
