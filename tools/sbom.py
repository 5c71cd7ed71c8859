#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bill of materials of a built finetl: SPDX 2.3 in JSON, on stdout.

  sbom.py ROOT        ROOT was laid out by tools/image_root.sh

It lists the binary with its checksums, and the Debian packages whose files are beside it, with their versions, as dpkg
had them. SOURCE_DATE_EPOCH is the time that it says it was made at, so that the same root gives the same text.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import sys
import urllib.parse

PROJECT = pathlib.Path(__file__).resolve().parent.parent


def version():
    return re.search(r"version: '([^']+)'", (PROJECT / "meson.build").read_text(encoding="utf-8"))[1]


def fields(path):
    """The one-line fields of a dpkg status file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if re.match(r"[A-Z][A-Za-z-]*: ", line))


def debian_release(root):
    text = (root / "etc" / "os-release").read_text(encoding="utf-8")
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.M)).get("VERSION_ID", "unstable")


def package(status, release):
    name, number, arch = status["Package"], status["Version"], status["Architecture"]
    locator = f"pkg:deb/debian/{name}@{urllib.parse.quote(number, safe='')}?arch={arch}&distro=debian-{release}"
    return {
        "SPDXID": f"SPDXRef-deb-{re.sub(r'[^A-Za-z0-9.-]', '-', name)}",
        "name": name,
        "versionInfo": number,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}],
    }


def document(root):
    binary = (root / "usr" / "bin" / "finetl").read_bytes()
    made = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    packages = [package(fields(path), debian_release(root)) for path in sorted((root / "var/lib/dpkg/status.d").iterdir())]
    sha256 = hashlib.sha256(binary).hexdigest()
    main_package = {
        "SPDXID": "SPDXRef-finetl",
        "name": "finetl",
        "versionInfo": version(),
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": sha256}],
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:generic/finetl@{version()}?checksum=sha256:{sha256}"}],
    }
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-finetl"}]
    relations += [{"spdxElementId": "SPDXRef-finetl", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": p["SPDXID"]}
                  for p in packages]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"finetl-{version()}",
        "documentNamespace": f"https://spdx.org/spdxdocs/finetl-{version()}-{sha256}",
        "creationInfo": {"created": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: finetl-tools-sbom.py"]},
        "packages": [main_package, *packages],
        "relationships": relations,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=pathlib.Path, metavar="ROOT")
    options = parser.parse_args()
    try:
        print(json.dumps(document(options.root), indent=1))
    except OSError as reason:
        print(f"sbom.py: {reason}; lay the folder out by tools/image_root.sh", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
