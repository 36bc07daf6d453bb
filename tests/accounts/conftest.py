import pytest

from tests.accounts.scene import scene_make, undone


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker):
    """
    Set the scene once for all doors, with everyone signed in and a token in their hand.

    All of it happens in one transaction that is never committed; each knock is taken back for itself.
    """
    with django_db_blocker.unblock(), undone():
        yield scene_make()
