# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md from results.json: figures as they were measured, and the notes that stand beside them."""
import json
import pathlib
import re

RESULTS = pathlib.Path(__file__).with_name("results.json")
NOTES = pathlib.Path(__file__).with_name("notes.md")
ORDER = ("B1", "B2", "B3", "B4", "B9", "B12", "B14", "G1", "G2", "G3", "G4", "G5")


def kept():
    """The figures so far."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"sections": []}


def number(v):
    return f"{v:.0f}" if v >= 100 else f"{v:.1f}" if v >= 20 else f"{v:.2f}"


def figure(bar):
    mid, low, high = bar["wall"] or bar["cpu"]
    return number(mid) if low == high else f"{number(mid)} ({number(low)} to {number(high)})"


def notes():
    """By section what notes.md says of it; the head is under ''."""
    parts = re.split(r"^## (\w+)\n", NOTES.read_text(encoding="utf-8"), flags=re.M)
    return {"": parts[0].strip(), **{name: text.strip() for name, text in zip(parts[1::2], parts[2::2])}}


def bars_table(sections):
    lines = ["| | measured | goal | wall, median (interval) | CPU | verdict |", "|---|---|---|---|---|---|"]
    for s in sections:
        for bar in s["bars"]:
            cpu = number(bar["cpu"][0]) if bar["cpu"] and bar["wall"] else ""
            goal = f"{'at most ' if bar['at_most'] else ''}{bar['goal']:g}"
            by = "" if bar["by"] == "wall" else ", by CPU"
            lines.append(f"| {s['id']} | {s['title']}: {bar['what']} | {goal} | {figure(bar)} | {cpu} | {bar['verdict']}{by} |")
    return "\n".join(lines)


def section_text(s):
    lines = [f"**{s['title']}**"]
    if s.get("said"):
        lines.append(s["said"])
    facts = [f"{s['n_rounds']} rounds, {s['n_calm']} of them calm", s["measured"]]
    if s["equal"]:
        facts.insert(0, f"equal: {s['equal']}")
    lines.append("; ".join(facts) + ".")
    if s["contestants"]:
        lines.append("\n| | seconds | whole process | CPU | peak | rows/s |\n|---|---|---|---|---|---|")
        for c in s["contestants"]:
            rate = f"{c['rate'] / 1e6:.2f} M" if c["rate"] else ""
            lines.append(f"| {c['name']} | {c['own']:.3f} | {c['wall']:.3f} | {c['cpu']:.3f} | {c['peak_mib']:.0f} MiB | {rate} |")
    return "\n".join(lines)


def write(kept, path):
    said, m = notes(), kept["machine"]
    sections = sorted(kept["sections"], key=lambda s: ORDER.index(s["id"]))
    out = ["# Benchmarks", "<!-- Made by bench/run_all.py from bench/results.json and bench/notes.md: change those. -->", said[""],
           "## Machine and versions",
           f"{m['cpu']}, {m['memory_gib']} GiB, {m['system']}, Linux {m['kernel']}; {m['compiler']}, release build; {m['peers']}; SQLite {m['sqlite']}.",
           "## Goals", bars_table(sections)]
    for name in ORDER:
        mine = [s for s in sections if s["id"] == name]
        if not mine:
            continue
        out.append(f"## {name}")
        if name in said:
            out.append(said[name])
        out.append(f"`{mine[0]['command']}`")
        out += [section_text(s) for s in mine]
    path.write_text("\n\n".join(out) + "\n", encoding="utf-8")
