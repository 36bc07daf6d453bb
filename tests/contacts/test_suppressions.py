from http import HTTPStatus
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.contacts import addresslists, services
from apps.contacts.addresses import address_hash
from apps.contacts.csvfile import FileRefused
from apps.contacts.models import Channel, Contact, Suppression
from apps.contacts.services import SuppressionsRefused, suppressions
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory, SuppressionFactory

pytestmark = pytest.mark.django_db
ADD = reverse("contacts:suppression-add")
LIST = reverse("contacts:suppression-list")


class TestSuppressionsImport:
    def test_every_row_ends_one_way_and_nobody_needs_to_have_the_address(self, lead, noon):
        SuppressionFactory(address="known@example.com")
        ContactFactory(email="ann@example.com")
        told = ["ANN@example.com", "nobody@example.com", "known@example.com", "ann@example.com", "no address"]

        counts = services.suppressions_import(
            rows=enumerate(told, start=1), source="old tool", by=lead, now=noon
        )

        assert counts.as_data() == {"rows_total": 5, "added": 2, "known": 1, "duplicate": 1, "invalid": 1}
        assert counts.faults == [(5, "no address")]
        assert Contact.objects.with_exclusion().get().exclusion == "suppressed"
        new = Suppression.objects.get(address_hash=address_hash("nobody@example.com"))
        assert (new.reason, new.source, new.by, new.at) == ("imported", "old tool", lead, noon)

    def test_the_audit_log_has_the_counts_and_no_address(self, lead, noon):
        services.suppressions_import(rows=[(1, "ann@example.com")], by=lead, now=noon)

        event = AuditEvent.objects.get()
        assert (event.action, event.details["added"]) == ("suppressions.imported", 1)
        assert "ann@example.com" not in str(event.details)

    def test_the_first_reason_stays(self, lead, noon):
        SuppressionFactory(address="ann@example.com", reason="complained")

        services.suppressions_import(rows=[(1, "ann@example.com")], by=lead, now=noon)

        assert Suppression.objects.get().reason == "complained"

    @pytest.mark.parametrize(("count", "told"), [(0, "no address"), (4, "At most 3")])
    def test_too_many_or_none_is_refused_as_a_whole(self, lead, noon, monkeypatch, count, told):
        monkeypatch.setattr(suppressions, "MOST_ROWS", 3)
        monkeypatch.setattr(suppressions, "BATCH", 1)

        with pytest.raises(SuppressionsRefused, match=told):
            services.suppressions_import(
                rows=[(n, f"a{n}@example.com") for n in range(count)], by=lead, now=noon
            )

        assert not Suppression.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_telephone_numbers_are_known_however_they_are_written(self, lead, noon):
        counts = services.suppressions_import(
            rows=[(1, "+33 6 12 34 56 78"), (2, "0033612345678")], channel=Channel.SMS, by=lead, now=noon
        )

        assert (counts.added, counts.duplicate) == (1, 1)
        assert Suppression.objects.get().channel == "sms"


class TestRows:
    def test_of_a_pasted_text(self):
        text = "\ufeffann@example.com, bob@example.com\n\n  \r\ncat@example.com;"

        assert list(addresslists.rows_of_text(text)) == [
            (1, "ann@example.com"),
            (1, "bob@example.com"),
            (4, "cat@example.com"),
        ]

    @pytest.mark.parametrize(
        ("raw", "rows"),
        [
            (b"ann@example.com\nbob@example.com\n", [(1, "ann@example.com"), (2, "bob@example.com")]),
            (b"Name;E-Mail\nAnn;ann@example.com\n;\nBob;\n", [(2, "ann@example.com"), (4, "")]),
            ("E-Mail\nj\xf6rg@example.com\n".encode("cp1252"), [(2, "jörg@example.com")]),
            ("email,why\nann@example.com,no\n".encode("utf-16"), [(2, "ann@example.com")]),
        ],
    )
    def test_of_a_file(self, raw, rows):
        assert list(addresslists.rows_of_file(BytesIO(raw), channel=Channel.EMAIL)) == rows

    @pytest.mark.parametrize(
        "raw", [b"", b"PK\x03\x04xlsx", b"name,town\nAnn,Rome\n", b'email\n"ann@x.net\n']
    )
    def test_of_a_file_that_has_none(self, raw):
        with pytest.raises(FileRefused):
            list(addresslists.rows_of_file(BytesIO(raw), channel=Channel.EMAIL))


class TestPages:
    def test_a_pasted_list_is_suppressed_and_its_counts_are_told(self, login):
        client = login(UserFactory(role="marketer"))

        page = client.post(
            ADD,
            {"addresses": "ann@example.com\nx\nann@example.com", "channel": "email", "source": "old tool"},
        )

        assert page.context["counts"].as_data() == {
            "rows_total": 3,
            "added": 1,
            "known": 0,
            "duplicate": 1,
            "invalid": 1,
        }
        assert "Row 2: x" in page.content.decode()

    def test_a_file_is_suppressed(self, login):
        file = SimpleUploadedFile("list.csv", b"email\nann@example.com\n")

        login(UserFactory(role="marketer")).post(
            ADD, {"file": file, "channel": "email", "source": "old tool"}
        )

        assert Suppression.objects.get().source == "old tool"

    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ({"addresses": "  "}, "addresses"),
            ({"addresses": "ann@example.com", "source": ""}, "source"),
            ({"file": SimpleUploadedFile("list.csv", b"town\nRome\n")}, "file"),
        ],
    )
    def test_a_refusal_stands_beside_its_field(self, login, told, field):
        page = login(UserFactory(role="marketer")).post(ADD, {"channel": "email", "source": "x", **told})

        assert page.status_code == HTTPStatus.OK
        assert field in page.context["form"].errors
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        ("asked", "count"), [("Ann@Example.com ", 1), ("ann", 0), ("bob@example.com", 0), ("", 2)]
    )
    def test_an_address_is_looked_for_and_never_shown(self, login, asked, count):
        SuppressionFactory(address="ann@example.com")
        SuppressionFactory(address="cat@example.com")

        page = login(UserFactory(role="sales")).get(LIST, {"q": asked})

        assert len(page.context["listing"].rows) == count
        assert "cat@example.com" not in page.content.decode()

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            ({"q": "ann"}, "This is not a whole address"),
            ({"q": "ann@example.com"}, "This address is not kept from being written to."),
        ],
    )
    def test_only_a_whole_address_is_said_not_to_be_suppressed(self, login, asked, told):
        page = login(UserFactory(role="sales")).get(LIST, asked)

        assert told in page.content.decode()

    def test_the_list_costs_the_same_for_one_and_for_many(self, login, django_assert_num_queries):
        client = login(UserFactory(role="data_lead"))
        SuppressionFactory(by=UserFactory())
        with django_assert_num_queries(3):
            client.get(LIST)
        for _time in range(20):
            SuppressionFactory(by=UserFactory())
        with django_assert_num_queries(3):
            client.get(LIST)

    def test_is_lifted_with_a_reason_that_stays_on_record(self, login):
        suppression = SuppressionFactory()
        client = login(UserFactory(role="data_lead"))
        url = reverse("contacts:suppression-lift", args=[suppression.pk])

        refused = client.post(url, {"why": ""})
        assert "why" in refused.context["form"].errors
        assert Suppression.objects.exists()
        client.post(url, {"why": "They called."})

        assert not Suppression.objects.exists()
        assert AuditEvent.objects.get(action="suppression.lifted").details == {"why": "They called."}

    def test_a_marketer_lifts_nothing(self, login):
        suppression = SuppressionFactory()
        client = login(UserFactory(role="marketer"))

        page = client.get(reverse("contacts:suppression-detail", args=[suppression.pk]))
        response = client.post(
            reverse("contacts:suppression-lift", args=[suppression.pk]), {"why": "I want to."}
        )

        assert "Lift the suppression" not in page.content.decode()
        assert response.status_code == HTTPStatus.FORBIDDEN
        assert Suppression.objects.get() == suppression


class TestBulkApi:
    URL = "/api/v1/suppressions/bulk/"

    def test_tells_how_the_rows_ended(self, api):
        client = api(UserFactory(role="integration"), "suppressions:write")

        response = client.post(
            self.URL, {"addresses": ["a@example.com", "x", "A@example.com"], "source": "crm"}, format="json"
        )

        assert response.status_code == HTTPStatus.OK
        assert response.json() == {
            "rows_total": 3,
            "added": 1,
            "known": 0,
            "duplicate": 1,
            "invalid": 1,
            "faults": [1],
        }

    def test_of_one_address_that_is_none_nothing_is_kept(self, api):
        response = api(UserFactory(role="integration")).post(
            "/api/v1/suppressions/", {"address": "x"}, format="json"
        )

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert not Suppression.objects.exists()


def test_an_import_lifts_no_suppression_and_subscribes_nobody_behind_it(run):
    SuppressionFactory(address="gone@example.com", reason="imported")

    done = run("email\ngone@example.com\n", consent={"basis": "x", "source": "x", "wording": "x"})

    assert (done.suppressed, done.created) == (1, 0)
    assert Suppression.objects.get().reason == "imported"
    assert not Contact.objects.exists()
