# SPDX-License-Identifier: Apache-2.0
"""The checks that hold the house do ring when something is wrong, and not when nothing is."""

import subprocess
import sys

import pytest

from finetl import ROOT

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


def check(tool, *arguments):
    done = subprocess.run([sys.executable, ROOT / "tools" / tool, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def tree(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LICENCE + text)
    return folder


@pytest.mark.parametrize("files, word", [
    ({"base/a.c": '#include "batch/b.h"\n', "batch/b.h": ""}, "base may not include batch"),
    ({"expr/a.c": '#include "io/b.h"\n', "io/b.h": ""}, "expr may not include io"),
    ({"load/a.c": "#include <sqlite3.h>\n"}, "sqlite3.h"),
    ({"io/a.c": "#include <openssl/evp.h>\n"}, "openssl"),
    ({"io/a.c": '#include "b.h"\n', "io/b.h": ""}, "layer/file.h"),
    ({"io/a.c": '#include "io/gone.h"\n'}, "there is no"),
    ({"io/a.h": '#include "io/b.h"\n', "io/b.h": '#include "io/a.h"\n'}, "cycle"),
    ({"odd/a.c": ""}, "in no layer"),
])
def test_a_breach_of_the_layers_is_found(tmp_path, files, word):
    code, output = check("check_layers.py", tree(tmp_path, files))
    assert code == 1 and word in output


def test_a_clean_tree_passes_the_checks(tmp_path):
    folder = tree(tmp_path, {"io/a.c": '#include "base/b.h"\n#include <stdio.h>\n/* strcpy( double */\n', "base/b.h": ""})
    assert check("check_layers.py", folder)[0] == 0
    assert check("check_banned.py", folder)[0] == 0


@pytest.mark.parametrize("name, text, word", [
    ("io/a.c", "int f(void) { return atoi(x); }\n", "atoi"),
    ("io/a.c", "void f(void) { strcpy (a, b); }\n", "strcpy"),
    ("io/a.c", "void *f(void) { return malloc(3); }\n", "malloc"),
    ("expr/a.c", "static double sum;\n", "double"),
    ("io/a.c", "/* TO" + "DO: later */\n", "TO" + "DO"),
    ("io/a.c", "int x;\n" * 601, "lines"),
])
def test_what_is_banned_is_found(tmp_path, name, text, word):
    code, output = check("check_banned.py", tree(tmp_path, {name: text}))
    assert code == 1 and word in output


def test_a_soft_binary_is_found(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-no-pie", "-fno-stack-protector", "-fcf-protection=none", "-z", "norelro", "-z", "execstack", "-o",
                    tmp_path / "soft", source], check=True, capture_output=True)
    code, output = check("check_hardening.py", tmp_path / "soft")
    assert code == 1 and output.count("FAIL") >= 5, output
