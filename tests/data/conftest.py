"""What tests of data sets share."""

import http.server
import threading

import pytest
from server import FileServer


@pytest.fixture
def serve():
    server = http.server.HTTPServer(("127.0.0.1", 0), FileServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def start(content, announced=None, status=200):
        FileServer.content, FileServer.status = content, status
        FileServer.announced = len(content) if announced is None else announced
        return f"http://127.0.0.1:{server.server_port}/file.zip"

    yield start
    server.shutdown()
    server.server_close()
