import pytest
from django.test import RequestFactory

from apps.core.network import network_address


@pytest.mark.parametrize(
    ("header", "told", "found"),
    [
        ("", {"REMOTE_ADDR": "203.0.113.7"}, "203.0.113.7"),
        ("", {"REMOTE_ADDR": "2001:db8::1"}, "2001:db8::1"),
        ("", {"REMOTE_ADDR": "127.0.0.1"}, None),
        ("", {"REMOTE_ADDR": ""}, None),
        ("", {"REMOTE_ADDR": "203.0.113.7", "HTTP_X_REAL_IP": "198.51.100.1"}, "203.0.113.7"),
        ("X-Real-IP", {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_REAL_IP": "203.0.113.7"}, "203.0.113.7"),
        ("X-Real-IP", {"REMOTE_ADDR": "10.0.0.1"}, None),
        ("X-Forwarded-For", {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.7"}, "203.0.113.7"),
        ("X-Forwarded-For", {"HTTP_X_FORWARDED_FOR": "<script>"}, None),
    ],
)
def test_is_told_by_whom_we_can_believe(settings, header, told, found):
    settings.CLIENT_ADDRESS_HEADER = header

    assert network_address(RequestFactory().get("/", **told)) == found
