"""Keeps a process from the network, from files and from other programs, by Linux.

Two means, each enough against the network by itself: namespaces of its own, which a
container may forbid, and a filter of system calls (seccomp(2)), which any process
may put on itself. Standard library only; elsewhere than on Linux nothing is kept
away, and the caller is told so.
"""

import ctypes
import errno
import os
import platform
import signal
import socket
import struct
import sys
from typing import Literal

Level = Literal["all", "writing", "network"]

CLONE_NEWUSER, CLONE_NEWNET, CLONE_THREAD = 0x10000000, 0x40000000, 0x00010000
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
EVERY_BIT = 0xFFFFFFFF
O_MAY_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# linux/bpf_common.h, linux/seccomp.h
LOAD, AND, RETURN = 0x20, 0x54, 0x06
IF_EQUAL, IF_AT_LEAST = 0x15, 0x35
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER_AT, MACHINE_AT, ARGUMENTS_AT = 0, 4, 16  # in struct seccomp_data
X32 = 0x40000000  # the other numbering of x86-64

# By machine: its AUDIT_ARCH, and the numbers of seccomp(2) and of the calls named
# below (asm/unistd_64.h and asm-generic/unistd.h of Linux 6.1).
MACHINES = {
    "x86_64": (
        0xC000003E,
        {
            "seccomp": 317,
            "clone": 56,
            "clone3": 435,
            "tgkill": 234,
            "prlimit64": 302,
            "open": 2,
            "openat": 257,
            "openat2": 437,
        },
        {
            # socket, connect, accept, sendto, recvfrom, sendmsg, recvmsg, bind,
            # listen, socketpair, accept4, recvmmsg, sendmmsg
            "network": (41, 42, 43, 44, 45, 46, 47, 49, 50, 53, 288, 299, 307),
            # fork, vfork, execve, kill, ptrace, execveat, process_vm_readv and
            # writev, unshare, setns, rt_sigqueueinfo, rt_tgsigqueueinfo, bpf,
            # perf_event_open, userfaultfd, keyctl, add_key, request_key,
            # io_uring_setup, pidfd_send_signal, pidfd_open, pidfd_getfd, mount,
            # umount2, pivot_root, chroot, setrlimit, tkill, setpriority,
            # sched_setparam, sched_setscheduler, sched_setattr, ioprio_set
            "programs": (
                *(57, 58, 59, 62, 101, 322, 310, 311, 272, 308, 129, 297, 321),
                *(298, 323, 250, 248, 249, 425, 424, 434, 438, 165, 166, 155, 161),
                *(160, 200, 141, 142, 144, 314, 251),
            ),
            # truncate, ftruncate, rename, mkdir, rmdir, creat, link, unlink,
            # symlink, chmod, fchmod, chown, fchown, lchown, utime, mknod, utimes,
            # mkdirat, mknodat, fchownat, futimesat, unlinkat, renameat, linkat,
            # symlinkat, fchmodat, utimensat, renameat2, setxattr and its kin,
            # fchmodat2, open_by_handle_at
            "writing": (
                *(76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 132, 133),
                *(235, 258, 259, 260, 261, 263, 264, 265, 266, 268, 280, 316),
                *(188, 189, 190, 197, 198, 199, 452, 304),
            ),
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "seccomp": 277,
            "clone": 220,
            "clone3": 435,
            "tgkill": 131,
            "prlimit64": 261,
            "openat": 56,
            "openat2": 437,
        },
        {
            "network": (
                *(198, 199, 200, 201, 202, 203, 206, 207, 211, 212, 242, 243, 269),
            ),
            "programs": (
                *(221, 129, 117, 281, 270, 271, 97, 268, 138, 240, 280, 241, 282),
                *(219, 217, 218, 425, 424, 434, 438, 40, 39, 41, 51, 164),
                *(130, 140, 118, 119, 274, 30),
            ),
            "writing": (
                *(45, 46, 38, 34, 35, 36, 37, 52, 53, 54, 55, 33, 88, 276),
                *(5, 6, 7, 14, 15, 16, 452, 265),
            ),
        },
    ),
}


def die_with(parent: int) -> None:
    """End this process as soon as `parent`, the one that started it, has ended."""
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it had gone before we asked
        os._exit(0)


def leave_network() -> bool:
    """Into a network of its own, without any interface; False where not allowed.

    Only a process of one thread may take a user namespace.
    """
    if sys.platform != "linux":
        return False
    libc = _libc()
    return not (
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) and libc.unshare(CLONE_NEWNET)
    )


def network_blocked() -> bool:
    """Whether this process is refused a connection to its own machine.

    Where it is not, nobody listens there, which sounds different.
    """
    try:
        with socket.socket() as one:
            one.settimeout(1)
            one.connect(("127.0.0.1", 9))
    except OSError as error:
        return error.errno in (errno.EPERM, errno.EACCES, errno.ENETUNREACH)
    return False


def filter_calls(level: Level) -> bool:
    """From now on, for all threads, refuse calls; False where it cannot be done.

    "network": no sockets. "writing": neither other programs nor any change to files.
    "all": no file can be opened at all, not even for reading.
    """
    machine = MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    program = _program(machine, level)
    instructions = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HP", len(program) // 8, ctypes.addressof(instructions))
    libc = _libc()
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    done = libc.syscall(
        ctypes.c_long(machine[1]["seccomp"]),
        ctypes.c_long(SECCOMP_SET_MODE_FILTER),
        ctypes.c_long(SECCOMP_FILTER_FLAG_TSYNC),
        ctypes.create_string_buffer(head, len(head)),
    )
    return bool(done == 0)


def _program(
    machine: tuple[int, dict[str, int], dict[str, tuple[int, ...]]], level: Level
) -> bytes:
    """The filter in the machine language of struct sock_filter."""
    architecture, calls, groups = machine
    lines = [
        _line(LOAD, MACHINE_AT),
        _line(IF_EQUAL, architecture, skip=1),
        _line(RETURN, KILL),
        _line(LOAD, NUMBER_AT),
        _line(IF_AT_LEAST, X32, otherwise=1),
        _line(RETURN, ERROR | errno.EPERM),
    ]
    refused = list(groups["network"])
    if level != "network":
        refused += groups["programs"] + groups["writing"]
        lines += _refuse_with(calls["clone3"], errno.ENOSYS)  # then clone is tried
        lines += _refuse_with(calls["openat2"], errno.ENOSYS)
        # a thread is no program, and abort() is a signal to itself
        lines += _refuse_unless(calls["clone"], 0, CLONE_THREAD, CLONE_THREAD)
        lines += _refuse_unless(calls["tgkill"], 0, EVERY_BIT, os.getpid())
        for half in (0, 4):  # a limit may be asked for, but not set
            lines += _refuse_unless(calls["prlimit64"], 2, EVERY_BIT, 0, half=half)
        for name, flags in (("open", 1), ("openat", 2)):
            if level == "all":
                refused += [calls[name]] if name in calls else []
            elif name in calls:
                lines += _refuse_unless(calls[name], flags, O_MAY_WRITE, 0)
    for number in refused:
        lines += _refuse_with(number, errno.EPERM)
    return b"".join([*lines, _line(RETURN, ALLOW)])


def _refuse_with(number: int, error: int) -> list[bytes]:
    return [_line(IF_EQUAL, number, otherwise=1), _line(RETURN, ERROR | error)]


def _refuse_unless(
    number: int, argument: int, mask: int, wanted: int, *, half: int = 0
) -> list[bytes]:
    """Refuse the call unless (32 bits of its argument & mask) == wanted.

    half: 0 for the lower ones, 4 for the upper; both machines are little-endian.
    """
    return [
        _line(IF_EQUAL, number, otherwise=5),
        _line(LOAD, ARGUMENTS_AT + 8 * argument + half),
        _line(AND, mask),
        _line(IF_EQUAL, wanted, skip=1),
        _line(RETURN, ERROR | errno.EPERM),
        _line(LOAD, NUMBER_AT),
    ]


def _line(code: int, value: int, *, skip: int = 0, otherwise: int = 0) -> bytes:
    """skip, otherwise: how many lines to leave out where it holds, where not."""
    return struct.pack("HBBI", code, skip, otherwise, value)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
