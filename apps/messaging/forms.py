from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import zone_field
from apps.accounts.models import User
from apps.contacts import selectors as contacts
from apps.contacts.models import Channel
from apps.content.models import Template
from apps.core.texts import is_one_line
from apps.messaging import selectors
from apps.messaging.channels import kinds_of
from apps.messaging.channels.base import Setting
from apps.messaging.models import (
    FrequencyCap,
    Message,
    Provider,
    QuietHours,
    RateLimit,
    Sender,
    SendingDomain,
    Variant,
    WarmUp,
    host_normalise,
)
from apps.messaging.smstext import MOST
from apps.segments.models import Segment

HOUR = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
# From this many recipients on, whoever launches types the number.
LARGE = 1000
SENT_ON = Channel.choices  # the channels that messages are sent on


class MessageCreateForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("For your team; readers see the subject of the template."),
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


class RecipientsForm(forms.Form):
    segments = forms.ModelMultipleChoiceField(
        label=_("Send to"),
        queryset=Segment.objects.filter(archived_at__isnull=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everyone who is in at least one of these segments, once."),
    )
    exclude_segments = forms.ModelMultipleChoiceField(
        label=_("But not to"),
        queryset=Segment.objects.filter(archived_at__isnull=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    holdout_percent = forms.IntegerField(
        label=_("Hold out, in percent"),
        initial=0,
        validators=[MinValueValidator(0), MaxValueValidator(90)],
        help_text=_("So many, drawn by lot, get nothing: against them the effect is measured."),
    )


class ContentForm(forms.Form):
    template = forms.ModelChoiceField(
        label=_("Template"),
        queryset=Template.objects.filter(archived_at__isnull=True),
        required=False,
        empty_label=_("Not chosen yet"),
    )


class TextForm(forms.Form):
    text = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Personal with fields such as {{ contact.first_name | default: 'you' }}. Say how to stop."
        ),
    )


class SettingsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    sender = forms.ModelChoiceField(
        label=_("Sender"),
        queryset=Sender.objects.none(),
        required=False,
        empty_label=_("Not chosen yet"),
    )
    topic = forms.ChoiceField(
        label=_("Topic"),
        required=False,
        help_text=_("Who has left this topic is left out."),
    )
    is_tracked = forms.BooleanField(
        label=_("Count opens and clicks"),
        required=False,
        help_text=_("Off: no picture is loaded to see who opens, and links lead straight to their pages."),
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=Message.Priority.choices,
        required=False,
        empty_value=Message.Priority.NORMAL,
        help_text=_("What is urgent gets most of what can leave, and what is low the least."),
    )
    scheduled_at = forms.DateTimeField(
        label=_("Send at"), required=False, widget=HOUR, help_text=_("Empty: as soon as it is launched.")
    )
    is_local = forms.BooleanField(
        label=_("At this hour where each person is"),
        required=False,
        help_text=_("Each gets it when their own clock shows it. Launch at least 25 hours ahead."),
    )
    not_after = forms.DateTimeField(
        label=_("Not after"),
        required=False,
        widget=HOUR,
        help_text=_("What is still unsent then expires instead of coming late."),
    )

    def __init__(self, *args: Any, channel: Channel = Channel.EMAIL, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        senders = selectors.senders_in_use()
        if channel == Channel.SMS:
            senders = senders.filter(sms_provider__isnull=False).exclude(phone="")
            del self.fields["is_tracked"]
            self.fields["sender"].help_text = _("Those with a provider for SMS.")
        if not senders.exists():
            self.fields["sender"].help_text = _("There is none yet: a marketing lead adds one under Senders.")
        self.fields["sender"].queryset = senders  # type: ignore[attr-defined]  # a model's
        whole = _("No topic: SMS as a whole") if channel == Channel.SMS else _("No topic: e-mail as a whole")
        topics = contacts.topic_choices(channel, whole=whole)
        self.fields["topic"].choices = topics  # type: ignore[attr-defined]  # a choice's

    def clean(self) -> dict[str, Any]:
        """Return the hour as typed, `local_at`, instead of a moment, where each person's clock counts."""
        cleaned = super().clean() or {}
        is_local, hour = cleaned.pop("is_local", False), cleaned.get("scheduled_at")
        if is_local and hour is None:
            self.add_error("scheduled_at", _("Say the hour that each person's clock is to show."))
        cleaned["local_at"] = timezone.localtime(hour).replace(tzinfo=None) if is_local and hour else None
        cleaned["scheduled_at"] = None if is_local else hour
        return cleaned


class LaunchForm(forms.Form):
    """`promised` is the number that the page showed; from `LARGE` on a person types it."""

    promised = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    typed = forms.IntegerField(
        label=_("Type the number of recipients"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        promised, typed = cleaned.get("promised"), cleaned.get("typed")
        if promised is not None and promised >= LARGE and typed != promised:
            self.add_error("typed", _("This is not the number of recipients above."))
        return cleaned


class TestForm(forms.Form):
    __test__ = False  # its name looks like a test's to pytest

    people = forms.ModelMultipleChoiceField(
        label=_("To"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("People of your team."),
    )
    contact = forms.CharField(
        label=_("As this contact"),
        max_length=254,
        required=False,
        help_text=_("The beginning of an address. Empty: somebody of the audience."),
    )
    variant = forms.TypedChoiceField(label=_("Variant"), coerce=int, empty_value=None, required=False)
    # Instead of `{% once %}`, whose transaction would last as long as the mail server likes.
    key = forms.CharField(
        max_length=64, required=False, initial=lambda: token_hex(12), widget=forms.HiddenInput
    )

    def __init__(
        self, *args: Any, sees_people: bool, variants: Sequence[Variant] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if variants:
            letters = [(variant.number, variant.letter) for variant in variants]
            self.fields["variant"].choices = letters  # type: ignore[attr-defined]  # a choice's
        else:
            del self.fields["variant"]
        if not sees_people:
            del self.fields["contact"]
        members = User.objects.filter(is_active=True).exclude(role=User.Role.INTEGRATION)
        self.fields["people"].queryset = members  # type: ignore[attr-defined]  # a model's field


class AnswerField(forms.CharField):
    """What a server said, as it is kept: browsers end the lines of everything that they send in CRLF."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class RetryForm(forms.Form):
    """With `answer` those whom the server told just this; without it, those whose failure may pass."""

    answer = AnswerField(required=False, max_length=500, strip=False)


class PauseForm(forms.Form):
    reason = forms.CharField(label=_("Why"), required=False, max_length=500)


class SenderForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    class Meta:
        model = Sender
        fields = ["name", "email", "reply_to", "provider", "phone", "sms_provider", "is_active"]
        labels = {
            "is_active": _("In use"),
            "provider": _("E-mail goes through"),
            "sms_provider": _("SMS goes through"),
        }
        help_texts = {
            "email": _("Its domain must allow your mail server to send for it (SPF, DKIM)."),
            "phone": _("A number such as +441632960123, or a name of up to 11 letters. Empty: no SMS."),
            "reply_to": _("Where answers go. Empty: to the sender's address."),
            "is_active": _("New messages can be sent from it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nobody = {
            "provider": (Channel.EMAIL, _("The mail server of this installation (EMAIL_URL)")),
            "sms_provider": (Channel.SMS, _("Nobody: it sends no SMS")),
        }
        for name, (channel, nothing) in nobody.items():
            is_usable = Q(is_active=True) | Q(pk=getattr(self.instance, f"{name}_id"))
            usable = Provider.objects.filter(is_usable, kind__in=kinds_of(channel))
            self.fields[name].queryset = usable  # type: ignore[attr-defined]  # a model's
            self.fields[name].empty_label = nothing  # type: ignore[attr-defined]  # a model's

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("sms_provider") and not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Say what texts come from."))
        return cleaned

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not is_one_line(name):
            raise forms.ValidationError(_("A name is one line, with something to read in it."))
        return name


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    """What a kind of provider asks for; a secret that is known is left empty to stay."""

    class Meta:
        model = Provider
        fields = ["name", "is_active"]
        help_texts = {"is_active": _("Senders can be given it.")}

    def __init__(self, *args: Any, settings: Sequence[Setting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settings = settings
        for setting in settings:
            self.fields[setting.key] = self._field(setting)
        self.order_fields(["name", *(setting.key for setting in settings), "is_active"])

    def _field(self, setting: Setting) -> forms.Field:
        is_known = setting.is_secret and self.instance.pk is not None
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        if setting.default:
            attrs["placeholder"] = setting.default
        hint = _("Empty: the one that is kept stays.") if is_known else setting.help_text
        return forms.CharField(
            label=str(setting.label),
            help_text=str(hint),
            required=setting.is_required and not is_known,
            max_length=None if setting.is_long else 1000,
            initial="" if setting.is_secret else self.instance.setting(setting.key),
            widget=_setting_widget(setting, attrs),
        )

    def told(self) -> dict[str, str]:
        return {setting.key: self.cleaned_data[setting.key] for setting in self._settings}


def _setting_widget(setting: Setting, attrs: dict[str, str]) -> forms.Widget:
    if setting.is_secret:
        return forms.PasswordInput(attrs=attrs | {"autocomplete": "new-password"})
    if setting.choices:
        return forms.Select(choices=setting.choices)
    if setting.is_long:
        return forms.Textarea(attrs=attrs | {"rows": "10", "class": "form-control font-monospace"})
    return forms.TextInput(attrs=attrs)


class CapForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    topic = forms.ChoiceField(label=_("Topic"), required=False)

    class Meta:
        model = FrequencyCap
        fields = ["most", "days", "channel", "topic", "is_active"]
        labels = {"most": _("At most so many messages"), "days": _("In so many calendar days")}
        help_texts = {
            "days": _("1 is today alone. Days begin at midnight where the person is."),
            "is_active": _("Not in force, it keeps nobody from anything."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = contacts.topic_choices(Channel.EMAIL, whole=_("Every topic, and none"))
        self.fields["topic"].choices = topics  # type: ignore[attr-defined]  # a choice's
        ways = [("", _("Every channel")), *SENT_ON]
        self.fields["channel"].choices = ways  # type: ignore[attr-defined]  # a choice's


class QuietForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    class Meta:
        model = QuietHours
        fields = ["channel", "starts", "ends", "is_active"]
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"}) for name in ("starts", "ends")
        }
        help_texts = {
            "ends": _("Earlier than the beginning: on the next morning."),
            "is_active": _("Not in force, they hold nothing."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = SENT_ON  # type: ignore[attr-defined]  # a choice's


class RateForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    class Meta:
        model = RateLimit
        fields = ["sender", "domain", "most", "per", "is_active"]
        labels = {"most": _("At most so many mails"), "domain": _("Domain of the recipients")}
        help_texts = {
            "domain": _("What stands behind the @, such as gmail.com: for all senders together."),
            "per": _("In any such time, wherever it begins."),
            "is_active": _("Not in force, it holds nothing back."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"].empty_label = _("None: it is for a domain")  # type: ignore[attr-defined]
        self.fields["domain"].validators = []  # first it is written as DNS has it
        self.fields["domain"].widget.attrs["autocapitalize"] = "off"

    def clean_domain(self) -> str:
        written: str = self.cleaned_data["domain"]
        return host_normalise(written) if written else ""


class WarmUpForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    timezone = zone_field()
    ceilings = forms.CharField(
        label=_("At most, day by day"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One number for each day, the first one first. After the last day there is no ceiling."),
    )

    class Meta:
        model = WarmUp
        fields = ["starts_on", "timezone", "ceilings", "is_active"]
        widgets = {"starts_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}
        help_texts = {"is_active": _("Not in force, it holds nothing back.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].help_text = _("A day begins at midnight there.")
        days = self.instance.ceilings or WarmUp.DEFAULT
        self.initial["ceilings"] = ", ".join(map(str, days))

    def clean_ceilings(self) -> list[int]:
        written: str = self.cleaned_data["ceilings"]
        try:
            return [int(word) for word in written.replace(",", " ").replace(";", " ").split()]
        except ValueError:
            raise forms.ValidationError(_("Write numbers, with spaces or commas between them.")) from None


class DomainForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes none at run time
    """The services look at everything once more; here names become what DNS calls them."""

    class Meta:
        model = SendingDomain
        fields = ["name", "spf", "return_path", "return_mx", "tracking_host", "server_selector"]
        help_texts = {
            "name": _("What stands behind the @ of your senders, such as shop.example."),
            "spf": _("What your mail provider gives you, such as include:_spf.provider.example. Empty: any."),
            "return_path": _("Where bounces go, such as bounces@mail.shop.example. Empty: RETURN_PATH."),
            "return_mx": _("The server that holds its mailbox. Empty: whichever DNS names."),
            "tracking_host": _("A host for links, such as link.shop.example. Empty: TRACKING_BASE_URL."),
            "server_selector": _(
                "Only if your mail server signs. Empty: Bookend signs, with a key of its own."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["name"]
        for name in ("name", "return_mx", "tracking_host", "server_selector"):
            if name in self.fields:
                self.fields[name].validators = []  # first it is written as DNS has it
                self.fields[name].widget.attrs["autocapitalize"] = "off"

    def clean_name(self) -> str:
        return host_normalise(self.cleaned_data["name"])

    def clean_return_mx(self) -> str:
        return self._host("return_mx")

    def clean_tracking_host(self) -> str:
        return self._host("tracking_host")

    def clean_server_selector(self) -> str:
        written: str = self.cleaned_data["server_selector"]
        return written.strip().lower()

    def _host(self, name: str) -> str:
        written: str = self.cleaned_data[name]
        return host_normalise(written) if written else ""

    def _post_clean(self) -> None:
        """Leave the rest to the services, which see the whole row."""
