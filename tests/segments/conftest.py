import pytest

from apps.contacts.models import Attribute
from tests.factories.contacts import AttributeFactory


@pytest.fixture
def dictionary():
    """Two entries that rules of these tests speak of."""
    AttributeFactory(key="city", label="City")
    AttributeFactory(key="visits", label="Visits", type=Attribute.Type.NUMBER)
