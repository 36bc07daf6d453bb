import pytest

from apps.exports import services
from apps.exports.models import Export
from tests.exports.files import content


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def run(noon, lead):
    """Return a function that starts an export and works it to its end."""

    def make(kind="contacts", file_format="csv", by=lead, **asked):
        export = services.export_start(kind=kind, file_format=file_format, by=by, now=noon, **asked)
        services.exports_run(now=noon)
        export.refresh_from_db()
        return export

    return make


@pytest.fixture
def rows(run):
    """Return a function that exports, and gives the rows of the file, the heads first."""

    def make(**asked):
        export = run(**asked)
        assert export.state == Export.State.DONE, export.error
        return content(export)

    return make
