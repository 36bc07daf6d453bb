"""What the environment says, and what is refused of it."""

import json
import logging
import re
import subprocess
import sys

import pytest
import structlog

from config import connections, env
from config.logs import logging_config, without_personal_data

EXAMPLE = env.BASE_DIR / ".env.example"
GOOD = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "DATABASE_URL": "postgresql://bookend:secret@db.example.org/bookend",
    "REDIS_URL": "redis://redis.example.org:6379/0",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example.org:587",
    "SECRET_KEY": "k3f9-Zq8vN2xR7mT5wB1yL6cH4jD0gSaPuEoIiUtYrWqXzCvBn",
    "SUPPRESSION_KEY": "w8Jc-4TqYn6ZrKe1PbVd9XmHs3GfUa7LoEiCt2RyBxWkQzDvNu",
    "ALLOWED_HOSTS": "bookend.example.org",
    "BASE_URL": "https://bookend.example.org",
    "DEFAULT_FROM_EMAIL": "Bookend <bookend@example.org>",
}


def manage(*words, **changes):
    """Run `manage.py` with this environment and no other; a change to None takes a variable away."""
    variables = {name: value for name, value in (GOOD | changes).items() if value is not None}
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=env.BASE_DIR,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def without_ids(text):
    return re.sub(r" at 0x\w+", "", text)


class TestExample:
    def test_names_every_variable_that_is_read_and_no_other(self):
        read = set(re.findall(r'_env\.\w+\(\s*"(\w+)"', (env.BASE_DIR / "config" / "env.py").read_text()))
        named = set(re.findall(r"^(\w+)=", EXAMPLE.read_text(), re.MULTILINE))

        assert read == named

    def test_can_be_copied_as_it_is(self):
        """A comment behind a value would be part of it."""
        variables = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
        base = {"DJANGO_SETTINGS_MODULE": "config.settings.base"}

        code, copied, said = manage("diffsettings", "--all", **(dict.fromkeys(GOOD) | variables | base))
        _code, nothing_set, _said = manage("diffsettings", "--all", **(dict.fromkeys(GOOD) | base))

        assert (code, said) == (0, "")
        assert without_ids(copied) == without_ids(nothing_set)


WRONG = {
    "DATABASE_URL": ["shop", "mysql://db.example.org/shop", "postgresql://u:p@db.example.org:port/shop"],
    "REDIS_URL": ["redis", "redis://127.0.0.1:port/0"],
    "EMAIL_URL": ["mail.example.org", "http://mail.example.org", "smtp://mail.example.org:port"],
    "DEBUG": ["maybe"],
    "SENDING_ENABLED": ["perhaps"],
    "PREPARED_STATEMENTS": ["2"],
    "ALLOWED_HOSTS": ["https://bookend.example.org/"],
    "BASE_URL": ["bookend.example.org"],
    "TRACKING_BASE_URL": ["ftp://t.example.org"],
    "DEFAULT_FROM_EMAIL": ["nobody"],
    "RETURN_PATH": ["bounces"],
    "BOUNCE_MAILBOX_URL": ["pop3://mail.example.org/"],
    "UNDO_SECONDS": ["-5", "1.5", "soon", "99999999999"],
    "SENDING_PROCESSES": ["0", "two"],
    "ATTACHMENT_MAX_MB": ["0"],
    "INGEST_MESSAGES_PER_SECOND": ["0"],
    "DNS_RESOLVERS": ["dns.example.org", "192.0.2.1:port"],
    "OUTGOING_PRIVATE_HOSTS": ["http://gateway/"],
    "CLIENT_ADDRESS_HEADER": ["X Real IP"],
    "LOG_FORMAT": ["xml"],
    "LOG_LEVEL": ["LOUD"],
    "SECRET_KEY_FILE": ["/nowhere/key"],
}


class TestWrongValues:
    def test_each_is_one_sentence_that_names_its_variable_and_all_are_said_at_once(self):
        for position in range(max(map(len, WRONG.values()))):
            told = {name: values[min(position, len(values) - 1)] for name, values in WRONG.items()}

            code, _out, said = manage("check", **(GOOD | told | {"SECRET_KEY": None}))

            assert code == 1
            assert {line.split()[0] for line in said.splitlines()} == set(told)

    def test_a_password_is_not_repeated(self):
        _code, _out, said = manage("check", EMAIL_URL="smtp://user:hunter2@mail.example.org:port")

        assert said.startswith("EMAIL_URL ")
        assert "hunter2" not in said

    def test_a_key_is_read_as_it_stands_in_its_file(self, tmp_path):
        (tmp_path / "key").write_text(f"{GOOD['SUPPRESSION_KEY']}\n")
        shown = "from config import env; print(repr(env.SUPPRESSION_KEY_GIVEN))"

        code, out, _said = manage(
            "shell",
            "--verbosity=0",
            "-c",
            shown,
            SUPPRESSION_KEY=None,
            SUPPRESSION_KEY_FILE=str(tmp_path / "key"),
        )

        assert (code, out.strip()) == (0, repr(f"{GOOD['SUPPRESSION_KEY']}\n"))


class TestProduction:
    def test_is_clean_for_the_checks_of_a_deployment(self, tmp_path):
        code, _out, said = manage("check", "--deploy", "--fail-level=WARNING", DATA_DIR=str(tmp_path))

        assert (code, said) == (0, "")

    def test_collects_every_file_that_a_stylesheet_names(self, tmp_path):
        code, out, said = manage("collectstatic", "--no-input", DATA_DIR=str(tmp_path))

        assert (code, said) == (0, "")
        assert "static files copied" in out

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("DATABASE_URL", None),
            ("REDIS_URL", None),
            ("EMAIL_URL", None),
            ("SECRET_KEY", None),
            ("SECRET_KEY", "short"),
            ("SUPPRESSION_KEY", None),
            ("SUPPRESSION_KEY", "short"),
            ("ALLOWED_HOSTS", None),
            ("ALLOWED_HOSTS", "*"),
            ("BASE_URL", None),
            ("BASE_URL", "http://bookend.example.org"),
            ("TRACKING_BASE_URL", "http://t.example.org"),
            ("DEFAULT_FROM_EMAIL", None),
            ("DEBUG", "True"),
        ],
    )
    def test_refuses_to_start_as_on_a_laptop_and_names_the_variable(self, variable, value):
        code, _out, said = manage("check", **{variable: value})

        assert code == 1
        assert "Traceback" not in said
        assert said.startswith(f"{variable} ")


class TestEmail:
    @pytest.mark.parametrize(
        ("url", "host", "port", "tls", "ssl"),
        [
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, False, False),
            ("smtp://user:p%40ss@mail.example.org:587?tls=True", "mail.example.org", 587, True, False),
            ("smtp+tls://user:p%40ss@mail.example.org:587", "mail.example.org", 587, True, False),
            ("smtp+ssl://user:p%40ss@mail.example.org:465", "mail.example.org", 465, False, True),
            ("smtp://mail.example.org", "mail.example.org", 25, False, False),
        ],
    )
    def test_one_url_says_it_all(self, url, host, port, tls, ssl):
        settings = connections.email(url)

        assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
        assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"]) == (host, port)
        assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (tls, ssl)
        assert settings["EMAIL_HOST_PASSWORD"] == ("p@ss" if "user" in url else "")


class TestLogs:
    @pytest.mark.parametrize(
        ("text", "logged"),
        [
            ("sent to ada.lovelace+x@mail.example.co.uk now", "sent to [removed] now"),
            ("Key (email)=(ada@example.com) exists", "Key (email)=([removed]) exists"),
            ("called +49 170 1234567", "called [removed]"),
            ("Not Found: /c/eyJhbGciOi.abc-1", "Not Found: /c/[removed]"),
            ("Not Found: /confirm/eyJhbGciOi/", "Not Found: /confirm/[removed]/"),
            ("token bkd_live_abc123", "token [removed]"),
            ("contact 64000 in 12.5 s at 2030-03-01", "contact 64000 in 12.5 s at 2030-03-01"),
        ],
    )
    def test_nothing_says_who_it_is_about(self, text, logged):
        assert without_personal_data(None, "", {"event": text}) == {"event": logged}

    def test_private_keys_are_blanked_however_deep(self):
        event = {"event": "x", "email": "a", "row": {"phone": "1", "id": 7}, "many": ["b@example.com", 1]}

        assert without_personal_data(None, "", event) == {
            "event": "x",
            "email": "[removed]",
            "row": {"phone": "[removed]", "id": 7},
            "many": ["[removed]", 1],
        }

    def test_a_line_of_json_has_request_id_and_traceback_without_the_address(self):
        record = logging.LogRecord(
            "django.request", logging.ERROR, "f", 1, "failed for %s", ("ada@example.com",), None
        )
        try:
            int("bob@example.com")
        except ValueError:
            record.exc_info = sys.exc_info()
        config = logging_config(style="json", level="INFO")["formatters"]["line"]
        formatter = config.pop("()")(**config)

        with structlog.contextvars.bound_contextvars(request_id="abcd1234"):
            line = json.loads(formatter.format(record))

        assert line["event"] == "failed for [removed]"
        assert line["request_id"] == "abcd1234"
        assert "ValueError: invalid literal for int() with base 10: '[removed]'" in line["exception"]
