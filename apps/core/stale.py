from datetime import datetime

from apps.core.errors import StaleEdit


class SavedSince(StaleEdit):
    """It was saved by somebody else, or in another tab; `saved_at` says when, and the sentence by whom."""

    def __init__(self, sentence: str, *, saved_at: datetime) -> None:
        super().__init__(sentence)
        self.saved_at = saved_at
