# SPDX-License-Identifier: Apache-2.0
"""Certificates that the tests make with openssl: good ones, and each kind of bad one."""

import pathlib
import subprocess

CONFIG = """
[ca]
default_ca = it
[it]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
serial = $dir/serial
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


def openssl(folder, *arguments):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)


class Authority:
    """One that signs; `crt` is its certificate, for ca_file."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.crt = self.folder / "ca.crt"
        (self.folder / "ca.cnf").write_text(CONFIG.format(folder=self.folder))
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("1000\n")
        openssl(self.folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=finetl test authority", "-keyout", "ca.key", "-out", "ca.crt")

    def leaf(self, name, hosts="DNS:localhost,IP:127.0.0.1", dates=()):
        """(certificate, key) for hosts. dates: start and end, as YYMMDDHHMMSSZ."""
        crt, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        openssl(self.folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={hosts}", "-keyout", key, "-out", f"{name}.csr")
        span = ("-startdate", dates[0], "-enddate", dates[1]) if dates else ()
        openssl(self.folder, "ca", "-batch", "-notext", "-config", "ca.cnf", *span, "-in", f"{name}.csr", "-out", crt)
        return crt, key

    def expired(self):
        return self.leaf("expired", dates=("200101000000Z", "210101000000Z"))

    def not_yet_valid(self):
        return self.leaf("early", dates=("400101000000Z", "410101000000Z"))

    def revoked(self):
        """(certificate, key), and the list that says so."""
        pair, crl = self.leaf("revoked"), self.folder / "list.crl"
        openssl(self.folder, "ca", "-batch", "-config", "ca.cnf", "-revoke", pair[0])
        openssl(self.folder, "ca", "-config", "ca.cnf", "-gencrl", "-out", crl)
        return pair, crl

    def self_signed(self):
        crt, key = self.folder / "self.crt", self.folder / "self.key"
        openssl(self.folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", crt)
        return crt, key
