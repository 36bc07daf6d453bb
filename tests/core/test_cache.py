"""A cache whose server is lost forgets; it fails nobody."""

import time

import pytest

from apps.core.cache import ForgetfulRedisCache


@pytest.fixture
def lost():
    return ForgetfulRedisCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 0.3}})


def test_every_act_goes_on_without_the_server(lost):
    assert lost.set("a", 1) is None
    assert lost.get("a", "nothing") == "nothing"
    assert lost.get_many(["a"]) == {}
    assert lost.add("a", 1) is True
    assert lost.incr("a") == 1
    assert lost.delete("a") is False
    assert lost.has_key("a") is False
    assert lost.touch("a") is False
    assert lost.set_many({"a": 1}) == []
    assert lost.delete_many(["a"]) is None
    assert lost.clear() is False


def test_a_lost_server_is_left_alone_for_a_while(lost, monkeypatch):
    lost.get("a")
    asked = []
    monkeypatch.setattr(lost, "_lost_until", time.monotonic() + 60)
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", lambda *_: asked.append(1))

    assert lost.get("a") is None
    assert asked == []
