"""Questions to DNS: to the resolvers of DNS_RESOLVERS, or to those of this machine."""

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
from django.conf import settings

from apps.messaging.dnsrecords import DnsSilent

PATIENCE = 5.0  # seconds for one question, all name servers together
PORT = 53


def lookup(name: str, kind: str) -> list[str]:
    """
    Return what a name has of a type, sorted; long texts in one piece.

    :raises DnsSilent: nobody answered, or what came was no answer
    """
    try:
        answer = _resolver().resolve(name, kind, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return []
    except dns.exception.DNSException as error:
        raise DnsSilent(type(error).__name__) from error
    return sorted(map(_text, answer.rrset or []))


def _text(record: object) -> str:
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    return str(record).rstrip(".")


def _resolver() -> dns.resolver.Resolver:
    if not settings.DNS_RESOLVERS:
        resolver = dns.resolver.Resolver()
    else:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [_nameserver(told) for told in settings.DNS_RESOLVERS]
    resolver.lifetime = PATIENCE
    return resolver


def _nameserver(told: str) -> dns.nameserver.Nameserver:
    """Read `192.0.2.1`, `192.0.2.1:5300` or `[2001:db8::1]:5300`."""
    host, colon, port = told.rpartition(":")
    if not colon or (":" in host and not told.startswith("[")):
        host, port = told, str(PORT)
    return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
