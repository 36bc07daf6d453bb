"""What a mail server said, as a form's field."""

from typing import Any

from django import forms


class AnswerField(forms.CharField):
    """What a server said, as it is kept: browsers end the lines of everything that they send in CRLF."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")
