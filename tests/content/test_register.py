import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.content.register import attribute_used
from apps.core.search import search
from tests.content.mails import mjml
from tests.factories.accounts import UserFactory
from tests.factories.content import LONG_AGO, TemplateFactory

pytestmark = pytest.mark.django_db


class TestAttributeUsed:
    @pytest.mark.parametrize(
        ("version", "uses_it"),
        [
            ({"mjml": mjml("{{ contact.city | default: 'x' }}")}, True),
            ({"mjml": mjml("{% if contact.city %}x{% endif %}")}, True),
            ({"subject": "{{ contact.city }}"}, True),
            ({"text": "{{ contact['city'] }}"}, True),
            ({"mjml": mjml("city")}, False),
            ({"mjml": mjml("{{ contact.city_code }}")}, False),
            ({"mjml": mjml("{% raw %}{{ contact.city }}{% endraw %}")}, False),
        ],
    )
    def test_finds_the_templates_that_mention_it(self, version, uses_it):
        template = TemplateFactory(**{f"version__{part}": text for part, text in version.items()})

        found = [(use.label, use.url) for use in attribute_used("city")]

        assert found == ([(template.name, reverse("content:detail", args=[template.pk]))] if uses_it else [])

    def test_asks_once_however_many_there_are_and_leaves_the_archived_out(self, django_assert_num_queries):
        TemplateFactory.create_batch(3, version__subject="{{ contact.city }}")
        TemplateFactory(version__subject="{{ contact.city }}", archived_at=LONG_AGO)

        with django_assert_num_queries(1):
            assert len(attribute_used("city")) == 3


class TestTemplatesFound:
    def test_answers_the_search_box_by_name(self):
        template = TemplateFactory(name="Early bird")
        TemplateFactory(name="Early news", archived_at=LONG_AGO)

        found = search(UserFactory(role=User.Role.EXECUTIVE), "early").hits

        assert [(hit.label, hit.kind, hit.url) for hit in found] == [
            ("Early bird", "Template", reverse("content:detail", args=[template.pk]))
        ]
