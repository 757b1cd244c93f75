"""The book's server gives files of the book, with the right types, to this machine only."""

import http.client
import subprocess
import sys

import pytest


@pytest.fixture
def served(tmp_path):
    book = tmp_path / "book"
    (book / "folder").mkdir(parents=True)
    for name, text in {"index.html": "<p>é", "a.js": "1", "a.svg": "<svg/>", "folder/a.mjs": "1"}.items():
        (book / name).write_text(text, encoding="utf-8")
    (tmp_path / "secret").write_text("not of the book")
    command = [sys.executable, "-m", "cicdlab.commands.serve", str(book), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        port = int(process.stdout.readline().rpartition(":")[2])

        def ask(path, host="127.0.0.1"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read().decode()

        yield ask
        process.terminate()
        assert process.wait(10) == 0


def test_files_have_the_types_a_browser_needs(served):
    assert served("/") == (200, "text/html; charset=utf-8", "<p>é")
    assert served("/a.js")[1] == "text/javascript; charset=utf-8"
    assert served("/folder/a.mjs")[1] == "text/javascript; charset=utf-8"
    assert served("/a.svg")[1] == "image/svg+xml"


@pytest.mark.parametrize("path", ["/folder/", "/nothing", "/../secret", "/%2e%2e/secret", "//etc/passwd"])
def test_there_is_no_list_and_nothing_outside_the_book(served, path):
    status, _, text = served(path)

    assert status == 404
    assert "not of the book" not in text
    assert "a.mjs" not in text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_another_name_for_this_machine_is_refused(served, host):
    assert served("/", host)[0] == 403


@pytest.mark.parametrize("host", ["localhost:8891", "127.0.0.1:8891", "[::1]:8891"])
def test_this_machine_is_known_by_its_names(served, host):
    assert served("/", host)[0] == 200
