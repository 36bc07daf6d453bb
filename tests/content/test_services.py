import pytest
from django.db import IntegrityError, transaction

from apps.collaboration.models import AuditEvent
from apps.content import services, uses
from apps.content.models import Template, TemplateVersion
from apps.content.rendering import EmailSource, TemplateFault
from apps.content.selectors import version_source
from tests.content.mails import mjml
from tests.factories.content import LONG_AGO, TemplateFactory, TemplateVersionFactory

pytestmark = pytest.mark.django_db
BROKEN = EmailSource("s", "", mjml("{{ oops"), "")


def says(words):
    return EmailSource("Subject", "Preheader", mjml(words), "")


def everything():
    """Return all that these acts may change, to compare before and after."""
    return [list(model.objects.order_by("pk").values()) for model in (Template, TemplateVersion, AuditEvent)]


class TestTemplateCreate:
    def test_begins_with_version_one(self, noon, lead):
        template = services.template_create(name="Spring", source=says("Hello"), by=lead, now=noon)

        version = template.versions.get()
        assert template.current == version
        assert (version.number, version.by, version.at) == (1, lead, noon)
        assert version_source(version) == says("Hello")
        assert version.html == says("Hello").compile().html
        assert (template.edited_at, template.edited_by) == (noon, lead)
        assert AuditEvent.objects.get().action == "template.created"

    def test_makes_nothing_of_what_does_not_compile(self, noon, lead):
        with pytest.raises(TemplateFault):
            services.template_create(name="Spring", source=BROKEN, by=lead, now=noon)

        assert everything() == [[], [], []]


class TestTemplateSave:
    def test_adds_a_version_and_leaves_the_old_one_as_it_was(self, noon, lead):
        template = TemplateFactory()
        before = TemplateVersion.objects.values().get()

        services.template_save(
            template=template, source=says("New"), base=1, by=lead, now=noon, note="Shorter"
        )

        template.refresh_from_db()
        assert (template.current.number, template.current.note) == (2, "Shorter")
        assert (template.edited_at, template.edited_by) == (noon, lead)
        assert TemplateVersion.objects.values().get(number=1) == before
        event = AuditEvent.objects.get()
        assert (event.action, event.details, event.by) == ("template.saved", {"version": 2}, lead)

    def test_the_same_words_again_make_no_version(self, noon, lead):
        template = TemplateFactory()
        services.template_save(template=template, source=says("New"), base=1, by=lead, now=noon)
        before = everything()

        again = services.template_save(template=template, source=says("New"), base=1, by=lead, now=noon)

        assert again.number == 2
        assert everything() == before

    @pytest.mark.parametrize(
        ("template", "source", "base", "refusal", "message"),
        [
            pytest.param({}, BROKEN, 1, TemplateFault, "Line 2: “{{” is never closed", id="does-not-compile"),
            pytest.param({}, says("x"), 2, services.TemplateConflict, "version 1", id="other-version"),
            pytest.param(
                {"archived_at": LONG_AGO}, says("x"), 1, services.TemplateArchived, "archived", id="archived"
            ),
        ],
    )
    def test_refuses_and_leaves_everything_as_it_was(
        self, noon, lead, template, source, base, refusal, message
    ):
        template = TemplateFactory(**template)
        before = everything()

        with pytest.raises(refusal, match=message):
            services.template_save(template=template, source=source, base=base, by=lead, now=noon)

        assert everything() == before

    def test_says_whose_version_stands_in_the_way(self, noon, lead):
        template = TemplateFactory()
        theirs = services.template_save(template=template, source=says("Theirs"), base=1, by=lead, now=noon)

        with pytest.raises(services.TemplateConflict) as caught:
            services.template_save(template=template, source=says("Mine"), base=1, by=lead, now=noon)

        assert caught.value.current == theirs
        assert str(lead) in str(caught.value)


class TestVersions:
    @pytest.mark.parametrize(
        "change",
        [{"subject": "x"}, {"mjml": "x"}, {"html": "x"}, {"text": "x"}, {"number": 7}, {"note": "x"}],
    )
    def test_the_database_refuses_to_change_one(self, change):
        version = TemplateVersionFactory()

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            TemplateVersion.objects.filter(pk=version.pk).update(**change)


class TestTemplateRevert:
    def test_says_again_what_an_old_version_said(self, noon, lead):
        old = TemplateVersionFactory(mjml=mjml("Old"), html="<html>as it was compiled then</html>")
        services.template_save(template=old.template, source=says("New"), base=1, by=lead, now=noon)

        again = services.template_revert(version=old, by=lead, now=noon)

        assert (again.number, again.mjml, again.html) == (3, old.mjml, old.html)
        assert again.note == "Back to version 1"
        assert AuditEvent.objects.latest("pk").details == {"version": 3, "to": 1}

    def test_twice_does_nothing_more(self, noon, lead):
        old = TemplateVersionFactory()
        services.template_save(template=old.template, source=says("New"), base=1, by=lead, now=noon)
        services.template_revert(version=old, by=lead, now=noon)
        before = everything()

        services.template_revert(version=old, by=lead, now=noon)

        assert everything() == before

    def test_is_refused_once_archived(self, noon, lead):
        old = TemplateVersionFactory(template__archived_at=LONG_AGO, becomes_current=False)
        TemplateVersionFactory(template=old.template, number=2, subject="Other")
        before = everything()

        with pytest.raises(services.TemplateArchived):
            services.template_revert(version=old, by=lead, now=noon)

        assert everything() == before


class TestTemplateDuplicate:
    def test_begins_a_history_of_its_own(self, noon, lead):
        template = TemplateFactory(name="Spring")

        copy = services.template_duplicate(template=template, by=lead, now=noon)

        assert copy.name == "Spring (copy)"
        assert (copy.current.number, copy.current.note) == (1, "From “Spring”, version 1")
        assert version_source(copy.current) == version_source(template.versions.get())


class TestTemplateRename:
    def test_makes_no_version(self, noon, lead):
        template = TemplateFactory(name="Old")

        services.template_rename(template=template, name="New", description="d", by=lead, now=noon)

        template.refresh_from_db()
        assert (template.name, template.description, template.versions.count()) == ("New", "d", 1)
        assert [(event.action, event.details) for event in AuditEvent.objects.order_by("pk")] == [
            ("template.renamed", {"from": "Old"}),
            ("template.described", {"from": ""}),
        ]


class TestTemplateArchive:
    @pytest.fixture
    def used(self, monkeypatch):
        """Return a function that makes a template look used, running or not."""

        def use(template, *, keeps_it, is_visible=True):
            one = uses.TemplateUse(
                template.pk, "Spring mail", "Message", "/", keeps_it=keeps_it, is_visible=is_visible
            )
            monkeypatch.setitem(uses.template_uses._entries, "test", lambda ids, user: [one])

        return use

    def test_puts_it_away_and_back(self, noon, lead):
        template = TemplateFactory()

        services.template_archive(template=template, by=lead, now=noon)
        assert Template.objects.archived().get() == template

        services.template_restore(template=template, by=lead, now=noon)
        assert Template.objects.active().get() == template
        assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
            "template.archived",
            "template.restored",
        ]

    def test_twice_is_once(self, noon, lead):
        template = TemplateFactory()
        services.template_archive(template=template, by=lead, now=noon)
        before = everything()

        services.template_archive(template=template, by=lead, now=noon)

        assert everything() == before

    def test_is_refused_while_something_runs_with_it(self, noon, lead, used):
        template = TemplateFactory()
        used(template, keeps_it=True)
        before = everything()

        with pytest.raises(services.TemplateInUse, match="Spring mail"):
            services.template_archive(template=template, by=lead, now=noon)

        assert everything() == before

    def test_the_refusal_names_nothing_that_the_person_may_not_know(self, noon, lead, used):
        template = TemplateFactory()
        used(template, keeps_it=True, is_visible=False)

        with pytest.raises(services.TemplateInUse) as refusal:
            services.template_archive(template=template, by=lead, now=noon)

        assert str(refusal.value) == "It is in use: 1 other. Archive it when that is over."

    def test_is_not_refused_for_what_has_ended(self, noon, lead, used):
        template = TemplateFactory()
        used(template, keeps_it=False)

        assert services.template_archive(template=template, by=lead, now=noon).is_archived
