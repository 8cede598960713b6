"""Appends to a log for ever from three threads and prints each acknowledged id; the crash test kills it."""

import sys
import threading
from pathlib import Path

from volver.store import Entry, EventLog


def main(path: Path, life: str) -> None:
    log = EventLog(path)
    voice = threading.Lock()

    def go_on(name: str) -> None:
        for number in range(1_000_000):
            ids = [f"{life}-{name}-{number}-{part}" for part in range(1 + number % 3)]
            offsets = log.append([Entry(source="test", message_id=each, kind="k", body=b"x" * 200) for each in ids])
            with voice:
                for each, offset in zip(ids, offsets, strict=True):
                    sys.stdout.write(f"{each} {offset}\n")
                sys.stdout.flush()

    threads = [threading.Thread(target=go_on, args=(name,)) for name in "abc"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
