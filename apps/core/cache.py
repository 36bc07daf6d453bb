"""The cache, which may be lost at any time."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

PAUSE_SECONDS = 5.0
log = structlog.get_logger(__name__)


class ForgetfulRedisCache(RedisCache):
    """
    Django's Redis cache, which remembers nothing while the server is lost, and fails no request for it.

    After a failure the server is left alone for some seconds: a request must not wait for it ten times.
    `add` says yes then, as to a first comer; nothing that must hold may be built on the cache.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._lost_until = 0.0

    def _or(self, forgotten: Any, act: Callable[[], Any]) -> Any:
        if time.monotonic() < self._lost_until:
            return forgotten
        try:
            return act()
        except RedisError as error:
            self._lost_until = time.monotonic() + PAUSE_SECONDS
            log.warning("cache lost", error=type(error).__name__)
            return forgotten

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(True, lambda: super(ForgetfulRedisCache, self).add(*args, **kwargs))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._or(default, lambda: super(ForgetfulRedisCache, self).get(key, default, version))

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(None, lambda: super(ForgetfulRedisCache, self).set(*args, **kwargs))

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(False, lambda: super(ForgetfulRedisCache, self).touch(*args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(False, lambda: super(ForgetfulRedisCache, self).delete(*args, **kwargs))

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._or({}, lambda: super(ForgetfulRedisCache, self).get_many(*args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(False, lambda: super(ForgetfulRedisCache, self).has_key(*args, **kwargs))

    def incr(self, key: Any, delta: Any = 1, version: Any = None) -> Any:
        return self._or(delta, lambda: super(ForgetfulRedisCache, self).incr(key, delta, version))

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._or([], lambda: super(ForgetfulRedisCache, self).set_many(*args, **kwargs))

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(None, lambda: super(ForgetfulRedisCache, self).delete_many(*args, **kwargs))

    def clear(self) -> Any:
        return self._or(False, lambda: super(ForgetfulRedisCache, self).clear())
