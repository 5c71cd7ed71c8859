#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the package of the AWS Lambda function, for provided.al2023, on Debian 12:

  tools/lambda_package.sh [--arch ARCH]... [--add FOLDER]... [FOLDER]      [out/lambda]

  FOLDER/finetl-lambda-x86_64.zip       bootstrap, licences/, packages.txt, and what --add names
  FOLDER/finetl-lambda-arm64.zip

bootstrap is finetl with all libraries in it but libc, which is the system's: it asks for nothing newer than
GLIBC, below. Libraries are Debian's static ones, fetched by apt, which checks their signatures, into a folder of
its own, so that neither root nor a foreign architecture is needed. libcurl and libpq are built here of Debian's
sources, as Debian's static ones want Kerberos, LDAP and more.

The same tree, built with the same packages (packages.txt names them), gives the same bytes. SOURCE_DATE_EPOCH, else
the last commit, is the time of the files.
"""

import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GLIBC = (2, 34)            # Amazon Linux 2023
MAX_UNZIPPED_BYTES = 250 << 20
CA_FILE = "/etc/pki/tls/certs/ca-bundle.crt"
SECTIONS = "-ffunction-sections -fdata-sections"

# Lambda's names of processors: Debian's, and the compiler's.
ARCHES = {"x86_64": ("amd64", "x86_64-linux-gnu"), "arm64": ("arm64", "aarch64-linux-gnu")}

LIBRARIES = ("libssl-dev", "libexpat1-dev", "libyaml-dev", "libpcre2-dev", "libsqlite3-dev", "libxxhash-dev", "libzstd-dev",
             "zlib1g-dev", "unixodbc-dev")

# What is compiled, by the hash of Debian's description of it, which has those of the rest. Where Debian has a newer
# one, --sources prints what belongs here.
SOURCES = {
    "curl": ("7.88.1-10+deb12u15", "2744f12e3aef161c0361743fa1b318296b122e566e47f381e4a63320fbcc23f4"),
    "postgresql-15": ("15.18-0+deb12u1", "d940b57dd029ef0712212164410fcb51854c883f3fc0c3a11486acdfd2ca5947"),
}

# HTTP for S3, secrets and webhooks; SMTP for mail. Nothing else is ever asked of it (io/http_curl.c, io/smtp.c).
CURL_OPTIONS = ("--disable-shared --enable-static --disable-dependency-tracking --with-openssl --enable-threaded-resolver "
                "--without-zlib --without-brotli --without-zstd --without-libidn2 --without-nghttp2 --without-libpsl --without-librtmp "
                "--without-libssh2 --without-libgsasl --without-gssapi --without-ca-path --disable-ares --disable-dict --disable-file "
                "--disable-ftp --disable-gopher --disable-imap --disable-mqtt --disable-pop3 --disable-rtsp --disable-smb --disable-telnet "
                "--disable-tftp --disable-ldap --disable-manual --disable-alt-svc --disable-hsts --disable-unix-sockets --disable-ntlm "
                f"--disable-tls-srp --disable-libcurl-option --disable-doh --with-ca-bundle={CA_FILE}").split()
POSTGRES_OPTIONS = ("--without-readline", "--without-zlib", "--with-ssl=openssl", "--with-system-tzdata=/usr/share/zoneinfo")


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(argv, log, **how):
    """Quiet, unless it fails."""
    with open(log, "ab") as out:
        done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False, **how)
    if done.returncode:
        tail = pathlib.Path(log).read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        sys.exit("\n".join([*tail, f"lambda_package: {argv[0]} failed; all it wrote is in {log}"]))


def output(*argv, **how):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, **how).stdout


class Apt:
    """apt-get with lists, sources and an architecture of its own: it sees nothing of this machine's."""

    def __init__(self, folder, arch, mirror):
        self.folder, self.log = folder, folder / "log"
        for name in ("lists/partial", "cache/archives/partial", "parts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        (folder / "sources.list").write_text("".join(
            f"{kind} {key} {mirror}/{place} main\n" for kind in ("deb", "deb-src")
            for place in ("debian bookworm", "debian-security bookworm-security")), encoding="utf-8")
        settings = {"APT::Architecture": arch, "APT::Architectures": arch, "Dir::State": folder, "Dir::State::status": folder / "status",
                    "Dir::Cache": folder / "cache", "Dir::Etc::SourceList": folder / "sources.list", "Dir::Etc::SourceParts": folder / "parts",
                    "APT::Sandbox::User": "root" if os.getuid() == 0 else "", "Acquire::Retries": "3"}
        self.options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        run(["apt-get", *self.options, "update", "-q"], self.log)

    def newest(self, packages):
        """What Debian has now: {name: version}."""
        shown = output("apt-cache", *self.options, "show", "--no-all-versions", *packages)
        found = dict(re.findall(r"^Package: (\S+)$.*?^Version: (\S+)$", shown, re.M | re.S))
        return {name: found[name] for name in sorted(packages)}

    def fetch(self, packages, folder):
        folder.mkdir(parents=True, exist_ok=True)
        run(["apt-get", *self.options, "download", "-q", *(f"{n}={v}" for n, v in packages.items())], self.log, cwd=folder)
        return sorted(folder.glob("*.deb"))

    def source(self, name, folder):
        """Unpacked, after the hash of its description is what is written above."""
        version, sha256 = SOURCES[name]
        run(["apt-get", *self.options, "source", "-q", "--download-only", "--only-source", f"{name}={version}"], self.log, cwd=folder)
        dsc = folder / f"{name}_{version}.dsc"
        got = hashlib.sha256(dsc.read_bytes()).hexdigest()
        if got != sha256:
            sys.exit(f"lambda_package: {dsc.name} is {got}, not {sha256}")
        run(["dpkg-source", "--no-check", "-x", dsc, folder / name], self.log)  # apt has checked the signatures
        return folder / name

    def sources(self):
        """The lines for SOURCES, as of today."""
        for name in SOURCES:
            shown = output("apt-cache", *self.options, "showsrc", "--only-source", name)
            found = re.findall(r"^Version: (\S+)$.*?^Checksums-Sha256:\n(.*?)(?=^\S)", shown, re.M | re.S)
            for version, sums in found:
                yield f'    "{name}": ("{version}", "{re.search(r"^ ([0-9a-f]{64}) .*[.]dsc$", sums, re.M)[1]}"),'


class Libraries:
    """A folder as of a root, with headers and static libraries for one processor."""

    def __init__(self, folder, arch, apt):
        self.folder, self.arch, self.apt = folder, arch, apt
        self.triplet = ARCHES[arch][1]
        self.root = folder / "root"
        self.lib = self.root / "usr" / "lib" / self.triplet
        self.include = self.root / "usr" / "include"
        self.licences = folder / "licences"
        self.log = folder / "log"
        self.versions = apt.newest(LIBRARIES)

    def make(self):
        """Once: what Debian has newer makes another folder."""
        if (self.folder / "done").exists():
            return
        say(f"Libraries for {self.arch}")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.licences.mkdir(parents=True)
        for deb in self.apt.fetch(self.versions, self.folder / "debs"):
            run(["dpkg-deb", "-x", deb, self.root], self.log)
            name = deb.name.split("_")[0]
            shutil.copy(self.root / "usr" / "share" / "doc" / name / "copyright", self.licences / name)
        zstd = self.lib / "pkgconfig" / "libzstd.pc"  # names a folder in which Debian has not put it
        zstd.write_text(zstd.read_text().replace("}/lib\n", f"}}/lib/{self.triplet}\n"), encoding="utf-8")
        self.make_curl()
        self.make_libpq()
        shutil.copy(self.folder / "curl" / "debian" / "copyright", self.licences / "curl")
        shutil.copy(self.folder / "postgresql-15" / "debian" / "copyright", self.licences / "postgresql-15")
        for name in SOURCES:
            shutil.rmtree(self.folder / name)
        (self.folder / "done").touch()

    def environment(self):
        flags = f"-I{self.include} -I{self.include / self.triplet}"
        return os.environ | {
            "CC": f"{self.triplet}-gcc", "AR": f"{self.triplet}-ar", "RANLIB": f"{self.triplet}-ranlib", "CPPFLAGS": flags,
            "CFLAGS": f"-O2 {SECTIONS} -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffile-prefix-map={self.folder}=.",
            "LDFLAGS": f"-L{self.lib}", "LIBS": "-ldl -lpthread", "PKG_CONFIG_LIBDIR": str(self.lib / "pkgconfig"),
            "PKG_CONFIG_SYSROOT_DIR": str(self.root)}

    def configure(self, name, options):
        source = self.apt.source(name, self.folder)
        say(f"  {name}")
        run(["./configure", "--build=" + output("gcc", "-dumpmachine").strip(), "--host=" + self.triplet, "--prefix=/usr", *options],
            self.log, cwd=source, env=self.environment())
        return source

    def make_curl(self):
        source = self.configure("curl", CURL_OPTIONS)
        run(["make", "-C", "lib", f"-j{os.cpu_count()}"], self.log, cwd=source)
        shutil.copy(source / "lib" / ".libs" / "libcurl.a", self.lib)
        shutil.copytree(source / "include" / "curl", self.include / "curl", ignore=shutil.ignore_patterns("Makefile*"))
        version = SOURCES["curl"][0].split("-")[0]
        self.describe("libcurl", version, "-lcurl", "openssl")

    def make_libpq(self):
        source = self.configure("postgresql-15", POSTGRES_OPTIONS)
        for part in ("src/backend generated-headers", "src/interfaces/libpq all-static-lib", "src/port all", "src/common all"):
            folder, target = part.split()
            run(["make", "-C", folder, f"-j{os.cpu_count()}", target], self.log, cwd=source)
        for name in ("src/interfaces/libpq/libpq.a", "src/common/libpgcommon.a", "src/port/libpgport.a"):
            shutil.copy(source / name, self.lib)
        for name in ("src/interfaces/libpq/libpq-fe.h", "src/include/postgres_ext.h", "src/include/pg_config_ext.h"):
            shutil.copy(source / name, self.include)
        version = SOURCES["postgresql-15"][0].split("-")[0]
        self.describe("libpq", version, "-lpq -lpgcommon -lpgport -lm", "openssl")

    def describe(self, name, version, libs, requires):
        """For pkg-config."""
        (self.lib / "pkgconfig" / f"{name}.pc").write_text(
            f"Name: {name}\nDescription: static\nVersion: {version}\nRequires: {requires}\n"
            f"Cflags: -I/usr/include\nLibs: -L/usr/lib/{self.triplet} {libs}\n", encoding="utf-8")


def cross_file(libraries, folder):
    """Both processors are built as foreign ones: with nothing of this machine but its compiler and libc."""
    t, cpu = libraries.triplet, libraries.triplet.split("-")[0]
    shim = folder / "arc4random.o"
    run([f"{t}-gcc", "-O2", "-fPIE", "-Wall", "-Wextra", "-c", ROOT / "tools/lambda/arc4random.c", "-o", shim], libraries.log)
    seen = os.path.relpath(ROOT, folder / "b")  # meson names sources as they are seen from there, and assertions name them so
    flags = [*SECTIONS.split(), f"-I{libraries.include / t}", *(f"-ffile-prefix-map={place}=." for place in (ROOT, folder, seen))]
    links = [str(shim), "-Wl,--gc-sections", "-Wl,--build-id=none", "-s"]
    path = folder / "cross.txt"
    path.write_text(
        f"[binaries]\nc = '{t}-gcc'\nar = '{t}-gcc-ar'\nstrip = '{t}-strip'\npkgconfig = 'pkg-config'\n"
        f"[properties]\npkg_config_libdir = '{libraries.lib}/pkgconfig'\nsys_root = '{libraries.root}'\nneeds_exe_wrapper = true\n"
        f"[built-in options]\nc_args = {flags}\nc_link_args = {links}\n"
        f"[host_machine]\nsystem = 'linux'\ncpu_family = '{cpu}'\ncpu = '{cpu}'\nendian = 'little'\n", encoding="utf-8")
    return path


def build(libraries, folder, optimization, lto):
    """The binary."""
    say(f"finetl for {libraries.arch}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = {name: value for name, value in os.environ.items() if name not in ("CC", "CFLAGS", "CPPFLAGS", "LDFLAGS")}
    env |= {"PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}
    run(["meson", "setup", folder / "b", ROOT, "--cross-file", cross_file(libraries, folder), "-Dbuildtype=release",
         f"-Doptimization={optimization}", "-Dprefer_static=true", f"-Db_lto={'true' if lto else 'false'}"], libraries.log, env=env)
    run(["ninja", "-C", folder / "b", "finetl"], libraries.log, env=env)
    return folder / "b" / "finetl"


def newer_symbols(binary):
    """Symbols of a libc that is newer than the function's: there must be none."""
    table = output("readelf", "--wide", "--dyn-syms", "--version-info", binary)
    found = set(re.findall(r"(?:(\S+)@@?)?GLIBC_(\d+(?:\.\d+)+)", table))
    return sorted(f"{name or 'a version'} of {v}" for name, v in found if tuple(int(n) for n in v.split(".")) > GLIBC)


def needed(binary):
    return set(re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "--wide", "-d", binary)))


def check(binary):
    wrong = newer_symbols(binary)
    if wrong:
        sys.exit(f"lambda_package: {binary} would not start on glibc {'.'.join(map(str, GLIBC))}: it asks for {', '.join(wrong)}")
    foreign = {name for name in needed(binary) if not re.match(r"(libc|libm|ld-linux-x86-64|ld-linux-aarch64)\.so\.\d+$", name)}
    if foreign:
        sys.exit(f"lambda_package: {binary} asks for {', '.join(sorted(foreign))}, which the function's system need not have")


def commit_time():
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return int(os.environ["SOURCE_DATE_EPOCH"])
    return int(output("git", "-C", ROOT, "log", "-1", "--format=%ct"))


def write_zip(path, entries):
    """entries: {name in the zip: (bytes, mode)}. The same entries give the same bytes."""
    when = time.gmtime(max(commit_time(), 315532800))[:6]  # a zip knows no year before 1980
    if sum(len(content) for content, _ in entries.values()) > MAX_UNZIPPED_BYTES:
        sys.exit("lambda_package: more than Lambda unpacks, 250 MB")
    new = path.with_suffix(".new")
    with zipfile.ZipFile(new, "w") as out:
        for name, (content, mode) in sorted(entries.items()):
            info = zipfile.ZipInfo(name, when)
            info.create_system, info.external_attr, info.compress_type = 3, (0o100000 | mode) << 16, zipfile.ZIP_DEFLATED
            out.writestr(info, content, compresslevel=9)
    new.replace(path)


def entries_of(libraries, binary, added):
    versions = libraries.versions | {name: version for name, (version, _) in SOURCES.items()}
    versions["gcc"] = output(f"{libraries.triplet}-gcc", "-dumpfullversion").strip()
    entries = {"bootstrap": (binary.read_bytes(), 0o755),
               "packages.txt": ("".join(f"{n} {v}\n" for n, v in sorted(versions.items())).encode(), 0o644),
               "licences/finetl": ((ROOT / "LICENSE").read_bytes(), 0o644)}
    for path in sorted(libraries.licences.iterdir()):
        entries[f"licences/{path.name}"] = (path.read_bytes(), 0o644)
    for folder in added:
        top = pathlib.Path(folder).resolve()
        if not top.is_dir():
            sys.exit(f"lambda_package: --add {folder}: there is no such folder")
        for path in sorted(p for p in top.rglob("*") if p.is_file()):
            name = f"{top.name}/{path.relative_to(top).as_posix()}"
            if name in entries:
                sys.exit(f"lambda_package: --add {folder}: there is a {name} already")
            entries[name] = (path.read_bytes(), 0o644)
    return entries


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=ROOT / "out" / "lambda", type=pathlib.Path)
    parser.add_argument("--arch", action="append", choices=sorted(ARCHES), help="else both")
    parser.add_argument("--add", action="append", default=[], metavar="FOLDER", help="goes in under its name: pipelines, suites, certs")
    parser.add_argument("--work", default=ROOT / "build" / "lambda", type=pathlib.Path, help="where libraries are kept (default: build/lambda)")
    parser.add_argument("--mirror", default="http://deb.debian.org", help="of Debian (default: %(default)s)")
    parser.add_argument("--optimization", default="2", choices=["2", "3", "s"], help="of finetl itself (default: %(default)s)")
    parser.add_argument("--no-lto", action="store_true", help="for comparison")
    parser.add_argument("--sources", action="store_true", help="only print what Debian has of the sources today")
    args = parser.parse_args()

    work = args.work.resolve()
    args.folder.mkdir(parents=True, exist_ok=True)
    for arch in args.arch or sorted(ARCHES):
        apt = Apt(work / f"apt-{arch}", ARCHES[arch][0], args.mirror)
        if args.sources:
            print("\n".join(apt.sources()))
            return
        state = repr((apt.newest(LIBRARIES), SOURCES, CURL_OPTIONS, POSTGRES_OPTIONS))
        libraries = Libraries(work / f"{arch}-{hashlib.sha256(state.encode()).hexdigest()[:12]}", arch, apt)
        libraries.make()
        binary = build(libraries, work / f"build-{arch}", args.optimization, not args.no_lto)
        check(binary)
        path = args.folder / f"finetl-lambda-{arch}.zip"
        write_zip(path, entries_of(libraries, binary, args.add))
        say(f"{path}: {path.stat().st_size:,} bytes; bootstrap: {binary.stat().st_size:,}")


if __name__ == "__main__":
    main()
