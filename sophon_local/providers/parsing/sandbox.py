"""What the reading child takes away from itself before it opens a stranger's file: the network, other programs, writing, most memory.

Everything holds on Linux. Elsewhere an audit hook stops what Python code would do, and the parent watches memory and time.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_FORBIDDEN_EVENTS = frozenset(
    {
        "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
        "os.spawn", "os.fork",
        "os.forkpty", "os.startfile", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.chown",
        "os.truncate", "os.kill",
        "shutil.rmtree", "webbrowser.open", "winreg.CreateKey", "winreg.SetValue",
    }
)  # fmt: skip

# System calls that a reader of files never needs (numbers from the kernel's tables): network, programs, other processes, changing files.
_DENIED = {
    "x86_64": [
        41, 42, 43, 44, 49, 50, 53, 57, 58, 59, 62, 76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 101, 133, 165, 258, 259, 260, 263, 264,
        265, 266, 268, 310, 311,
        316, 321, 322, 323, 425, 434, 437, 438,
    ],
    "aarch64": [198, 199, 200, 201, 202, 203, 206, 221, 281, 117, 129, 45, 46, 33, 34, 35, 36, 37, 38, 276, 40, 52, 53, 54, 55, 270, 271, 280, 282,
    425, 434, 437, 438],
}  # fmt: skip
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_OPENS = {"x86_64": [(2, 1), (257, 2)], "aarch64": [(56, 2)]}  # number, and which argument holds the flags
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_ANY_BIT, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06


def lower_priority() -> None:
    """The person's own work comes first, and when memory runs out this process goes before the server. (On Windows the parent sets the priority.)"""
    if hasattr(os, "nice"):
        os.nice(10)
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text("900")


def confine(memory_bytes: int, cpu_s: float | None) -> None:
    """Give up rights for the rest of this process's life. ``cpu_s`` None: no limit on the time in all."""
    _limit_resources(memory_bytes, cpu_s)
    sys.addaudithook(_refuse)
    if sys.platform == "linux":
        _filter_system_calls()


def _limit_resources(memory_bytes: int, cpu_s: float | None) -> None:
    try:
        import resource
    except ImportError:
        return

    def limit(which: int, value: int) -> None:
        _, hard = resource.getrlimit(which)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some; the parent watches memory and time as well
            resource.setrlimit(which, (value, value))

    # RLIMIT_DATA counts what is really writable memory. RLIMIT_AS would count the address space that threads and libraries merely reserve.
    limit(resource.RLIMIT_DATA, memory_bytes)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, 0)
    if cpu_s is not None:
        limit(resource.RLIMIT_CPU, int(cpu_s) + 2)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN_EVENTS:
        raise PermissionError(errno.EACCES, f"A document's reader may not do this: {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
        raise PermissionError(errno.EACCES, "A document's reader may not write files")


def _filter_system_calls() -> None:
    """A seccomp filter. Where the kernel or a container refuses it, the audit hook and the limits remain."""
    machine = platform.machine()
    if machine not in _DENIED:
        return

    def instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, value)

    refuse = instruction(_RETURN, _REFUSE | errno.EACCES)
    program = [
        instruction(_LOAD, 4),
        instruction(_JUMP_EQUAL, _ARCHITECTURE[machine], 1, 0),
        refuse,
        instruction(_LOAD, 0),
        instruction(_JUMP_AT_LEAST, 0x40000000, 0, 1),  # the x32 numbers
        refuse,
    ]
    for number in _DENIED[machine]:
        program += [instruction(_JUMP_EQUAL, number, 0, 1), refuse]
    for number, argument in _OPENS[machine]:
        program += [
            instruction(_JUMP_EQUAL, number, 0, 4),
            instruction(_LOAD, 16 + 8 * argument),
            instruction(_JUMP_ANY_BIT, _WRITES, 0, 1),
            refuse,
            instruction(_RETURN, _ALLOW),
        ]
    program.append(instruction(_RETURN, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) == 0:  # PR_SET_NO_NEW_PRIVS
        libc.prctl(22, 2, ctypes.byref(header), 0, 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
