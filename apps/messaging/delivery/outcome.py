from dataclasses import dataclass

from apps.messaging.models import Recipient

State = Recipient.State


@dataclass(frozen=True)
class Outcome:
    """
    How handing one e-mail over ended: `sent`, `failed`, `unknown`, or `queued` when it was never tried.

    `is_retryable`: a failure that may pass. `tries_again`: and waiting is all it takes (the server said 4xx).
    """

    state: Recipient.State
    answer: str = ""
    is_retryable: bool = False
    tries_again: bool = False

    @classmethod
    def sent(cls, answer: str) -> "Outcome":
        return cls(State.SENT, answer)

    @classmethod
    def refused(cls, answer: str) -> "Outcome":
        """The server will never take this one."""
        return cls(State.FAILED, answer)

    @classmethod
    def not_now(cls, answer: str) -> "Outcome":
        """The server asks to come back later."""
        return cls(State.FAILED, answer, is_retryable=True, tries_again=True)

    @classmethod
    def our_fault(cls, answer: str) -> "Outcome":
        """Refused for a reason that is not the recipient's: mend it, then retry."""
        return cls(State.FAILED, answer, is_retryable=True)

    @classmethod
    def silence(cls, answer: str) -> "Outcome":
        """The whole e-mail went out and no answer came back: taken or not, nobody can know (RFC 1047)."""
        return cls(State.UNKNOWN, answer)

    @classmethod
    def untried(cls, answer: str) -> "Outcome":
        """Nothing that could be taken for an e-mail has left."""
        return cls(State.QUEUED, answer)

    @classmethod
    def lapsed(cls, answer: str) -> "Outcome":
        """The conversation broke in this mail's turn, before its final dot: nothing has left."""
        return cls(State.QUEUED, answer, tries_again=True)
