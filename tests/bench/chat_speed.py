"""Tokens per second through the program's own adapter, beside llama.cpp alone: python tests/bench/chat_speed.py [MODEL.gguf]

Asked: writing at 0.95 of raw llama.cpp or better. Both hold the same model with the same threads, context and waiting policy, in a process each, and answer the
same prompts in turn, so that what else runs on the machine hits both alike. Raw is llama.cpp with its own batch sizes in a bare Python program that counts
chunks in the callback; ours is LlamaChat: the process, the pipe, the event loop. A tiny model is the hard case, because its tokens come fastest.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from sophon_local.kit.child import worker_environment
from sophon_local.providers import machine
from sophon_local.providers.base import ChatMessage, ChatRequest, Finished, TextDelta
from sophon_local.providers.llama import LlamaChat

ROOT = Path(__file__).parent.parent.parent
ROUNDS, TOKENS, CONTEXT = 8, 120, 2_048
TEXT = "The harbour master writes down each ship, its cargo and the weather, and at the end of the week he counts what came and what left. " * 8
RAW = """
import json, os, sys, time
import xllamacpp
path, threads, context = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.verbosity, params.ui, params.warmup, params.fit_params = path, context, 1, 0, False, False, False
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
params.api_keys = ["raw"]
server = xllamacpp.Server(params)
print("ready", flush=True)
for line in sys.stdin:
    times = []
    def take(chunk):
        if any((choice.get("delta") or {}).get("content") for choice in chunk.get("choices") or ()):
            times.append(time.perf_counter())
    started = time.perf_counter()
    server.handle_chat_completions(json.loads(line), take)
    print(json.dumps([times[0] - started, (len(times) - 1) / (times[-1] - times[0]), len(times)]), flush=True)
os._exit(0)
"""


def cpu_of(processes: list[int | None]) -> float:
    """CPU seconds so far; None is this process."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in processes)


def prompt(number: int) -> str:
    return f"Report {number}. {TEXT}\nTell the story of this harbour, in as many words as you can."


def raw_answer(raw: subprocess.Popen[str], number: int) -> tuple[float, float, int]:
    body = {
        "messages": [{"role": "user", "content": prompt(number)}],
        "max_tokens": TOKENS,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert raw.stdin is not None and raw.stdout is not None
    raw.stdin.write(json.dumps(body) + "\n")
    raw.stdin.flush()
    first, speed, count = json.loads(raw.stdout.readline())
    return first, speed, count


async def our_answer(chat: LlamaChat, number: int) -> tuple[float, float, int]:
    started, times = time.perf_counter(), []
    async for piece in chat.stream(ChatRequest(messages=[ChatMessage("user", prompt(number))], max_tokens=TOKENS, temperature=0.0)):
        if isinstance(piece, TextDelta):
            times.append(time.perf_counter())
        assert not isinstance(piece, Finished) or piece.prompt_tokens > 100
    return times[0] - started, (len(times) - 1) / (times[-1] - times[0]), len(times)


async def main(model: Path) -> None:
    threads = machine.usable_cores()
    environment = worker_environment(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")
    command = [sys.executable, "-c", RAW, str(model), str(threads), str(CONTEXT)]
    raw = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert raw.stdout is not None
    raw.stdout.readline()
    chat = await LlamaChat.open(model, name=model.name, threads=threads, context_tokens=CONTEXT)
    before = time.perf_counter()
    await chat.load()
    loaded_s = time.perf_counter() - before
    alone, ours = [], []
    spent = [0.0, 0.0]  # CPU seconds: raw; our child and our own process
    for number in range(ROUNDS):  # each goes first every other time
        for turn in (0, 1) if number % 2 else (1, 0):
            processes = [raw.pid] if turn else [chat.pid, None]
            cpu = cpu_of(processes)
            if turn:
                alone.append(await asyncio.to_thread(raw_answer, raw, number))
            else:
                ours.append(await our_answer(chat, number))
            spent[1 - turn] += cpu_of(processes) - cpu
    memory = psutil.Process(chat.pid).memory_info().rss / 1e6
    await chat.close()
    raw.kill()
    raw.wait()

    def middle(rows: list[tuple[float, float, int]], place: int) -> float:
        return statistics.median(row[place] for row in rows[1:])

    pairs = [mine[1] / bare[1] for mine, bare in zip(ours[1:], alone[1:], strict=True)]
    print(f"{model.name}, {threads} threads, load average {psutil.getloadavg()[0]:.1f}; loaded in {loaded_s:.1f} s, {memory:.0f} MB after {ROUNDS} answers")
    print(f"writing   raw {middle(alone, 1):6.1f} tokens/s   ours {middle(ours, 1):6.1f}   ratio {middle(ours, 1) / middle(alone, 1):.3f} (asked: 0.95)")
    print(f"          median of the {len(pairs)} pairs' own ratios {statistics.median(pairs):.3f}, from {min(pairs):.3f} to {max(pairs):.3f}")
    bare_ms = spent[0] / sum(row[2] for row in alone) * 1000
    our_ms = spent[1] / sum(row[2] for row in ours) * 1000
    print(f"CPU       raw {bare_ms:6.1f} ms/token    ours {our_ms:6.1f}   ratio {bare_ms / our_ms:.3f} (reading the prompt included; our own process included)")
    print(f"1st token raw {middle(alone, 0):6.2f} s          ours {middle(ours, 0):6.2f}   ratio {middle(alone, 0) / middle(ours, 0):.3f}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".models" / "smollm2-135m" / "model.gguf"))
