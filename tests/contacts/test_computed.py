"""An attribute that is computed by a definition is written by nobody else."""

from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.contacts import services
from apps.contacts.forms import ContactForm
from apps.contacts.mapping import MappingInvalid
from apps.contacts.models import Attribute, Contact, ImportFile
from tests.factories.contacts import AttributeFactory, ContactFactory, QualityScanFactory

pytestmark = pytest.mark.django_db
REFUSAL = "“Active” is computed by its definition, and never written."


@pytest.fixture(autouse=True)
def active():
    return AttributeFactory(key="active", label="Active", type=Attribute.Type.BOOLEAN, is_computed=True)


@pytest.fixture
def ann():
    return ContactFactory(email="ann@example.com", attributes={"active": True})


def test_neither_a_person_nor_a_program_writes_it(ann, lead, noon):
    with pytest.raises(ValidationError) as refused:
        services.contact_update(contact=ann, attributes={"active": False}, by=lead, now=noon)

    assert refused.value.message_dict == {"attributes.active": [REFUSAL]}
    assert Contact.objects.get().attributes == {"active": True}


def test_the_api_says_why_it_refuses(ann, api, lead):
    answer = api(lead).patch(
        reverse("api:contact-detail", args=[ann.pk]), {"attributes": {"active": False}}, format="json"
    )

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert REFUSAL in answer.content.decode()


def test_the_form_of_a_contact_does_not_offer_it(ann):
    AttributeFactory(key="city", label="City")

    form = ContactForm(record=ann)

    assert [bound.name for bound in form.attributes] == ["attr-city"]


def test_the_profile_shows_it_as_computed(ann, login, lead):
    page = login(lead).get(reverse("contacts:detail", args=[ann.pk])).content.decode()

    assert "Computed by its definition" in page


def test_an_import_that_names_it_is_refused(upload, lead, noon):
    draft = upload("mail,act\nann@example.com,yes\n")

    with pytest.raises(MappingInvalid, match="Column “act”: “Active” is computed by its definition"):
        services.import_start(
            import_file=draft, mapping={"mail": "email", "act": "attr:active"}, by=lead, now=noon
        )

    draft.refresh_from_db()
    assert draft.state == ImportFile.State.DRAFT
    assert not Contact.objects.exists()


def test_a_file_that_we_exported_leaves_its_column_out(upload):
    draft = upload("email,active\nann@example.com,yes\n")

    assert [column["target"] for column in draft.columns] == ["email", None]


def test_it_stays_yes_or_no(active, lead, noon):
    with pytest.raises(ValidationError, match="computed by its definition, which says yes or no"):
        services.attribute_update(attribute=active, type="text", by=lead, now=noon)

    assert Attribute.objects.get().type == "boolean"


def test_a_mend_does_not_clear_it(lead, noon):
    QualityScanFactory(state="done", finished_at=noon)

    with pytest.raises(services.QualityRefused, match="Say which attribute"):
        services.mend_start(rule="value_validity", act="values_clear", detail="active", by=lead, now=noon)


def test_the_dictionary_tells_it_apart(active, login, api, lead):
    AttributeFactory(key="city", label="City")
    browser = login(lead)

    listed = browser.get(reverse("contacts:attribute-list"), {"values": "computed"}).content.decode()
    page = browser.get(reverse("contacts:attribute-detail", args=[active.pk])).content.decode()
    told = api(lead).get(reverse("api:attribute-list"), {"computed": "true"}).json()

    assert "Active" in listed
    assert "City" not in listed
    assert "No form, file or program writes it" in page
    assert "attribute-delete" not in page
    assert [(one["key"], one["computed"]) for one in told["results"]] == [("active", True)]
