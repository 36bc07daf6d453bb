import pytest

from config.servers import _complaint

FULL = """running bootstrap script ... 2030-01-01 [7] FATAL:  could not extend file "base/1/26"
2030-01-01 [7] HINT:  Check free disk space.
2030-01-01 [7] PANIC:  cannot abort transaction 1, it was already committed
child process exited with exit code 134
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (FULL, 'could not extend file "base/1/26". Check free disk space'),
        ("[7] FATAL:  older\n[8] FATAL:  lock file exists\n[8] LOG:  bye\n", "lock file exists"),
        ("[7] FATAL:  weeks ago\n" + "[8] LOG:  hello\n" * 99 + "[9] PANIC:  lost\n", "lost"),
        ("# Can't open the log file\n", "# Can't open the log file"),
        ("", "nothing was logged"),
    ],
)
def test_says_what_a_server_said_of_its_end(tmp_path, log, said):
    (tmp_path / "server.log").write_text(log)

    assert _complaint(tmp_path / "server.log") == said
