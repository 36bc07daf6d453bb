"""The SDKs that people have in their shops, unmodified but for the host, against the running product."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.setup.running import UP, Running, data_dir_new

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("sdks")]  # one product for both
SDK = "@segment/analytics-node@3.1.0"
TELL = Path(__file__).parent / "sdk" / "tell.mjs"
PYTHON = """
import sys
from segment import analytics
analytics.host, analytics.write_key = sys.argv[1:3]
analytics.max_retries, analytics.send = 0, True
faults = []
analytics.on_error = lambda error, items: faults.append(error)
analytics.page(anonymous_id="py-visitor", name="Home", properties={"path": "/"})
analytics.identify("py-1", {"email": "py@example.com", "firstName": "Bea"}, anonymous_id="py-visitor")
analytics.track("py-1", "order_completed", {"total": 12.5})
analytics.screen("py-1", name="Cart")
analytics.group("py-1", "acme", {"plan": "pro"})
analytics.alias("py-1", "py-2")
analytics.flush()
analytics.shutdown()
sys.exit(str(faults) if faults else 0)
"""
MAKE_KEY = """
from apps.core import clock
from apps.integrations import services
services.scheme_choose(namespace="user", by=None, now=clock.now())
print(services.source_create(name="Shop", by=None, now=clock.now())[1])
"""
TOLD = """
    SELECT array_agg(e.name ORDER BY e.name), count(DISTINCT e.contact_id),
        min(c.email), min(c.attributes ->> 'first_name'),
        bool_and(e.received_at - e.occurred_at < '1 minute'),
        (SELECT array_agg(namespace || ':' || value ORDER BY namespace, value) FROM contacts_identity
         WHERE contact_id = min(e.contact_id))
    FROM contacts_event AS e JOIN contacts_contact AS c ON c.id = e.contact_id
"""
STORY = ["group_joined", "order_completed", "page_viewed", "screen_viewed"]


@pytest.fixture(scope="module")
def product():
    with Running(data_dir_new("sdks")) as running:
        yield running


@pytest.fixture
def write_key(product):
    made = subprocess.run(
        [sys.executable, UP[1], "shell", "--no-imports", "-v0", "-c", MAKE_KEY],
        env=os.environ | {"DATA_DIR": str(product.data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    yield made.stdout.strip()
    with product.database() as database:
        database.execute("TRUNCATE contacts_contact, contacts_event, integrations_source CASCADE")


def told(product):
    with product.database() as database:
        return database.execute(TOLD).fetchone()


@pytest.fixture(scope="session")
def node_sdk():
    """Return a folder with the SDK of npm in it, kept between runs."""
    if not shutil.which("npm"):
        pytest.skip("no npm on this machine")
    folder = Path(tempfile.gettempdir()) / f"bookend-{SDK.replace('/', '-')}"
    if not (folder / "node_modules").exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), SDK]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder


def test_the_node_sdk_works_with_our_host(product, write_key, node_sdk):
    command = ["node", str(TELL), f"http://127.0.0.1:{product.port}", write_key]
    done = subprocess.run(command, cwd=node_sdk, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    names = ["anonymous:node-visitor", "email:node@example.com", "user:node-1", "user:node-2"]
    assert told(product) == (STORY, 1, "node@example.com", "Ann", True, names)


def test_the_python_sdk_works_with_our_host(product, write_key):
    command = [sys.executable, "-c", PYTHON, f"http://127.0.0.1:{product.port}", write_key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    names = ["anonymous:py-visitor", "email:py@example.com", "user:py-1", "user:py-2"]
    assert told(product) == (STORY, 1, "py@example.com", "Bea", True, names)
