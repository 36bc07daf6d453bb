from apps.messaging.forms.domains import DomainForm
from apps.messaging.forms.doubts import DoubtForm, SettleForm
from apps.messaging.forms.experiments import DecideForm, ExperimentForm
from apps.messaging.forms.limits import CapForm, QuietForm, RateForm, WarmUpForm
from apps.messaging.forms.messages import (
    ContentForm,
    MessageCreateForm,
    RecipientsForm,
    SettingsForm,
    TextForm,
)
from apps.messaging.forms.policy import MoveForm, PolicyForm
from apps.messaging.forms.providers import ProviderForm
from apps.messaging.forms.running import LARGE, LaunchForm, PauseForm, RetryForm, TestForm
from apps.messaging.forms.senders import SenderForm

__all__ = [
    "LARGE",
    "CapForm",
    "ContentForm",
    "DecideForm",
    "DomainForm",
    "DoubtForm",
    "ExperimentForm",
    "LaunchForm",
    "MessageCreateForm",
    "MoveForm",
    "PauseForm",
    "PolicyForm",
    "ProviderForm",
    "QuietForm",
    "RateForm",
    "RecipientsForm",
    "RetryForm",
    "SenderForm",
    "SettingsForm",
    "SettleForm",
    "TestForm",
    "TextForm",
    "WarmUpForm",
]
