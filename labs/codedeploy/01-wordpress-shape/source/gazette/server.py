"""Serves the gazette: its pages, and how often each was read, which a small database remembers."""

import html
import os
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
DATABASE = os.environ.get("GAZETTE_DATABASE", "/var/lib/gazette/reads.db")
PORT = int(os.environ.get("PORT", "80"))
# An instance of the course shares the network of your machine: there, nobody else may read the gazette.
ADDRESS = "127.0.0.1" if "PORT" in os.environ else ""


def count(name):
    """Count one more reading of a page and return how many there were."""
    with sqlite3.connect(DATABASE) as database:
        database.execute("INSERT OR IGNORE INTO reads VALUES (?, 0)", (name,))
        database.execute("UPDATE reads SET times = times + 1 WHERE page = ?", (name,))
        return database.execute("SELECT times FROM reads WHERE page = ?", (name,)).fetchone()[0]


def page(name):
    """Return a page as HTML, or None when there is no such page."""
    found = {file.stem: file for file in (HERE / "pages").glob("*.txt")}
    if name not in found:
        return None
    title, _, text = found[name].read_text().partition("\n")
    links = " · ".join(f'<a href="/{each}">{each}</a>' for each in sorted(found))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text.strip())}</p>"
        f"<nav>{links}</nav><footer>Read {count(name)} times</footer></html>\n"
    )


class Reader(BaseHTTPRequestHandler):
    """Answers one reader."""

    def do_GET(self):
        text = page(self.path.strip("/") or "front")
        body = (text or "There is no such page.\n").encode()
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8" if text else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer((ADDRESS, PORT), Reader).serve_forever()
