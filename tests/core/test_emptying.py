from django.contrib.auth.models import Permission
from django.db import connection

from apps.contacts.models import Contact
from tests import emptying
from tests.factories.contacts import ContactFactory


def test_after_a_test_that_commits_the_tables_are_empty_and_the_permissions_as_they_were(db, monkeypatch):
    monkeypatch.setattr(emptying, "LARGE", 1 << 40)
    ContactFactory()
    permissions = set(Permission.objects.values_list("pk", flat=True))

    emptying.tables_empty(None)

    assert not Contact.objects.exists()
    assert set(Permission.objects.values_list("pk", flat=True)) == permissions != set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('session_replication_role')")
        assert cursor.fetchone() == ("origin",)
