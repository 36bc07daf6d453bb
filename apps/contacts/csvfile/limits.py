"""What a file may be at most, and the refusal of it as a whole."""

from apps.core.errors import DomainError

BLOCK = 1 << 20
MAX_LINE = 16 * BLOCK


class FileRefused(DomainError):
    """Nothing of this file can be taken; the message is the reason."""
