# SPDX-License-Identifier: Apache-2.0
"""Cells of text: identifiers, names, and bytes that are no text."""

from corpus import No, Values

UTF8, NUL, LONG = No("invalid_utf8"), No("nul_byte"), No("too_long")

GROUPS = [
    Values("identifiers that look like something else stay as they are", {"type": "text(40)"}, [
        (text, text) for text in ("007", "1e5", "0x1F", "9223372036854775808", "NA", "null", "NULL", "None", "NaN", "TRUE", "\\N", "\\.", "3.10", "1,5", "2025-01-01", " 7 ", "-0")
    ]),
    Values("the empty text", {"type": "text(40)"}, [("", None), (" ", " "), ("\t", "\t")]),
    Values("formulas are data", {"type": "text(40)"}, [(text, text) for text in ("=1+1", "+5", "-5", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/c calc'!A0")]),
    Values("text that other programs give a meaning to", {"type": "text(60)"}, [
        (text, text) for text in ("Robert'); DROP TABLE t;--", "%s%n", "${HOME}", "{x}", "$(id)", "`id`", "../../etc/passwd", "<script>alert(1)</script>", "a\\b", "O'Brien", "\x1b[31mred", "--", "/*", "\u202eabc")
    ]),
    Values("line ends and quotes in a quoted cell", {"type": "text(40)"}, [
        (text, text) for text in ("line\nbreak", "crlf\r\nhere", "cr\rhere", "\n", "\r\n", 'say "hi"', '"', '""', "a,b", ",", "\n\n\n")
    ]),
    Values("every character that Unicode has a place for", {"type": "text(40)"}, [
        (text, text) for text in ("Zoë", "日本", "🙂 ok", "e\u0301", "\ufffd", "\ue000", "\U0010fffd", "\u007f", "\u0001", "\u0080", "a\u00a0b", "\u2028", "𝒳", "\u200b", "ﬁ")
    ]),
    Values("bytes that are no UTF-8: cut, stray, overlong, surrogates, past U+10FFFF", {"type": "text(40)"}, [
        (data, UTF8) for data in (b"\xff", b"\xfe", b"ab\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"\xbfa", b"\xa0", b"caf\xe9", b"\xc3\xa9\xa9", b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf",
                                  b"\xf0\x80\x80\xaf", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
                                  b"\xfc\x84\x80\x80\x80\x80", b"\xe2\x82a", b"\xc3(")
    ]),
    Values("noncharacters", {"type": "text(40)"}, [(data, UTF8) for data in (b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xef\xb7\x90", b"\xef\xb7\xaf", b"\xf0\x9f\xbf\xbe", b"\xf0\x9f\xbf\xbf", b"\xf4\x8f\xbf\xbf")]),
    Values("NUL bytes", {"type": "text(40)"}, [(b"\x00", NUL), (b"a\x00b", NUL), (b"\x00a", NUL), (b"a" * 30 + b"\x00", NUL), (b"\xc3\xa9\x00", NUL)]),
    Values("`text(5)` holds five characters, of however many bytes; nothing is cut", {"type": "text(5)"}, [
        ("abcde", "abcde"), ("abcdef", LONG), ("ééééé", "ééééé"), ("éééééé", LONG), ("𝒳𝒳𝒳𝒳𝒳", "𝒳𝒳𝒳𝒳𝒳"), ("𝒳𝒳𝒳𝒳𝒳𝒳", LONG), ("e\u0301e\u0301e\u0301", LONG), ("abcd ", "abcd "), ("abcde ", LONG),
        ("x" * 100_000, LONG),
    ]),
    Values("`text(5)` with `trim: true` is measured behind it", {"type": "text(5)", "trim": True}, [
        ("  abcde  ", "abcde"), ("\x0babcde\x0c", "abcde"), (" abcdef ", LONG), ("a b", "a b"), ("   ", None), ("\t\n\r", None), ("\u00a0abcd", "\u00a0abcd"), ("\u00a0abcde", LONG),
    ]),
    Values("`case: lower`", {"type": "text(40)", "case": "lower"}, [("ABC", "abc"), ("ÀÉ", "àé"), ("ΟΔΟΣ", "οδοσ"), ("İ", "i"), ("straße", "straße"), ("ABC1_", "abc1_")]),
    Values("`case: upper`", {"type": "text(40)", "case": "upper"}, [("abc", "ABC"), ("straße", "STRAßE"), ("ﬁn", "ﬁN"), ("ŉ", "ŉ"), ("ñandú", "ÑANDÚ")]),
    Values("`trim`, `null: [\"\", NA]`, `map: {Gold: Premium, g: Premium, NA: never, \"?\": \"\"}`, `case: lower`, in this order",
           {"type": "text(20)", "trim": True, "null": ["", "NA"], "map": {"Gold": "Premium", "g": "Premium", "NA": "never", "?": ""}, "case": "lower"}, [
               ("Gold", "premium"), (" Gold ", "premium"), ("g", "premium"), ("gold", "gold"), ("G", "g"), ("NA", None), ("na", "na"), ("", None), ("?", ""), ("GOLD", "gold"), ("Golden", "golden"),
           ]),
    Values("`map` with `default: Gold`, which is cleaned as a cell is", {"type": "text(20)", "map": {"Gold": "Premium"}, "default": "Gold", "case": "lower"}, [("", "premium"), ("x", "x")]),
    Values("`required: true`", {"type": "text(20)", "required": True}, [("", No("missing")), (" ", " "), ("x", "x")]),
    Values("`required: true` with `trim`", {"type": "text(20)", "required": True, "trim": True}, [("", No("missing")), (" ", No("missing")), ("x", "x")]),
]
