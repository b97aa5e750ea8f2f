"""A model's repository as a hub has it: a real bare git repository, large files as LFS pointers and blobs beside it."""

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LARGE_BYTES = 100_000
_COMMITTER = b"committer A. Publisher <publisher@example.org> 1780000000 +0000\n"


@dataclass(frozen=True)
class Entry:
    """A file of a tree. `content` is the whole file, `pointer` what git has of a large one."""

    path: str
    oid: str
    content: bytes
    sha256: str = ""
    pointer: bytes = b""


@dataclass
class Repository:
    """`terms` are fields of the hub's JSON; `state` is empty, or `gated`, `disabled`, `gone`, `elsewhere`."""

    folder: Path
    terms: dict[str, object] = field(default_factory=dict)
    state: str = ""
    contents: dict[str, bytes] = field(default_factory=dict)  # by git's blob id, what a pointer stands for
    _listed: dict[str, list[Entry]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        subprocess.run(["git", "init", "--quiet", "--bare", self.folder], check=True)
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")

    def git(self, *words: str, given: bytes = b"") -> bytes:
        """Run git there."""
        run = subprocess.run(["git", "-C", self.folder, *words], input=given, capture_output=True, check=True)
        return run.stdout

    def commit(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """A commit with these files and no others, on top of a branch; its id."""
        stream = bytearray()
        lines = []
        for number, (path, content) in enumerate(files.items(), 1):
            stored = content
            if len(content) >= LARGE_BYTES or path.endswith((".safetensors", ".gguf")):
                digest = hashlib.sha256(content).hexdigest()
                words = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"
                stored = words.encode()
                self.contents[hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest()] = content
            stream += b"blob\nmark :%d\ndata %d\n%s\n" % (number, len(stored), stored)
            lines.append(b"M 100644 :%d %s\n" % (number, path.encode()))
        stream += b"commit refs/heads/%s\n%sdata 6\nUpload\n" % (branch.encode(), _COMMITTER)
        if self.git("for-each-ref", f"refs/heads/{branch}"):
            stream += b"from refs/heads/%s^0\n" % branch.encode()
        stream += b"deleteall\n" + b"".join(lines)
        self.git("fast-import", "--quiet", "--force", given=bytes(stream))
        return self.find(branch) or ""

    def tag(self, name: str, commit: str) -> None:
        """A light tag."""
        self.git("tag", name, commit)

    def find(self, revision: str) -> str | None:
        """The commit that a name means."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
        except subprocess.CalledProcessError:
            return None

    def list_files(self, commit: str) -> list[Entry]:
        """All files of a commit."""
        if commit not in self._listed:
            self._listed[commit] = self._read_files(commit)
        return self._listed[commit]

    def _read_files(self, commit: str) -> list[Entry]:
        entries = []
        for line in self.git("ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            oid = about.split()[2].decode()
            stored = self.git("cat-file", "blob", oid)
            if oid in self.contents:
                content = self.contents[oid]
                entries.append(Entry(path.decode(), oid, content, hashlib.sha256(content).hexdigest(), stored))
            else:
                entries.append(Entry(path.decode(), oid, stored))
        return entries

    def list_refs(self, kind: str) -> list[dict[str, str]]:
        """Branches (`heads`) or tags (`tags`) as the hub's JSON has them."""
        listed = self.git("for-each-ref", f"refs/{kind}", "--format=%(refname) %(objectname)").decode().split("\n")
        pairs = [line.split() for line in listed if line]
        return [{"name": ref.split("/", 2)[2], "ref": ref, "targetCommit": commit} for ref, commit in pairs]
