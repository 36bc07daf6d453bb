import pytest

from apps.contacts.addresses import (
    AddressInvalid,
    address_hash,
    email_normalise,
    identity_normalise,
    phone_normalise,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Ann.Lee+News@Example.COM ", "ann.lee+news@example.com"),
        ("bücher@bücher.example", "bücher@bücher.example"),
        ("x@xn--bcher-kva.example", "x@bücher.example"),
        ("a@b.co", "a@b.co"),
    ],
)
def test_one_address_has_one_way_to_be_written(text, address):
    assert email_normalise(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@localhost",
        "ann@1.2.3.4",
        "a..b@example.com",
        "ann@-example.com",
        "ann@example..com",
        "Ann <ann@example.com>",
        "ann@example.com, bob@example.com",
        "ann@example.com\nBcc: bob@example.com",
        "ann\0@example.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 250}.com",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(AddressInvalid, match="is not an e-mail address"):
        email_normalise(text)


def test_a_telephone_number_is_kept_as_digits():
    assert phone_normalise("0049 (0)170 / 123-45.67") == "+4901701234567"
    with pytest.raises(AddressInvalid, match="“call me” is not a telephone number"):
        phone_normalise("call me")


@pytest.mark.parametrize(("namespace", "value"), [("CRM", "1"), ("crm", ""), ("crm", "a\nb"), ("", "1")])
def test_an_identity_that_cannot_name_anybody_is_refused(namespace, value):
    with pytest.raises(AddressInvalid):
        identity_normalise(namespace, value)


def test_suppression_knows_an_address_whatever_its_case():
    assert address_hash("Ann@Example.com") == address_hash("ann@example.com")
    assert len(address_hash("ann@example.com")) == 32
