"""The server's settings: whom it believes about where a request comes from."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from volver.core import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings(Section):
    """How the server stands in its network."""

    section: ClassVar[str] = "server"
    trusted_proxies: str = setting(
        "",
        "Addresses or networks of proxies, parted by commas, whose X-Forwarded-For and X-Forwarded-Proto are believed;"
        " empty: nobody's.",
    )

    @property
    def proxies(self) -> list[str]:
        """The proxies one by one."""
        return [each.strip() for each in self.trusted_proxies.split(",") if each.strip()]

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is no address."""
        for each in self.proxies:
            try:
                ipaddress.ip_network(each)
            except ValueError:
                yield "trusted_proxies", "a list of addresses or networks such as 127.0.0.1, 10.0.0.0/8"
