"""Trees of files: sizes, reading them into memory, changing a copy, comparing two."""

import os
import random
import stat

BLOCK = 1 << 20
# Bytes that are put in: no multiple of anything that a chunker could be aligned to.
INSERTED_BYTES = 3001
# Where the bytes are put into the largest file, and what share of the files is changed.
INSERT_AT = 1_000_003
CHANGED_SHARE = 0.01


def entries(root):
    """Path relative to `root` and `lstat` of everything below it, in the order of names."""
    folders = [b""]
    root = os.fsencode(root)
    while folders:
        folder = folders.pop()
        with os.scandir(os.path.join(root, folder) if folder else root) as listing:
            found = sorted(listing, key=lambda entry: entry.name)
        for entry in found:
            path = os.path.join(folder, entry.name)
            status = entry.stat(follow_symlinks=False)
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)


def size(root):
    """Number of files that are no folders, and the bytes of the regular ones among them."""
    count, total = 0, 0
    for _, status in entries(root):
        if not stat.S_ISDIR(status.st_mode):
            count += 1
        if stat.S_ISREG(status.st_mode):
            total += status.st_size
    return count, total


def read(root):
    """Reads everything once, so that it is in memory where it fits."""
    buffer = bytearray(BLOCK)
    for path, status in entries(root):
        if stat.S_ISREG(status.st_mode):
            with open(os.path.join(os.fsencode(root), path), "rb", buffering=0) as file:
                while file.readinto(buffer):
                    pass


def change(root, seed):
    """Changes one file in a hundred and renames a folder; the same for the same tree and seed.

    In a tree of less than a hundred files bytes are put in near the start of the largest one. Returns what was done.
    """
    chosen = random.Random(seed)
    regular, folders = [], []
    for path, status in entries(root):
        if stat.S_ISREG(status.st_mode) and status.st_size > 0:
            regular.append((path, status.st_size))
        elif stat.S_ISDIR(status.st_mode):
            folders.append(path)
    if len(regular) < 100:
        path, length = max(regular, key=lambda file: file[1])
        insert(os.path.join(os.fsencode(root), path), min(INSERT_AT, length // 2), chosen)
        return f"{INSERTED_BYTES} bytes put in near the start of the largest file"
    changed = chosen.sample(regular, max(1, int(len(regular) * CHANGED_SHARE)))
    for path, length in changed:
        write_into(os.path.join(os.fsencode(root), path), length, chosen)
    renamed = rename_a_folder(root, folders, [path for path, _ in regular], chosen)
    return f"{len(changed)} files changed, a folder with {renamed} files renamed"


def insert(path, at, chosen):
    """Puts bytes into a file, as an editor does: into a new file that takes the old one's place."""
    new = path + b".new"
    with open(path, "rb") as old, open(new, "wb") as file:
        copy(old, file, at)
        file.write(chosen.randbytes(INSERTED_BYTES))
        copy(old, file, None)
    os.replace(new, path)


def copy(source, target, count):
    while count is None or count > 0:
        piece = source.read(BLOCK if count is None else min(BLOCK, count))
        if not piece:
            break
        target.write(piece)
        count = None if count is None else count - len(piece)


def write_into(path, length, chosen):
    """Overwrites some bytes of a file, and appends some."""
    mode = stat.S_IMODE(os.lstat(path).st_mode)
    os.chmod(path, mode | stat.S_IWUSR)
    with open(path, "r+b") as file:
        file.seek(chosen.randrange(length))
        file.write(chosen.randbytes(100))
    os.chmod(path, mode)


def rename_a_folder(root, folders, files, chosen):
    """Renames one with some files in it, but not more than one in fifty; how many those are."""
    counts = dict.fromkeys(folders, 0)
    for path in files:
        folder = os.path.dirname(path)
        while folder:
            counts[folder] += 1
            folder = os.path.dirname(folder)
    fitting = sorted(folder for folder, count in counts.items() if 10 <= count <= len(files) // 50)
    if not fitting:
        return 0
    folder = os.path.join(os.fsencode(root), chosen.choice(fitting))
    os.rename(folder, folder + b".renamed")
    return counts[os.path.relpath(folder, os.fsencode(root))]


def differences(expected, found, limit=5):
    """In what the tree `found` is not as `expected`: names, types, modes, times, links' targets, contents."""
    wrong = []
    theirs = dict(entries(found))
    for path, status in entries(expected):
        name = path.decode(errors="backslashreplace")
        other = theirs.pop(path, None)
        if other is None:
            wrong.append(f"{name} is missing")
        else:
            here, there = (os.path.join(os.fsencode(root), path) for root in (expected, found))
            difference = compare(status, other, here, there)
            if difference:
                wrong.append(f"{name}: {difference}")
        if len(wrong) >= limit:
            return wrong
    wrong.extend(f"{path.decode(errors='backslashreplace')} is too much" for path in theirs)
    return wrong[:limit]


def compare(status, other, here, there):
    if stat.S_IFMT(status.st_mode) != stat.S_IFMT(other.st_mode):
        return "another type"
    if stat.S_ISLNK(status.st_mode):
        return None if os.readlink(here) == os.readlink(there) else "another target"
    if status.st_mode != other.st_mode:
        return f"mode {other.st_mode:o} instead of {status.st_mode:o}"
    if status.st_mtime_ns != other.st_mtime_ns:
        return f"time {other.st_mtime_ns} instead of {status.st_mtime_ns}"
    if stat.S_ISREG(status.st_mode):
        if status.st_size != other.st_size:
            return f"{other.st_size} bytes instead of {status.st_size}"
        if not same_bytes(here, there):
            return "other bytes"
    return None


def same_bytes(here, there):
    with open(here, "rb") as one, open(there, "rb") as other:
        while True:
            piece = one.read(BLOCK)
            if piece != other.read(BLOCK):
                return False
            if not piece:
                return True
