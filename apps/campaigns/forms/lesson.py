from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.campaigns import evidence
from apps.campaigns.forms.base import VersionForm
from apps.campaigns.models import Campaign, Channel, Element
from apps.segments.models import Segment


class LessonEdit(VersionForm):
    """
    What was learnt. A lesson of a campaign can quote one of its results.

    A result that is quoted already stays to be chosen, also when the campaign counts something else by now.
    """

    text = forms.CharField(
        label=_("What was learnt"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("So that somebody who was not there does it better: what, for whom, how sure?"),
    )
    element = forms.ChoiceField(
        label=_("About"), required=False, choices=[("", _("The campaign as a whole")), *Element.choices]
    )
    segment = forms.ModelChoiceField(
        label=_("Segment"),
        queryset=Segment.objects.filter(archived_at__isnull=True),
        required=False,
        empty_label=_("Everybody"),
    )
    kind = forms.ChoiceField(
        label=_("Channel"), required=False, choices=[("", _("Any channel")), *Channel.Kind.choices]
    )

    def __init__(
        self, *args: Any, campaign: Campaign | None, quoted: tuple[str, str] = ("", ""), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        if campaign is not None:
            self._evidence_add(campaign, quoted)
        segment = self.fields["segment"]
        assert isinstance(segment, forms.ModelChoiceField)
        if self.initial.get("segment"):
            named = Q(pk=getattr(self.initial["segment"], "pk", self.initial["segment"]))
            segment.queryset = Segment.objects.filter(Q(archived_at__isnull=True) | named)

    def _evidence_add(self, campaign: Campaign, quoted: tuple[str, str]) -> None:
        choices = {result.key: result.sentence for result in evidence.results_of(campaign)}
        if quoted[0]:
            choices[quoted[0]] = quoted[1]
        self.fields["evidence_key"] = forms.ChoiceField(
            label=_("Evidence"),
            required=False,
            choices=[("", _("None of its results")), *choices.items()],
            help_text=_("A result of the campaign, quoted as it reads now.") if choices else "",
        )
