"""The programs that are compared, each with its own defaults.

A program works in a folder of its own: `repository` (or a plain copy), `home`, `log`. What it has to be told in order to
begin is not measured; what each of the methods `backup`, `restore` and `prune` returns is.
"""

import json
import os
import shutil
import subprocess

from measured import Failed, run


class Program:
    """One program in its folder `place`, backing up the folder `tree`."""

    name = ""
    command = ""
    # Compared with Gibus as one of the same kind.
    is_peer = True
    # Several generations, the oldest of which can be deleted.
    keeps_history = True

    def __init__(self, binary, place, tree):
        self.binary = binary
        self.place = place
        self.tree = tree
        self.repository = os.path.join(place, "repository")
        self.log = os.path.join(place, "log")
        home = os.path.join(place, "home")
        os.makedirs(home)
        # Nothing of the user's own settings and caches.
        keep = ("PATH", "LANG", "LC_ALL", "TZ")
        self.env = {key: os.environ[key] for key in keep if key in os.environ}
        self.env.update(HOME=home, XDG_CACHE_HOME=os.path.join(home, ".cache"))

    def do(self, *arguments, cwd=None):
        return run([self.binary, *arguments], self.log, self.env, cwd or self.place)

    def ask(self, *arguments):
        """What it prints."""
        asked = subprocess.run(
            [self.binary, *arguments],
            env=self.env,
            cwd=self.place,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if asked.returncode != 0:
            raise Failed(f"`{self.binary} {' '.join(arguments)}`: {asked.stderr.strip()[-2000:]}")
        return asked.stdout

    def create(self):
        """Makes the repository."""

    def restored(self, into):
        """Where below `into` the tree is after it was restored."""
        return os.path.join(into, self.tree.lstrip("/"))

    @classmethod
    def version(cls, binary):
        asked = subprocess.run([binary, "--version"], capture_output=True, text=True)
        return (asked.stdout or asked.stderr).strip().splitlines()[0]


class Gibus(Program):
    name = "gibus"
    command = "gibus"
    is_peer = False

    def create(self):
        self.env["GIBUS_CONFIG_DIR"] = os.path.join(self.place, "config")
        self.do("repo", "create", "bench", "--location", self.repository)
        self.do("archive", "create", "bench", "--repo", "bench", "--keep-broken-links", "--include", self.tree)

    def backup(self):
        return self.do("backup", "-A", "bench")

    def restore(self, into):
        return self.do("extract", "-A", "bench", "--into", into, self.tree)

    def restored(self, into):
        return os.path.join(into, os.path.basename(self.tree))

    def prune(self):
        return self.do("delete", "-A", "bench") + self.do("repo", "prune", "bench")


def oldest_snapshot(listed):
    """The id of the oldest snapshot in a listing, which restic and rustic nest differently."""

    def snapshots(value):
        if isinstance(value, dict):
            if "time" in value and "id" in value:
                yield value["time"], value["id"]
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                yield from snapshots(inner)

    return min(snapshots(json.loads(listed)))[1]


class Restic(Program):
    name = "restic"
    command = "restic"

    def create(self):
        self.env.update(RESTIC_REPOSITORY=self.repository, RESTIC_PASSWORD="bench")
        self.do("init")

    def backup(self):
        return self.do("backup", self.tree)

    def restore(self, into):
        return self.do("restore", "latest", "--target", into)

    def prune(self):
        oldest = oldest_snapshot(self.ask("snapshots", "--json"))
        return self.do("forget", oldest, "--prune")

    @classmethod
    def version(cls, binary):
        return subprocess.run([binary, "version"], capture_output=True, text=True).stdout.strip()


class Rustic(Program):
    name = "rustic"
    command = "rustic"

    def create(self):
        self.env.update(RUSTIC_REPOSITORY=self.repository, RUSTIC_PASSWORD="bench")
        self.do("init")

    def backup(self):
        return self.do("backup", self.tree)

    def restore(self, into):
        return self.do("restore", f"latest:{self.tree}", into)

    def restored(self, into):
        return into

    def prune(self):
        oldest = oldest_snapshot(self.ask("snapshots", "--json"))
        # By default it keeps what it has marked for 23 hours more, and gives nothing back.
        return self.do("forget", oldest) + self.do("prune", "--instant-delete")


class Borg(Program):
    """Not encrypted; it demands that one says so."""

    name = "borg"
    command = "borg"
    compression = ()

    def create(self):
        self.env.update(BORG_REPO=self.repository, BORG_BASE_DIR=self.env["HOME"])
        self.do("init", "-e", "none")
        self.count = 0

    def backup(self):
        self.count += 1
        return self.do("create", *self.compression, f"::{self.count}", self.tree)

    def restore(self, into):
        os.makedirs(into)
        return self.do("extract", f"::{self.count}", cwd=into)

    def prune(self):
        return self.do("delete", "::1") + self.do("compact")


class BorgZstd(Borg):
    name = "borg zstd"
    compression = ("--compression", "zstd,3")


class Bupstash(Program):
    name = "bupstash"
    command = "bupstash"

    def create(self):
        key = os.path.join(self.place, "key")
        self.env.update(BUPSTASH_REPOSITORY=self.repository, BUPSTASH_KEY=key)
        self.do("new-key", "-o", key)
        self.do("init")
        self.count = 0

    def backup(self):
        self.count += 1
        return self.do("put", f"run={self.count}", self.tree)

    def restore(self, into):
        os.makedirs(into)
        return self.do("restore", "--into", into, f"run={self.count}")

    def restored(self, into):
        return into

    def prune(self):
        return self.do("rm", "run=1") + self.do("gc")


class Copy(Program):
    name = "cp -a"
    command = "cp"
    is_peer = False
    keeps_history = False

    def backup(self):
        if os.path.exists(self.repository):
            # It copies everything each time: there is no second row for it.
            return None
        return self.do("-a", self.tree, self.repository)

    def restore(self, into):
        return self.do("-a", self.repository, into)

    def restored(self, into):
        return into


class Rsync(Program):
    name = "rsync -a"
    command = "rsync"
    is_peer = False
    keeps_history = False

    def backup(self):
        return self.do("-a", "--delete", self.tree + "/", self.repository)

    def restore(self, into):
        return self.do("-a", self.repository + "/", into)

    def restored(self, into):
        return into


class Walk(Program):
    """Asks for the metadata of everything with one thread, and does nothing with it."""

    name = "stat walk"
    command = "find"
    is_peer = False
    keeps_history = False

    def walk(self):
        # No file has so many links; it has to ask each.
        return self.do(self.tree, "-links", "+100000000")


ALL = (Gibus, Restic, Rustic, Borg, BorgZstd, Bupstash, Copy, Rsync, Walk)


def find(only, gibus):
    """The classes of the programs that are installed, with their binaries, and the names of those that are not."""
    unknown = set(only or ()) - {program.name for program in ALL} - {p.command for p in ALL}
    if unknown:
        raise Failed(f"no such program: {', '.join(sorted(unknown))}")
    found, missing = [], []
    for program in ALL:
        if only and program.name not in only and program.command not in only:
            continue
        binary = gibus if program is Gibus else shutil.which(program.command)
        if binary is None:
            missing.append(program.name)
        else:
            found.append((program, binary))
    return found, missing
