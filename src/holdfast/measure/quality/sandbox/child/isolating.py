"""Namespaces of network, processes, mounts and IPC; a root that holds Python's library read-only and nothing else.

As root this is done with root's own rights, and the code runs as nobody; as another user, in a namespace of users.
"""

import ctypes
import os
import signal
from collections.abc import Iterable

_NEW_NS, _NEW_UTS, _NEW_IPC, _NEW_USER, _NEW_PID, _NEW_NET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_ALL = _NEW_NS | _NEW_UTS | _NEW_IPC | _NEW_PID | _NEW_NET
_BIND, _RECURSIVE, _PRIVATE, _NO_SUID, _NO_DEVICES = 4096, 16384, 1 << 18, 2, 4
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000  # the same number on every architecture; Linux 5.12
_READ_ONLY = 1 | _NO_SUID
_DIE_WITH_PARENT, _NO_NEW_RIGHTS = 1, 38
_CAPABILITIES_3 = 0x20080522
_NOBODY = 65534
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_SEPARATED = ("net", "mnt", "ipc")


class _Attributes(ctypes.Structure):
    _fields_ = (("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("rest", ctypes.c_uint64 * 2))


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


def isolate(folder: str, libraries: list[str]) -> str:
    """Leave everything but `libraries` (folders and files) and a small scratch; empty when that worked, else why not.

    `folder` is an empty folder on which the new root is mounted; outside it stays empty.
    """
    try:
        before = _read_namespaces()
        _unshare()
        _call("mount", None, b"/", None, _RECURSIVE | _PRIVATE, None)
        _make_root(folder, libraries)
        same = [name for name, place in _read_namespaces().items() if place == before[name]]
        os.chroot(folder)  # in which no namespace of users can be made, so there is no way back
        os.chdir("/scratch")
    except (OSError, AttributeError) as error:
        return f"namespaces are not to be had here: {error}"
    return f"it is still in the namespace of {same[0]}" if same else ""


def become_nobody() -> None:
    """Give up every right, for good."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    header = _CapabilityHeader(_CAPABILITIES_3, 0)
    _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))
    _call("prctl", _NO_NEW_RIGHTS, 1, 0, 0, 0)


def die_with_parent() -> None:
    """End when the process that started this one ends."""
    _call("prctl", _DIE_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)


def _read_namespaces() -> dict[str, str]:
    return {name: os.readlink(f"/proc/self/ns/{name}") for name in _SEPARATED}


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _call("unshare", _ALL)
        return
    _call("unshare", _ALL | _NEW_USER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _make_root(folder: str, libraries: Iterable[str]) -> None:
    _call("mount", b"none", folder.encode(), b"tmpfs", _NO_SUID | _NO_DEVICES, b"size=16m,nr_inodes=4k,mode=755")
    for source in (*libraries, *_DEVICES):
        _bind(source, folder + source)
    os.mkdir(f"{folder}/scratch")
    os.chmod(f"{folder}/scratch", 0o777)  # noqa: S103 - of nobody's own, and gone with the process


def _bind(source: str, target: str) -> None:
    """Have a folder or file in the new root too, read-only with all that is mounted beneath."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    _call("mount", source.encode(), target.encode(), None, _BIND | _RECURSIVE, None)
    if source not in _DEVICES:
        wanted = _Attributes(_READ_ONLY, 0)
        size = ctypes.sizeof(wanted)
        _call("syscall", _MOUNT_SETATTR, _AT_FDCWD, target.encode(), _AT_RECURSIVE, ctypes.byref(wanted), size)


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
