from datetime import UTC, datetime

import factory

from apps.contacts.models import Attribute
from apps.content.models import Template, TemplateVersion, UseOverride
from apps.content.rendering import compile_email

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MJML = """
<mjml><mj-body><mj-section><mj-column>
<mj-text>Dear {{ contact.first_name | default: "reader" }}, come and see.</mj-text>
<mj-button href="https://shop.example/spring?for={{ contact.email }}">See the spring</mj-button>
<mj-text><a href="{{ unsubscribe_url }}">Leave the list</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


class TemplateFactory(factory.django.DjangoModelFactory):
    """A template with one version that is fit to be sent; `version__subject=…` says what is in it."""

    class Meta:
        model = Template
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Template {n}")
    edited_at = LONG_AGO
    version = factory.RelatedFactory("tests.factories.content.TemplateVersionFactory", "template")


class TemplateVersionFactory(factory.django.DjangoModelFactory):
    """A version that is fit to be sent, and current; `becomes_current=False` is an old one."""

    class Meta:
        model = TemplateVersion
        skip_postgeneration_save = True

    template = factory.SubFactory(TemplateFactory, version=None)
    number = 1
    subject = "Spring is here"
    preheader = ""
    mjml = MJML
    html = factory.LazyAttribute(
        lambda version: compile_email(version.subject, version.preheader, version.mjml, version.text).html
    )
    text = ""
    at = LONG_AGO

    @factory.post_generation
    def becomes_current(self, create, extracted, **kwargs):
        if extracted is not False:
            self.template.current = self
            self.template.save(update_fields=["current"])


class UseOverrideFactory(factory.django.DjangoModelFactory):
    """A template that may print an attribute which is only for targeting."""

    class Meta:
        model = UseOverride

    template = factory.SubFactory(TemplateFactory)
    attribute = factory.SubFactory(
        "tests.factories.contacts.AttributeFactory", uses=[Attribute.Use.TARGETING]
    )
    reason = "The reader asked for it."
    at = LONG_AGO
