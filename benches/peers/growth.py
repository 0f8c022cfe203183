#!/usr/bin/env python3
"""How the cost of Gibus grows with the number of files and of snapshots.

benches/peers/growth.py --in DIR [--files 10000,100000,1000000] [--snapshots 1,10,100] [--gibus PATH]

Makes trees of small files in DIR (a folder in memory, for the figures not to be those of a disk), backs them up and changes one file
in a hundred, again and again. Prints two Markdown tables. All of it is removed in the end.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time

import measured
import trees

WORDS = "the quick brown fox jumps over the lazy dog and goes home to have a cup of tea".split()


def main():
    options = parse()
    place = tempfile.mkdtemp(prefix="gibus-growth-", dir=options.place)
    try:
        by_files(place, options)
        by_snapshots(place, options)
    finally:
        shutil.rmtree(place)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    numbers = lambda text: [int(number) for number in text.split(",")]
    parser.add_argument("--in", dest="place", required=True)
    parser.add_argument("--files", type=numbers, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--snapshots", type=numbers, default=[1, 10, 100])
    parser.add_argument("--tree", type=int, default=10_000, help="files in the tree that is backed up often")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--gibus", default=os.path.join(here, "../../target/release/gibus"))
    return parser.parse_args()


class Gibus:
    """A home of its own with one archive of one tree."""

    def __init__(self, place, program):
        self.place, self.program = place, os.path.abspath(program)
        self.tree = os.path.join(place, "tree")
        self.disk = os.path.join(place, "disk")
        home = os.path.join(place, "home")
        for folder in (self.tree, self.disk, home):
            os.makedirs(folder)
        self.env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.now = 0

    def create(self):
        self.run("repo", "create", "main", "--location", self.disk)
        self.run("archive", "create", "home", "--repo", "main", "--include", self.tree)

    def run(self, *arguments):
        log = os.path.join(self.place, "log")
        return measured.run([self.program, *arguments], log, self.env, self.place)

    def backup(self):
        # Snapshots have names to the second.
        time.sleep(max(0, self.now + 1.01 - time.time()))
        self.now = time.time()
        return self.run("backup", "--quiet", "-A", "home")

    def stored(self):
        return trees.size(self.disk)[1]


def make_tree(root, files, seed):
    """Files of up to 4 KiB of words, no two alike, a hundred in a folder."""
    chosen = random.Random(seed)
    for number in range(files):
        folder = os.path.join(root, f"{number // 10_000:03}", f"{number // 100 % 100:02}")
        if number % 100 == 0:
            os.makedirs(folder)
        words = chosen.choices(WORDS, k=chosen.randrange(4, 700))
        with open(os.path.join(folder, f"{number}.txt"), "w") as file:
            file.write(f"{number} {' '.join(words)}")


def by_files(place, options):
    print("| files | first s | peak MB | same s | peak MB | 1% changed s | open and list one folder s | peak MB | extract s | peak MB | repository and snapshot, bytes a file |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for files in options.files:
        of_size = os.path.join(place, f"{files}")
        gibus = Gibus(of_size, options.gibus)
        make_tree(gibus.tree, files, files)
        gibus.create()
        first = gibus.backup()
        stored = gibus.stored()
        same = gibus.backup()
        trees.change(os.fsencode(gibus.tree), 1)
        changed = gibus.backup()
        listed = gibus.run("ls", "-A", "home", "--back", "1", os.path.join(gibus.tree, "000/00"))
        out = os.path.join(of_size, "out")
        os.mkdir(out)
        extracted = gibus.run("extract", "-A", "home", "/", "--into", out)
        print(
            f"| {files} | {first.wall:.2f} | {mb(first)} | {same.wall:.2f} | {mb(same)} | {changed.wall:.2f} "
            f"| {listed.wall:.3f} | {mb(listed)} | {extracted.wall:.2f} | {mb(extracted)} | {stored / files:.0f} |",
            flush=True,
        )
        shutil.rmtree(of_size)


def by_snapshots(place, options):
    print(f"\nA tree of {options.tree} files, one in a hundred changed from each snapshot to the next:\n")
    print("| snapshots | backup s | peak MB | ls s | storage statistics s | peak MB | what-if s | repository and snapshots MB | of it the snapshots | files in it |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    gibus = Gibus(os.path.join(place, "snapshots"), options.gibus)
    make_tree(gibus.tree, options.tree, 7)
    gibus.create()
    made = 0
    for snapshots in options.snapshots:
        while made < snapshots:
            made += 1
            last = gibus.backup()
            trees.change(os.fsencode(gibus.tree), made)
        listed = gibus.run("ls", "-A", "home", gibus.tree)
        statistics = gibus.run("snapshots", "-A", "home", "--storage-stats")
        what_if = gibus.run("what-if", "delete", "home", "--keep-last", "1")
        files, stored = trees.size(gibus.disk)
        snapshot_bytes = trees.size(os.path.join(gibus.disk, "gibus.d/snapshots"))[1]
        print(
            f"| {snapshots} | {last.wall:.2f} | {mb(last)} | {listed.wall:.3f} | {statistics.wall:.2f} | {mb(statistics)} "
            f"| {what_if.wall:.2f} | {stored / 1e6:.1f} | {snapshot_bytes / 1e6:.1f} | {files} |",
            flush=True,
        )


def mb(of):
    return f"{of.peak_bytes / 1e6:.0f}"


if __name__ == "__main__":
    try:
        main()
    except measured.Failed as error:
        sys.exit(f"growth.py: {error}")
