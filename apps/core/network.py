"""Where on the network a request comes from, as far as that can be known."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def network_address(request: HttpRequest) -> str | None:
    """
    Return the address that the browser has on the network; None where nobody can tell.

    Behind a proxy, the proxy says it in the header that `CLIENT_ADDRESS_HEADER` names, and sets it itself:
    anybody may send a header. Without one the connection's own address counts, but not that of this machine,
    which is a proxy's.
    """
    name: str = settings.CLIENT_ADDRESS_HEADER
    told = request.headers.get(name, "") if name else request.META.get("REMOTE_ADDR", "")
    try:
        # Of a list, the last one is what our own proxy has seen.
        address = ip_address(told.rpartition(",")[2].strip())
    except ValueError:
        return None
    return None if address.is_loopback or address.is_unspecified else str(address)
