"""A shop served by a process of its own, and clients that speak to it over real sockets."""

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it listens, its process, the one-time link that it printed, the file of what it told."""

    port: int
    pid: int = 0
    link: str = ""
    told: Path = Path()

    def connect(self, source: str = "127.0.0.1", wait_s: float = 20) -> socket.socket:
        """A connection from an address of this machine."""
        return socket.create_connection(("127.0.0.1", self.port), wait_s, (source, 0))

    def ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
        source: str = "127.0.0.1",
        wait_s: float = 30,
    ) -> http.client.HTTPResponse:
        """One request on a connection of its own; the answer, read whole."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=wait_s, source_address=(source, 0))
        try:
            asking.request(method, path, body, headers or {})
            answer = asking.getresponse()
            answer.text = answer.read().decode("utf-8", "replace")  # type: ignore[attr-defined]
            return answer
        finally:
            asking.close()

    def memory_kb(self, what: str = "VmHWM") -> int:
        """The most memory that the process ever held (`VmRSS`: that it holds)."""
        told = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(re.search(rf"{what}:\s+(\d+)", told)[1])  # type: ignore[index]


@contextlib.contextmanager
def served(shop: Path, *words: str, files: tuple[int, int] | None = None) -> Iterator[Served]:
    """`volver serve` on any free port; `files` are the soft and hard limits of its open files."""

    def limit() -> None:
        import resource

        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, files)

    command = [sys.executable, "-m", "volver", "--shop", str(shop), "serve", "--port", "0", "--no-work", *words]
    told = shop.parent / f"{shop.name}.told"
    with told.open("w") as log:
        running = subprocess.Popen(command, stderr=log, preexec_fn=limit)
    try:
        said = ""
        while "Stop with" not in said:
            assert running.poll() is None, f"the server did not start: {said}"
            time.sleep(0.05)
            said = told.read_text(encoding="utf-8")
        port = int(re.search(r"localhost:(\d+)", said)[1])  # type: ignore[index]
        link = re.search(r"Log in once with: http://[^/]+(\S+)", said)
        yield Served(port, running.pid, link[1] if link else "", told)
        assert running.poll() is None, "the server ended by itself"
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()


def cookies_of(answer: http.client.HTTPResponse) -> str:
    """The cookies that an answer set, as a request sends them."""
    return "; ".join(value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")
