"""What the process that reads a document may not do: reach the network, start a program, write a file beyond a size.

On Linux a filter of system calls (seccomp) refuses `socket`, `execve` and their like for this thread and all that it starts.
Where there is none the size alone holds: xberg is asked for nothing that would need the others.
"""

import ctypes
import platform
import struct
import sys
from contextlib import suppress

_CALLS = {
    # architecture: its number for the kernel, and the numbers of socket, execve, execveat and io_uring_setup there
    "x86_64": (0xC000003E, (41, 59, 322, 425)),
    "aarch64": (0xC00000B7, (198, 221, 281, 425)),
}
_SET_SECCOMP, _FILTER, _NO_NEW_PRIVILEGES = 22, 2, 38
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # with the error EACCES
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_FOREIGN_CALLS = 0x40000000
"""Numbers from here on are of another table of calls on x86-64."""


def confine(most_written: int) -> bool:
    """Take from this process what no conversion needs.

    Args:
        most_written: the most bytes of a file that it writes.

    Returns:
        Whether network and programs are refused as well.
    """
    bound_files(most_written)
    if sys.platform != "linux" or platform.machine() not in _CALLS or sys.maxsize < 1 << 32:
        return False
    with suppress(OSError, AttributeError):
        return _filtered(*_CALLS[platform.machine()])
    return False


def bound_files(most: int) -> None:
    """Let this process, and what it becomes, write no file of more bytes, where the system can bound that."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _filtered(architecture: int, refused: tuple[int, ...]) -> bool:
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUALS, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    # `jump if at least` for the foreign table, then one comparison a call; each jumps to the last step.
    steps.append((0x35, len(refused) + 1, 0, _FOREIGN_CALLS))
    steps += [(_EQUALS, len(refused) - place, 0, number) for place, number in enumerate(refused)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    control = ctypes.CDLL(None, use_errno=True).prctl
    zero = ctypes.c_ulong(0)
    if control(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero) != 0:
        return False
    return bool(control(_SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(program), zero, zero) == 0)
