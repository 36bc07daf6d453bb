"""The form of a domain that mail is sent from."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core.refusals import SeenModelForm
from apps.messaging.models import (
    SendingDomain,
    host_normalise,
)


class DomainForm(SeenModelForm):
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
