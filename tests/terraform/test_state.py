# SPDX-License-Identifier: Apache-2.0
"""How Terraform itself writes the state: by what it asks of a bucket, which is played here. Needs no provider."""

import contextlib
import http.server
import re
import subprocess
import threading

from terraform import TERRAFORM, environment, program

FILES = """
terraform {
  backend "s3" {
%s
    bucket                      = "state"
    key                         = "a/terraform.tfstate"
    region                      = "eu-central-1"
    access_key                  = "testing"
    secret_key                  = "testing"
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_requesting_account_id  = true
  }
}
output "answer" {
  value = 42
}
"""
NONE_LISTED = b"<ListBucketResult><Name>state</Name><IsTruncated>false</IsTruncated></ListBucketResult>"
NOT_THERE = b"<Error><Code>NoSuchKey</Code></Error>"


class Bucket(http.server.BaseHTTPRequestHandler):
    """Of one bucket: objects, and the headers that each was put with."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body, key = self.rfile.read(int(self.headers.get("Content-Length", 0))), self.path.partition("?")[0]
        status, answer = 200, b""
        if self.command == "PUT":
            self.server.objects[key] = body
            self.server.put.append((key, {name.lower(): value for name, value in self.headers.items()}))
        elif self.command == "DELETE":
            self.server.objects.pop(key, None)
            status = 204
        elif "list-type" in self.path:
            answer = NONE_LISTED
        else:
            status, answer = (200, self.server.objects[key]) if key in self.server.objects else (404, NOT_THERE)
        self.send_response(status)
        self.send_header("ETag", '"x"')
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_HEAD = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def bucket():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        server.objects, server.put = {}, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_state_is_written_with_the_key_of_its_bucket(tmp_path):
    """The bucket refuses an upload that names another key, and S3's own is another (OurKeyOnly of modules/bucket)."""
    ours = re.search(r'backend "s3" \{\n(.*?)\n  \}', (TERRAFORM / "environments" / "common" / "versions.tf").read_text(), re.S)[1]
    (tmp_path / "main.tf").write_text(FILES % ours)
    with bucket() as server:
        env = environment(tmp_path) | {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_port}"}
        for arguments in (["init"], ["apply", "-auto-approve"]):
            done = subprocess.run([program(), *arguments, "-no-color"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        assert {key for key, _ in server.put} == {"/state/a/terraform.tfstate", "/state/a/terraform.tfstate.tflock"}
        for key, headers in server.put:
            assert not [name for name in headers if "server-side-encryption" in name], key
        assert list(server.objects) == ["/state/a/terraform.tfstate"]  # and the lock is gone
