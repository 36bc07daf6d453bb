"""`scripts/install.sh`, which make calls: its refusals are one sentence each."""

import shutil
import subprocess

import pytest

from config import env

pytestmark = pytest.mark.processes
# No configuration of this machine, and a registry where nothing listens.
NO_REGISTRY = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_RETRIES": "0"}


@pytest.fixture
def project(tmp_path):
    for name in ("requirements.lock", "scripts/install.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(env.BASE_DIR / name, tmp_path / name)
    return tmp_path


def install(project, python, **variables):
    done = subprocess.run(
        ["/bin/sh", "scripts/install.sh", str(python), ".venv", ".venv/stamp"],
        cwd=project,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


def fake_python(project, script):
    path = project / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_registry_that_cannot_be_reached_is_one_sentence_and_is_tried_again(project):
    python = shutil.which("python3")

    for _attempt in range(2):
        code, said = install(project, python, **NO_REGISTRY)

        assert code == 1
        assert said.splitlines() == [
            "The packages of requirements.lock could not be installed: is the package registry reachable? "
            "See .venv/install.log."
        ]
    assert (project / ".venv/install.log").read_text()


def test_a_python_that_is_too_old_is_one_sentence(project):
    code, said = install(project, fake_python(project, "exit 1"))

    assert code == 1
    assert said.startswith("Bookend needs Python 3.11 or newer, and ")
    assert len(said.splitlines()) == 1


def test_a_python_that_cannot_make_environments_is_one_sentence(project):
    code, said = install(project, fake_python(project, '[ "$1" = -c ]'))

    assert code == 1
    assert "install the package python3-venv" in said
    assert len(said.splitlines()) == 1


def test_nothing_is_done_again_for_the_same_lock_file(project):
    (project / ".venv").mkdir()
    shutil.copy(project / "requirements.lock", project / ".venv/stamp")

    assert install(project, fake_python(project, "exit 1")) == (0, "")
