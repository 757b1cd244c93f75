"""Serves the departure board."""

import csv
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from page import page

HERE = Path(__file__).parent
PORT = int(os.environ.get("PORT", "80"))
# An instance of the course shares the network of your machine: there, nobody else may read the board.
ADDRESS = "127.0.0.1" if "PORT" in os.environ else ""


class Reader(BaseHTTPRequestHandler):
    """Answers one reader."""

    def do_GET(self):
        with (HERE / "departures.csv").open(encoding="utf-8", newline="") as file:
            body = page(list(csv.DictReader(file)), (HERE / "version.txt").read_text().strip()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer((ADDRESS, PORT), Reader).serve_forever()
