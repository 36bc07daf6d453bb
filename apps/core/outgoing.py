"""
Requests to hosts that people type into a form: only to public addresses, resolved once, and not redirected.

Whoever may type a host must not thereby reach what stands behind our firewall. The name is looked up once,
and the connection made to what was found, so that it cannot mean something else a moment later.
"""

import socket
from ipaddress import ip_address
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

LARGEST_ANSWER = 1_000_000  # bytes


class GuardedSession(requests.Session):
    """A session of `requests` that goes where it is told, if that is a public address, and nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # no proxy, no .netrc: what is sent depends on its own settings alone
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and read the whole answer, if it has an end."""
        kwargs["stream"] = True
        response = super().send(request, **kwargs)
        try:
            body = response.raw.read(LARGEST_ANSWER + 1, decode_content=True)
        except HTTPError as failure:
            raise requests.ConnectionError(failure, request=request) from failure
        if len(body) > LARGEST_ANSWER:
            response.close()
            raise requests.ConnectionError("The answer does not end.", request=request)
        response._content, response._content_consumed = body, True
        return response

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nothing: where an answer leads is the other side's word."""
        return


def dial(host: str, port: int, *, timeout: float) -> socket.socket:
    """
    Connect to the first of a host's addresses that may be gone to.

    :raises OSError: there is none, or none answers
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as fault:  # an empty label, or one that is too long: not asked, and no OSError
        raise socket.gaierror(socket.EAI_NONAME, "This is no name of a host.") from fault
    addresses = [str(info[4][0]) for info in found]
    failure = OSError("This is not a public address.")
    for address in dict.fromkeys(addresses):
        if not may_go_to(host, address):
            continue
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
    raise failure


def may_go_to(host: str, address: str) -> bool:
    """Test if an address is public, or its host named in OUTGOING_PRIVATE_HOSTS."""
    return ip_address(address.partition("%")[0]).is_global or host in settings.OUTGOING_PRIVATE_HOSTS


def _connect(connection: HTTPConnection) -> socket.socket:
    """Connect as urllib3 does, in its words for what may fail."""
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else 30.0
    try:
        return dial(connection.host, connection.port or 80, timeout=timeout)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "No connection in time.") from error
    except OSError as error:
        raise NewConnectionError(connection, str(error)) from error


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Encrypted(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
