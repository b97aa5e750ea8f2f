"""Runs a command in a network namespace that has loopback alone, and says first whether that worked. Linux only.

Started as a script of its own: a namespace of users can only be made by a process with one thread.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_DIE_WITH_PARENT = 1
_OUTSIDE = (
    (socket.AF_INET, "192.0.2.1"),
    (socket.AF_INET6, "2001:db8::1"),
)  # addresses that are nobody's: RFC 5737, 3849


def main(arguments: list[str]) -> None:
    """`{"isolate": …, "memory_bytes": …} COMMAND…`: never returns."""
    asked = json.loads(arguments[0])
    if asked["isolate"]:
        sys.stdout.write(json.dumps({"event": "isolation", "reason": isolate()}) + "\n")
        sys.stdout.flush()
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if asked["memory_bytes"]:
        resource.setrlimit(resource.RLIMIT_DATA, (asked["memory_bytes"], asked["memory_bytes"]))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")  # when memory runs out this process goes, not the user's others
    try:
        os.execv(arguments[1], arguments[1:])  # noqa: S606
    except OSError as error:
        sys.exit(f"{arguments[1]}: {error.strerror}")


def isolate() -> str:
    """Leave every network but loopback; empty when that worked, else why it did not."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    try:
        if libc.unshare(_NEW_USER | _NEW_NET) == 0:
            _map_ids(user, group)
        elif libc.unshare(_NEW_NET) != 0:
            return f"network namespaces are not permitted here: {os.strerror(ctypes.get_errno())}"
        _raise_loopback()
        return find_way_out()
    except OSError as error:
        return f"the network namespace could not be set up: {error.strerror}"


def _map_ids(user: int, group: int) -> None:
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        found = fcntl.ioctl(asked, _GET_FLAGS, struct.pack("16sH22x", b"lo", 0))
        (flags,) = struct.unpack_from("H", found, 16)
        fcntl.ioctl(asked, _SET_FLAGS, struct.pack("16sH22x", b"lo", flags | _UP))


def find_way_out() -> str:
    """Which way leads out of this process's network besides loopback; empty when none does. Sends nothing."""
    with open("/proc/self/net/dev", encoding="ascii") as file:
        names = [line.split(":")[0].strip() for line in file if ":" in line]
    others = [name for name in names if name != "lo"]
    if others:
        return f"the namespace has other interfaces: {', '.join(others)}"
    reached = [address for family, address in _OUTSIDE if _has_route(family, address)]
    return f"the namespace has a route to {reached[0]}" if reached else ""


def _has_route(family: int, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as tried:
            tried.connect((address, 9))  # a datagram's connect looks for a route, and sends nothing
    except OSError as error:
        return error.errno not in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
