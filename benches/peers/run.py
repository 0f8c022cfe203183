#!/usr/bin/env python3
"""Gibus beside other backup programs, on a tree of your own.

    benches/peers/run.py TREE [--rounds N] [--in DIR] [--only PROGRAMS] [--gibus PATH] [--json FILE]

TREE is only read: everything happens on a copy. README.md beside this file says what the rows mean and how the
programs are installed.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time

import programs
import table
import trees
from measured import Failed, sync

HERE = os.path.dirname(os.path.abspath(__file__))
GIBUS = os.path.join(HERE, "..", "..", "target", "release", "gibus")


def arguments():
    parser = argparse.ArgumentParser(description="Gibus beside other backup programs, on a tree of your own.")
    parser.add_argument("tree", help="the folder to back up; it is only read")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="everything N times (3)")
    parser.add_argument("--in", dest="place", metavar="DIR", help="write to a new folder there, removed in the end")
    parser.add_argument("--only", metavar="PROGRAMS", help="these, separated by commas")
    parser.add_argument("--gibus", default=GIBUS, metavar="PATH", help="the program; target/release/gibus")
    parser.add_argument("--json", metavar="FILE", help="write all raw figures there")
    return parser.parse_args()


class Bench:
    """All rounds, and what was measured in them."""

    def __init__(self, options, found, place):
        self.options = options
        self.found = found
        self.place = place
        self.tree = os.path.join(place, "tree")
        self.steps = []
        self.sizes = []
        self.failures = {}
        self.what_changed = ""

    def all_rounds(self):
        self.files, self.bytes = trees.size(self.options.tree)
        for round_number in range(self.options.rounds):
            say(f"round {round_number + 1} of {self.options.rounds}")
            self.one_round(round_number)

    def one_round(self, round_number):
        copy_tree(self.options.tree, self.tree)
        trees.read(self.tree)
        running = []
        for program, binary in self.found:
            place = os.path.join(self.place, program.name.replace(" ", "-"))
            os.makedirs(place)
            running.append(program(binary, place, self.tree))
        # Another one begins in each round.
        begin = round_number % len(running)
        running = running[begin:] + running[:begin]
        walks = [program for program in running if hasattr(program, "walk")]
        running = [program for program in running if not hasattr(program, "walk")]

        for program in running:
            self.guarded(program, program.create)
        self.step("first", round_number, running, lambda program: program.backup())
        self.size("first", round_number, running)
        self.step("unchanged", round_number, walks, lambda program: program.walk())
        self.step("unchanged", round_number, running, lambda program: program.backup())
        self.size("unchanged", round_number, running)
        self.what_changed = trees.change(self.tree, seed=round_number)
        trees.read(self.tree)
        self.step("changed", round_number, running, lambda program: program.backup())
        self.size("changed", round_number, running)
        for program in running:
            if program.name == "cp -a":
                # Its copy is still the one from before the change: made anew, to be compared.
                shutil.rmtree(program.repository)
                self.guarded(program, program.backup)
        self.restore(round_number, running)
        keepers = [program for program in running if program.keeps_history]
        self.step("prune", round_number, keepers, lambda program: program.prune())
        self.size("prune", round_number, keepers)
        for program in keepers:
            self.guarded(program, lambda: self.verify(program, "restored after the prune"))
            if program.name in self.failures:
                self.forget("prune", program)
        for program, _ in self.found:
            shutil.rmtree(os.path.join(self.place, program.name.replace(" ", "-")))
        shutil.rmtree(self.tree)

    def restore(self, round_number, running):
        for program in running:
            into = os.path.join(self.place, "restored")
            self.step("restore", round_number, [program], lambda program: program.restore(into))
            self.guarded(program, lambda: self.compare(program, into, "restored"))
            if program.name in self.failures:
                self.forget("restore", program)
            shutil.rmtree(into, ignore_errors=True)

    def verify(self, program, when):
        """Restores once more, unmeasured: what was deleted must not have taken anything else along."""
        into = os.path.join(self.place, "restored")
        program.restore(into)
        self.compare(program, into, when)
        shutil.rmtree(into)

    def compare(self, program, into, when):
        wrong = trees.differences(self.tree, program.restored(into))
        if wrong:
            raise Failed(f"what was {when} is not what was backed up: {'; '.join(wrong)}")

    def step(self, step, round_number, running, work):
        for program in running:
            sync()
            measured = self.guarded(program, lambda: work(program))
            if measured is not None:
                say(f"  {step:<10} {program.name:<10} {measured.wall:8.2f} s")
                self.steps.append({"round": round_number, "step": step, "program": program.name, **measured.as_dict()})

    def guarded(self, program, work):
        """Does the work of a program that has not failed yet; one that fails is out of the comparison."""
        if program.name in self.failures:
            return None
        try:
            return work()
        except (Failed, OSError) as error:
            self.failures[program.name] = str(error)
            print(f"FAILED {program.name}: {error}", file=sys.stderr)
            return None

    def forget(self, step, program):
        """No figure of a step that turned out to have failed."""
        self.steps = [s for s in self.steps if (s["step"], s["program"]) != (step, program.name)]
        self.sizes = [s for s in self.sizes if (s["step"], s["program"]) != (step, program.name)]

    def size(self, step, round_number, running):
        for program in running:
            if program.name not in self.failures and os.path.exists(program.repository):
                files, total = trees.size(program.repository)
                self.sizes.append(
                    {"round": round_number, "step": step, "program": program.name, "bytes": total, "files": files}
                )

    def as_dict(self):
        return {
            "tree": {"path": self.options.tree, "files": self.files, "bytes": self.bytes, "change": self.what_changed},
            "machine": {
                "processors": os.cpu_count(),
                "kernel": platform.release(),
                "cpu": processor(),
                "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            },
            "versions": {program.name: program.version(binary) for program, binary in self.found},
            "steps": self.steps,
            "sizes": self.sizes,
            "failures": self.failures,
        }


def copy_tree(source, target):
    """A copy that the changes are made to. The first read of `source` fills the memory as well."""
    log = target + ".log"
    programs.run(["cp", "-a", source, target], log, None, None)
    os.remove(log)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    options = arguments()
    options.tree = os.path.realpath(options.tree)
    try:
        only = options.only.split(",") if options.only else None
        found, missing = programs.find(only, os.path.abspath(options.gibus))
    except Failed as error:
        sys.exit(f"{error}")
    if not os.path.isdir(options.tree):
        sys.exit(f"{options.tree} is no folder")
    if any(p is programs.Gibus for p, _ in found) and not os.access(options.gibus, os.X_OK):
        sys.exit(f"{options.gibus} cannot be run: `cargo build --release` makes it")
    if missing:
        say(f"not installed, left out: {', '.join(missing)}")
    load = os.getloadavg()[0]
    if load > 1:
        say(f"the machine is busy (load {load:.1f}): believe ratios only")

    place = tempfile.mkdtemp(prefix="gibus-peers-", dir=options.place)
    bench = Bench(options, found, place)
    started = time.time()
    try:
        bench.all_rounds()
    finally:
        # Read-only folders of a tree are removed as well by root only.
        shutil.rmtree(place, ignore_errors=True)
    result = bench.as_dict()
    result["load_at_start"] = load
    result["seconds"] = time.time() - started
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    print(table.markdown(result))
    if bench.failures:
        sys.exit("failed: " + ", ".join(sorted(bench.failures)))


if __name__ == "__main__":
    main()
