"""Running the web application in this process."""

import logging
import socket
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from volver.core import VolverError
from volver.server.application import LOOPBACK

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class PortTaken(VolverError):
    """Another program listens there."""

    code = "server.port_taken"
    says = "Port {port} on {host} is taken."
    hint = "Choose another with --port, or 0 for any free one."


def serve(
    web: "Callable[[Sequence[str]], ASGIApp]",
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    hosts: Sequence[str] = (),
    proxies: Sequence[str] = (),
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve what `web` makes for the host names until interrupted. `ready` is told the address once the port is ours.

    On loopback only loopback names are answered; elsewhere `hosts` lists the names (none: any). `proxies` are believed
    about where a request comes from; without them nobody is.
    Raises `server.port_taken`.
    """
    import uvicorn

    from volver.server.connections import patient, places_here

    listener = _listen(host, port)
    bound = listener.getsockname()[1]
    local = host in ("127.0.0.1", "::1", "localhost")
    names = (*LOOPBACK, *hosts) if local else (tuple(hosts) or ("*",))
    config = uvicorn.Config(
        web(names),
        http=patient(places_here()),
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=10,
    )
    logging.getLogger("uvicorn.error").addFilter(_without_values)
    if ready is not None:
        shown = "localhost" if local else host
        ready(f"http://{shown}:{bound}")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()


def _without_values(record: logging.LogRecord) -> bool:
    """A fault is told by its kind and its lines; its words may hold what somebody sent, so they stay out of the log."""
    if record.exc_info and record.exc_info[1] is not None:
        problem = record.exc_info[1]
        frames = traceback.extract_tb(problem.__traceback__)
        where = "\n".join(f"  {each.filename}:{each.lineno} {each.name}" for each in frames)
        record.msg, record.args = f"{type(problem).__name__} in a request\n{where}", ()
        record.exc_info = record.exc_text = None
    return True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as problem:
        listener.close()
        raise PortTaken(host=host, port=port) from problem
    listener.listen(128)
    return listener
