"""Where a request comes from, and which name of the server it was sent to.

A proxy stands between when the other end of the connection is one of `SHELFREAD_TRUSTED_PROXIES`; only then
is believed what it says. Names other than the server's own are refused: a page of another site may give its
name any address, also this machine's, and would read with the visitor's eyes (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from shelfread.api.asgi import Asgi, Receive, Scope, Send, header
from shelfread.api.problems import ApiProblem
from shelfread.settings import Settings

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not listened on
_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{0,5})?")
#: Methods that change nothing.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: What proxies say of whom they speak for, also those that nobody trusts.
_OF_PROXIES = frozenset({b"forwarded", b"via", b"x-real-ip"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The other end of a request."""

    address: str
    #: Whether what it hears and says is encrypted on the way.
    secure: bool

    @property
    def neighbourhood(self) -> str:
        """What one person can hardly choose from: an address, of IPv6 the network."""
        found = _address(self.address)
        if isinstance(found, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((found, 64), strict=False))
        return self.address


def caller_of(scope: Scope, proxies: Sequence[_Network]) -> Caller:
    """Who sent a request."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    secure = scope.get("scheme") == "https"
    if not _is_trusted(address, proxies):
        return Caller(address, secure)
    said = header(scope, b"x-forwarded-proto")
    if said is not None:
        secure = said.split(",")[-1].strip().lower() == "https"
    # Each proxy adds who spoke to it; what stands further left than a stranger is the stranger's word.
    hops = [
        hop.strip()
        for name, value in scope["headers"]
        if name == b"x-forwarded-for"
        for hop in value.decode("latin-1").split(",")
    ]
    for hop in reversed(hops):
        if _address(hop) is None:
            break
        address = hop
        if not _is_trusted(hop, proxies):
            break
    return Caller(address, secure)


def _is_trusted(address: str, proxies: Sequence[_Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in proxies)


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


# Where nobody logs in


class OnlyHere:
    """Refuses what came over a proxy, from wherever: it would seem to come from this machine."""

    def __init__(self, application: Asgi) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(
            name in _OF_PROXIES or name.startswith(b"x-forwarded-") for name, _ in scope["headers"]
        ):
            detail = "this server runs with --no-auth, for this machine only, and a proxy speaks for somebody"
            await ApiProblem(403, "forbidden", detail).answer()(scope, receive, send)
            return
        await self._application(scope, receive, send)


# Names of the server


def own_names(host: str) -> frozenset[str]:
    """What a server goes by that listens on this host."""
    machine = socket.gethostname().lower()
    short = machine.partition(".")[0]
    names = {"localhost", machine, short, f"{short}.local", host.lower().strip("[]").rstrip(".")}
    return frozenset(names - set(_ANY))


def is_own(authority: str, names: Collection[str], more: Sequence[str], anywhere: bool) -> bool:
    """Whether a `Host` is the server's.

    Args:
        authority: what the request says, a port included.
        names: those of the server.
        more: those of the settings, perhaps with a `*`.
        anywhere: whether it listens on every address of the machine.
    """
    found = _AUTHORITY.fullmatch(authority.lower())
    if found is None:
        return False
    name = found[1].strip("[]").rstrip(".")
    address = _address(name)
    # Who listens on every address cannot know what each is called: behind a router or in a container it is
    # another one. No name leads elsewhere here, so nothing is lost by taking all addresses.
    if address is not None and (address.is_loopback or anywhere):
        return True
    if name in names:
        return True
    return any(
        one in ("*", name) or one.strip("[]") == name or (one.startswith("*.") and name.endswith(one[1:]))
        for one in more
    )


class OwnNames:
    """Refuses requests that were sent to another name."""

    def __init__(self, application: Asgi, host: str, settings: Callable[[], Settings]) -> None:
        """Stands in front of an application.

        Args:
            application: what comes behind it.
            host: where the server listens.
            settings: gives them as they are now.
        """
        self._application = application
        self._names = own_names(host)
        self._anywhere = host in _ANY
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            more = self._settings().allowed_hosts
            if len(said) != 1 or not is_own(said[0], self._names, more, self._anywhere):
                detail = "SHELFREAD_ALLOWED_HOSTS takes more names of this server"
                await ApiProblem(421, "wrong-host", detail).answer()(scope, receive, send)
                return
        await self._application(scope, receive, send)


# Writes of other sites


def is_of_another_site(scope: Scope) -> bool:
    """Whether a browser says that the page of another site asks for this.

    Browsers say so themselves and no page can change it; programs that are no browsers say nothing.
    """
    site = header(scope, b"sec-fetch-site")
    if site is not None:
        return site.strip().lower() not in ("same-origin", "none")
    origin = header(scope, b"origin")
    if origin is None:
        return False
    try:
        page = urlsplit(origin)
        here = urlsplit(f"//{header(scope, b'host') or ''}")
        default = _PORTS.get(page.scheme)
        return (
            default is None
            or not page.hostname
            or page.hostname != here.hostname
            # A proxy may have left out the port that goes without saying.
            or (page.port or default) != (here.port or default)
        )
    except ValueError:
        return True


class OwnPages:
    """Refuses what changes something when the page of another site asks for it."""

    def __init__(self, application: Asgi) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _READING and is_of_another_site(scope):
            detail = "the page of another site asks for a change here"
            await ApiProblem(403, "cross-site", detail).answer()(scope, receive, send)
            return
        await self._application(scope, receive, send)
