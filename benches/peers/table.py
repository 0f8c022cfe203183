#!/usr/bin/env python3
"""Medians and ratios of what `run.py` measured, as Markdown. By itself: `table.py FILE` of what `--json` wrote."""

import json
import statistics
import sys

# Those that are compared with Gibus as backup programs.
PEERS = ("restic", "rustic", "borg", "borg zstd", "bupstash")
ORDER = ("gibus", *PEERS, "cp -a", "rsync -a", "stat walk")
STEPS = ("first", "unchanged", "changed", "restore", "prune")


class Figures:
    def __init__(self, result):
        self.result = result

    def by_round(self, program, step, key="wall_s"):
        found = (s for s in self.result["steps"] if (s["program"], s["step"]) == (program, step))
        return {s["round"]: s[key] for s in found}

    def sizes(self, program, step, key="bytes"):
        found = (s for s in self.result["sizes"] if (s["program"], s["step"]) == (program, step))
        return {s["round"]: s[key] for s in found}

    def growth(self, program):
        before, after = self.sizes(program, "unchanged"), self.sizes(program, "changed")
        return {number: after[number] - before[number] for number in after if number in before}


def median(values):
    return statistics.median(values.values()) if values else None


def ratio(ours, theirs):
    """The median of the ratios of single rounds: what slowed down a whole round is in both."""
    ratios = {number: ours[number] / theirs[number] for number in ours if theirs.get(number)}
    return median(ratios)


def least(values_of, among):
    """The program with the lowest median, and its values."""
    medians = {program: median(values_of(program)) for program in among}
    medians = {program: value for program, value in medians.items() if value is not None}
    if not medians:
        return None, {}
    program = min(medians, key=medians.get)
    return program, values_of(program)


def cell(value, form="{:.2f}", scale=1):
    return "" if value is None else form.format(value / scale)


def markdown(result):
    figures = Figures(result)
    lines = [*head(result), "", *absolute(figures), "", *compared(figures)]
    lines.extend(f"\n**{program} failed:** {why}" for program, why in result["failures"].items())
    return "\n".join(lines)


def head(result):
    tree, machine = result["tree"], result["machine"]
    rounds = 1 + max((s["round"] for s in result["steps"]), default=-1)
    loads = [s["load"] for s in result["steps"]] or [0]
    return [
        f"{tree['files']} files, {tree['bytes'] / 1e6:.0f} MB; {rounds} rounds; changed: {tree['change']}.",
        f"{machine['cpu']}, {machine['processors']} processors, {machine['memory_bytes'] / 2**30:.0f} GB, "
        f"Linux {machine['kernel']}; load {result['load_at_start']:.1f} at the start, "
        f"{statistics.median(loads):.1f} in the middle of it.",
        "; ".join(sorted(result["versions"].values())) + ".",
    ]


def absolute(figures):
    heads = ["", "first s", "cpu s", "peak MB", "same s", "change s", "restore s", "prune s"]
    heads += ["repository MB", "files in it", "grown by MB", "after prune MB"]
    yield "| " + " | ".join(heads) + " |"
    yield "|---" * len(heads) + "|"
    for program in ORDER:
        if program not in figures.result["versions"]:
            continue
        cells = [program]
        cells.append(cell(median(figures.by_round(program, "first"))))
        cells.append(cell(median(figures.by_round(program, "first", "cpu_s"))))
        cells.append(cell(median(figures.by_round(program, "first", "peak_bytes")), "{:.0f}", 1e6))
        for step in STEPS[1:]:
            cells.append(cell(median(figures.by_round(program, step))))
        cells.append(cell(median(figures.sizes(program, "first")), "{:.1f}", 1e6))
        cells.append(cell(median(figures.sizes(program, "first", "files")), "{:.0f}"))
        cells.append(cell(median(figures.growth(program)), "{:.2f}", 1e6))
        cells.append(cell(median(figures.sizes(program, "prune")), "{:.1f}", 1e6))
        yield "| " + " | ".join(cells) + " |"


def compared(figures):
    """Gibus against the best of the others in each row."""
    rows = []

    def row(what, values_of, among):
        best, theirs = least(values_of, among)
        ours = ratio(values_of("gibus"), theirs)
        if best is not None and ours is not None:
            rows.append(f"| {what} | {best} | {ours:.2f} |")

    for step in STEPS:
        row(step, lambda program: figures.by_round(program, step), PEERS)
    row("restore", lambda program: figures.by_round(program, "restore"), ["cp -a"])
    row("unchanged", lambda program: figures.by_round(program, "unchanged"), ["stat walk"])
    row("unchanged", lambda program: figures.by_round(program, "unchanged"), ["rsync -a"])
    row("changed", lambda program: figures.by_round(program, "changed"), ["rsync -a"])
    row("size of the repository", lambda program: figures.sizes(program, "first"), PEERS)
    row("growth by the change", figures.growth, PEERS)
    row("size after prune", lambda program: figures.sizes(program, "prune"), PEERS)
    row("peak memory, first", lambda program: figures.by_round(program, "first", "peak_bytes"), PEERS)
    if rows:
        yield "| | gibus, divided by the best: | ratio |"
        yield "|---|---|---|"
        yield from rows


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(markdown(json.load(file)))
