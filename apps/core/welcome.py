"""The people of the demo: it registers who can sign in, and `manage.py up` prints them once it is loaded."""

from dataclasses import dataclass

from apps.core.registry import Registry


@dataclass(frozen=True)
class SignIn:
    email: str
    password: str
    role: str


sign_ins: Registry[SignIn] = Registry()
