"""How variables of the environment are read. What is wrong is collected, a sentence for each variable."""

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

import environ

TRUE = frozenset({"true", "yes", "on", "y", "ok", "1"})
FALSE = frozenset({"false", "no", "off", "n", "0"})
HOST = re.compile(r"\*|[\w.*:\[\]-]+")
HEADER = re.compile(r"[A-Za-z0-9-]+")


class Reader:
    """
    Reads variables; an empty one counts as unset, and what is wrong as its default.

    `faults` is for the settings to refuse: so a person is told of all of them at once.
    """

    def __init__(self) -> None:
        self._env = environ.FileAwareEnv()
        self.faults: list[str] = []

    def read_env(self, path: str) -> None:
        self._env.read_env(path)

    def text(self, name: str, default: str = "") -> str:
        return self._read(name).strip() or default

    def secret(self, name: str) -> str:
        """Read a key as it stands: without the newline at the end of its file it would be another one."""
        told = self._read(name)
        return told if told.strip() else ""

    def secrets(self, name: str) -> list[str]:
        return [key for key in self._read(name).split(",") if key.strip()]

    def words(self, name: str) -> list[str]:
        return [word for word in (word.strip() for word in self.text(name).split(",")) if word]

    def yes(self, name: str, *, default: bool) -> bool:
        told = self.text(name).lower()
        if told and told not in TRUE | FALSE:
            self._refuse(f"{name} is “{told}”: give True or False.")
            return default
        return told in TRUE if told else default

    def number(self, name: str, *, default: int, least: int = 0) -> int:
        told = self.text(name)
        if not told:
            return default
        if not (told.isascii() and told.isdigit() and least <= int(told[:9]) and len(told) < 10):
            self._refuse(f"{name} is “{told}”: give a whole number from {least} on.")
            return default
        return int(told)

    def choice(self, name: str, *, default: str, known: Collection[str]) -> str:
        told = self.text(name, default)
        if told not in known:
            self._refuse(f"{name} is “{told}”: give one of {', '.join(known)}.")
            return default
        return told

    def url(self, name: str, *, like: str, schemes: Collection[str], default: str = "") -> str:
        """Read a URL. It is not repeated when it is refused: it may hold a password."""
        told = self.text(name)
        if told and not _is_url(told, schemes):
            self._refuse(f"{name} is not understood: give something like {like}")
            return default
        return told or default

    def address(self, name: str, *, default: str = "") -> str:
        told = self.text(name, default)
        if told and not re.fullmatch(r"[^@]*[^\s@]@[^\s@]+", told):
            self._refuse(f"{name} is “{told}”: give an e-mail address.")
            return default
        return told

    def hosts(self, name: str) -> list[str]:
        told = self.words(name)
        if bad := [host for host in told if not HOST.fullmatch(host)]:
            self._refuse(f"{name} has “{bad[0]}”: give names of hosts alone, without https:// and without /.")
        return told

    def resolvers(self, name: str) -> list[str]:
        told = self.words(name)
        if bad := [one for one in told if not _is_resolver(one)]:
            self._refuse(f"{name} has “{bad[0]}”: give addresses such as 192.0.2.1 or 192.0.2.1:5300.")
        return told

    def header(self, name: str) -> str:
        told = self.text(name)
        if told and not HEADER.fullmatch(told):
            self._refuse(f"{name} is “{told}”: give the name of a header, such as X-Real-IP.")
        return told

    def _read(self, name: str) -> str:
        try:
            told: str = self._env.str(name, default="")
        except OSError as error:
            self._refuse(f"{name}_FILE names a file that cannot be read ({error.strerror}).")
            return ""
        return told

    def _refuse(self, sentence: str) -> None:
        self.faults.append(sentence)


def _is_url(told: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(told)
        _port = parts.port  # asked for: it is read only now
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname or parts.path.strip("/"))


def _is_resolver(told: str) -> bool:
    host, colon, port = told.rpartition(":")
    for one in (told, host.strip("[]") if colon and port.isdigit() else ""):
        try:
            ip_address(one)
        except ValueError:
            continue
        return True
    return False
