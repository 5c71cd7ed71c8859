# SPDX-License-Identifier: Apache-2.0
"""Makes small JSON inputs, each with its verdict, for every row of the rules.

A case is (name, verdict, bytes of a value): `y` is read, `n` is refused, `l` is past a limit.
What a standard leaves to the implementation (`i` in the name) has one of these verdicts, too.
Run as a program, it prints the table.
"""

GOOD_NUMBERS = """0 -0 1 -1 9 10 123 1234567890 12345678901234567890 0.0 0.5 -0.5 1.0 1.25 12345.678900 0.000000001
0e0 0E0 1e5 1E5 1e+5 1e-5 1.5e10 1.5E+10 -1.5E-10 0e+1 0e-1 9007199254740993 9223372036854775807 9223372036854775808
18446744073709551616 123456789012345 1234567890123456 12345678901234567 1.234567890123 1.2345678901234 1.23456789012345
123456789012.34 1234567890123.45 12345678901234.5 0.12345678901234567890 100000000000000000000.00000000000001
1e400 -1e400 1e-400 1.7976931348623157e308 5e-324 123e65 0.1e1 -0.0 -0e1 10e00 1e007""".split()
BAD_NUMBERS = """- + +1 -- -- 01 -01 00 -00 1. -1. .5 -.5 1.e5 1.-5 1e 1e+ 1e- 1E 1.5e 1.5e+ 1ee5 1e5.5 1.2.3 0x10 0xFF 1_000 1,000.5x
1f 1L 1d 12a 1e5e5 --1 -a 1+1 1-1 Infinity -Infinity +Infinity NaN -NaN nan inf 0b1 0o7 1e١ ١٢ １２ 2.e3 2.e-3 2.e+3
0.3e 0.3e+ 0.e1 -foo 1/2 1e0x 0.1.2 9.e+ 0_1 1__2 $5 5€ 5% 5; 1'000""".split()
BAD_WORDS = """tru truee true1 True TRUE fals False FALSE nul nulll Null NULL None undefined nil yes no t f n trUe fal\\u0073e
true.false null5 N/A""".split()
GOOD_TEXTS = [b"", b"a", b" ", b"0123456789abcde", b"0123456789abcdef", b"0123456789abcdefg", b"x" * 31, b"x" * 32, b"x" * 33,
              b"x" * 4096, b"\\\"", b"\\\\", b"\\/", b"/", b"\\b\\f\\n\\r\\t", b"\\\\\\\"", b"\\\\n", b"\\\\u0041", b"\\u0041",
              b"\\u00e9", b"\\u00E9", b"\\u20ac", b"\\uD83D\\uDE00", b"\\ud83d\\ude00x", b"\\u0001", b"\\u001f", b"\\u007f",
              b"\x7f", b"\\u0022", b"\\u005c", b"\\u002F", b"\\uFFFD", b"\\uE000", b"\\uD7FF", b"\\uDBFF\\uDFFF",
              "é€😀".encode(), "Ω≈ç√".encode(), b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xf0\x90\x80\x80", b"\xf4\x8f\xbf\xbd",
              b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80", b"\xe1\x80\x80", b"{", b"}", b"[", b"]", b",", b":", b"'",
              b"null", b"true", b"//", b"/* */", b"#", b"a" * 15 + b"\\n" + b"b" * 15, b"a" * 14 + b"\\\\" + b"b",
              "\u2028\u2029".encode(), "\ufeff".encode(), b"\\uFEFF", "日本語テキスト".encode(), "é".encode() * 20]
BAD_UTF8 = [b"\x80", b"\xbf", b"\xff", b"\xfe", b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf",
            b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xc3",
            b"\xc3a", b"\xe2\x82", b"\xe2\x82a", b"\xf0\x9f\x98", b"\xf0\x9f\x98a", b"\xc3\xa9\xa9", b"caf\xe9", b"\xa0"]
BAD_ESCAPES = [b"\\u", b"\\u1", b"\\u12", b"\\u123", b"\\u123g", b"\\ug123", b"\\u-123", b"\\u 123", b"\\u+123", b"\\U0041",
               b"\\u00", b"\\u0000", b"a\\u0000b", b"\\x41", b"\\0", b"\\101", b"\\'", b"\\ ", b"\\\t", b"\\\xc3\xa9", b"\\e",
               b"\\a", b"\\v", b"\\N", b"\\B", b"\\uD800", b"\\uDBFF", b"\\uDC00", b"\\uDFFF", b"\\ud83d\\u0041", b"\\ud83dx",
               b"\\ud83d\\n", b"\\ude00\\ud83d", b"\\ud83d\\ud83d", b"\\ud83d\\", b"\\ud83d\\u", b"\\ud83d\\ude0"]
GOOD_STRUCTURES = ["[]", "[ ]", "[1]", "[1,2]", "[1 , 2]", "[[]]", "[[],[]]", "[{}]", "{}", "{ }", '{"a":1}', '{ "a" : 1 }',
                   '{"a":1,"b":2}', '{"a":{"b":{"c":[]}}}', '{"":1}', '{"":{"":""}}', '{"a b":1}', '{"\\u0061":1}', '{"a":[{}]}',
                   '{"é":1}', '{"a":1,"A":2}', '{"a":1,"a ":2}', '[null,true,false]', '{"a":null}', '["a","b"]', "\t[\t]\t",
                   '{"a":1,"aa":2,"aaa":3}', "[0,-0,0.0]", '{"n":1.5e3}', '{"x":{"a":1},"y":{"a":1}}']
BAD_STRUCTURES = ["", " ", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,]", "[,1]", "[1,,2]", "[1 2]", "[1;2]", "[1:2]", "[1]]", "[[1]",
                  "[1}", "{]", "{,}", '{"a"}', '{"a":}', '{"a":1,}', '{"a" 1}', '{"a"=1}', '{"a":1 "b":2}', '{"a":1;"b":2}',
                  '{"a":1,,"b":2}', '{,"a":1}', "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{true:1}", '{"a":1]', '{"a":[}', '{"a":{]}',
                  '{"a"::1}', '{"a":1:2}', '{:1}', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '"', '"a', "'a'", "`a`", "“a”", "(1)",
                  "<a>", "1 2", "1,2", "[1],", "{},", "{}{}", "[][]", "[]x", "{}#", "1 // c", "/* c */ 1", "# c", "[1] // c",
                  "[1 /* c */]", "// c", "\\u0031", "\\n", "1\x0c", "\x0b1", "\xa01", "\u20281", "@", "&", "~", "=", "a", "abc",
                  '"a" "b"', '"a"b', '"a",', "[\"a\nb\"]", '["a"', '["a",', "[\"", "\x001", "1\x00", "[1\x00]", "[*]", "[...]",
                  '{"a":1}}', "[[[[", "[[1],2", ":", ",", "\x7f", '{"a":1,"b"}', '{"a" : "b" : "c"}', "{[]:1}", "{{}:1}"]
TWICE = ['{"a":1,"a":1}', '{"a":1,"a":2}', '{"a":1,"b":2,"a":3}', '{"a":1,"\\u0061":2}', '{"\\u0061":1,"a":2}', '{"":1,"":2}',
         '{"a":{"b":1,"b":2}}', '[{"a":1,"a":2}]', '{"a":{},"a":[]}', '{"é":1,"\\u00e9":2}', '{"a":null,"a":null}',
         '{"x":{"y":{"z":1,"z":1}}}', "{" + ",".join(f'"k{i}":0' for i in range(20)) + ',"k7":1}',
         "{" + ",".join(f'"k{i}":0' for i in range(200)) + ',"k3":1}',
         "{" + ",".join(f'"k{i}":0' for i in range(200)) + ',"k150":1}',
         "{" + ",".join(f'"k{i}":0' for i in range(200)) + ',"\\u006b150":1}']


def numbered(kind, verdict, values):
    for i, value in enumerate(values):
        yield f"{kind}_{i}", verdict, value if isinstance(value, bytes) else value.encode()


def limits():
    for depth, verdict in ((10, "y"), (59, "y"), (80, "l"), (100_000, "l")):
        yield f"depth_arrays_{depth}", verdict, b"[" * depth + b"]" * depth
        yield f"depth_objects_{depth}", verdict, b'{"a":' * depth + b"1" + b"}" * depth
    yield "depth_never_closed", "l", b"[" * 100_000
    for n, verdict in ((64, "y"), (65, "l"), (4000, "l")):
        yield f"number_digits_{n}", verdict, b"1" * n
        yield f"number_decimals_{n}", verdict, b"0." + b"1" * (n - 2)
        yield f"number_exponent_{n}", verdict, b"1e" + b"0" * (n - 3) + b"1"
    for n, verdict in ((256, "y"), (257, "l"), (2000, "l")):
        yield f"key_{n}", verdict, b'{"' + b"k" * n + b'":1}'
        yield f"key_escaped_{n}", verdict, b'{"' + b"\\u006b" * n + b'":1}'
    for n, verdict in ((1 << 20, "y"), ((1 << 20) + 1, "l")):
        yield f"text_{n}", verdict, b'"' + b"x" * n + b'"'
        yield f"text_escaped_{n}", verdict, b'"' + b"x" * (n - 2) + b'\\n"'


def values():
    yield from numbered("number", "y", GOOD_NUMBERS)
    yield from numbered("number_bad", "n", BAD_NUMBERS)
    yield from numbered("word", "y", ["true", "false", "null"])
    yield from numbered("word_bad", "n", BAD_WORDS)
    yield from numbered("text", "y", [b'"' + text + b'"' for text in GOOD_TEXTS])
    yield from numbered("text_control", "n", [b'"a' + bytes([c]) + b'b"' for c in range(0x20)])
    yield from numbered("text_escape", "n", [b'"' + text + b'"' for text in BAD_ESCAPES])
    yield from numbered("text_utf8", "n", [b'"' + text + b'"' for text in BAD_UTF8])
    yield from numbered("text_utf8_key", "n", [b'{"' + text + b'":1}' for text in BAD_UTF8])
    yield from numbered("text_noncharacter_i", "y", [b'"\xef\xbf\xbf"', b'"\\uFFFF"', b'"\xef\xb7\x90"', b'"\xf4\x8f\xbf\xbf"'])
    yield from numbered("structure", "y", GOOD_STRUCTURES)
    yield from numbered("structure_bad", "n", BAD_STRUCTURES)
    yield from numbered("blank_bad", "n", [bytes([c]) + b"1" for c in range(0x20) if c not in b"\t\n\r"])
    yield from numbered("twice", "n", TWICE)
    yield from limits()


def main():
    for name, verdict, value in values():
        print(f"{verdict} {name}: {value[:60]!r}{'...' if len(value) > 60 else ''}")


if __name__ == "__main__":
    main()
