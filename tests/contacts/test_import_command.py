import json

import pytest
from django.core.management import CommandError, call_command

from apps.contacts.models import Contact, ImportFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("email,city\nann@example.com,Bonn\n")
    return str(path)


def test_imports_by_the_path_of_the_browser_and_prints_the_counts(file, capsys):
    call_command("import_contacts", file, "--mapping", '{"email": "email", "city": null}', "--json")

    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["created"], told["rows_total"]) == ("done", 1, 1)
    assert Contact.objects.get().attributes == {}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--mapping", "[]"], "argument --mapping: this has to be a JSON object"),
        (["--mapping", '{"email": 1}'], "argument --mapping: this has to be a JSON object"),
        (["--mapping", "{"], "argument --mapping: this has to be a JSON object"),
        (["--consent", '{"basis": 1}'], "argument --consent: this has to be a JSON object"),
        (["--by", "nobody@example.com"], "Nobody here signs in as nobody@example.com."),
    ],
)
def test_what_it_cannot_use_is_told_in_a_sentence(file, options, reason):
    with pytest.raises(CommandError, match=reason):
        call_command("import_contacts", file, *options)

    assert not ImportFile.objects.exists()
