"""Runs a program to its end and says what that cost.

The system remembers the most memory that a process had from before it became another program, so that what this
large process starts would never seem smaller than it. So this file, run as a program of its own, starts what is
measured; less than about 10 MB cannot be told.
"""

import json
import os
import subprocess
import sys
import time


class Failed(Exception):
    """A program that did not do what it was to do. The message has what it said last."""


class Measured:
    """Seconds by the clock and of the processors, and the memory of the largest process."""

    def __init__(self, wall, cpu, peak_bytes, load):
        self.wall = wall
        self.cpu = cpu
        self.peak_bytes = peak_bytes
        # What the machine was doing when it began; some of it may be the step before.
        self.load = load

    def __add__(self, other):
        """Two commands, one after the other."""
        peak_bytes = max(self.peak_bytes, other.peak_bytes)
        return Measured(self.wall + other.wall, self.cpu + other.cpu, peak_bytes, self.load)

    def as_dict(self):
        return {
            "wall_s": self.wall,
            "cpu_s": self.cpu,
            "peak_bytes": self.peak_bytes,
            "load": self.load,
        }


def run(command, log, env, cwd):
    """Runs `command` with its output appended to the file `log`. Raises `Failed` unless it ends with 0."""
    command = [str(part) for part in command]
    load = os.getloadavg()[0]
    runner = [sys.executable, "-I", "-S", os.path.abspath(__file__), log, *command]
    started = subprocess.run(runner, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env, cwd=cwd)
    if started.returncode != 0:
        raise Failed(f"`{' '.join(command)}` could not be run")
    code, wall, cpu, peak_bytes = json.loads(started.stdout)
    if code != 0:
        raise Failed(f"`{' '.join(command)}` ended with {code}: {last_lines(log)}")
    return Measured(wall, cpu, peak_bytes, load)


def sync():
    """Makes everything durable, so that no step pays for what the one before has written."""
    os.sync()


def last_lines(log):
    with open(log, "rb") as output:
        output.seek(max(0, os.fstat(output.fileno()).st_size - 2000))
        return output.read().decode(errors="replace").strip()


def start_and_wait(log, command):
    """What it and the processes that it waited for used is asked of the system (wait4)."""
    with open(log, "ab") as output:
        output.write(("$ " + " ".join(command) + "\n").encode(errors="surrogateescape"))
        output.flush()
        to_log = [(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)]
        started = time.monotonic()
        process = os.posix_spawnp(command[0], command, os.environ, file_actions=to_log)
        _, status, usage = os.wait4(process, 0)
        wall = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    # The kernel counts memory in kilobytes.
    return code, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


if __name__ == "__main__":
    print(json.dumps(start_and_wait(sys.argv[1], sys.argv[2:])))
