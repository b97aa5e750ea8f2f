"""nginx with a file under the address that a hub gives it, and olah as a mirror of a hub: processes for serving.py."""

import contextlib
import hashlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_NGINX = """
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/nginx.err;
daemon off;
user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}/nginx-1; proxy_temp_path {folder}/nginx-2; fastcgi_temp_path {folder}/nginx-3;
  uwsgi_temp_path {folder}/nginx-4; scgi_temp_path {folder}/nginx-5;
  server {{
    listen 127.0.0.1:{port}; etag off;
    location /{model}/resolve/ {{
      rewrite ^/{model}/resolve/[^/]+/(.*)$ /$1 break;
      root {root};
      add_header X-Repo-Commit "{commit}";
      add_header ETag '"{digest}"';
      add_header X-Linked-Etag '"{digest}"';
      add_header X-Linked-Size "{size}";
    }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, source: Path, model: str) -> Iterator[str]:
    """The address of an nginx that sends a file, with the headers that the hub's client needs."""
    port = find_port()
    settings = folder / "nginx.conf"
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = source.stat().st_size
    said = {"root": source.parent, "commit": "0" * 40, "digest": digest, "size": size, "port": port}
    settings.write_text(_NGINX.format(folder=folder, model=model, **said))
    with subprocess.Popen(["nginx", "-c", settings, "-e", folder / "nginx.err"]) as process:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextlib.contextmanager
def olah(programs: Path, folder: Path, upstream: str) -> Iterator[str]:
    """The address of an olah that mirrors a hub on this machine."""
    port, host = find_port(), urlsplit(upstream).netloc
    command: list[str | Path] = [
        programs / "olah-cli", "--host", "127.0.0.1", "--port", str(port), "--hf-scheme", "http", "--hf-netloc", host,
        "--hf-lfs-netloc", host, "--mirror-scheme", "http", "--mirror-netloc", f"127.0.0.1:{port}",
        "--mirror-lfs-netloc", f"127.0.0.1:{port}", "--repos-path", folder / "olah",
        "--log-path", folder / "olah-log",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as process:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def find_port() -> int:
    """A port that is free now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens."""
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")
