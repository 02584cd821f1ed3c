"""Answers the questions of the harness's `Worker`: how long pyca/cryptography takes."""

import sys
import time

from cryptography.fernet import Fernet

fernet = Fernet("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
works = {}


def work(name):
    if name not in works:
        what, size = name.split(":")
        payload = b"x" * int(size)
        works[name] = (getattr(fernet, what), payload if what == "encrypt" else fernet.encrypt(payload))
    return works[name]


for line in sys.stdin:
    what, name, count = line.split()
    function, argument = work(name)
    if what == "allocations":
        print("-", flush=True)
        continue
    turns = range(int(count))
    start = time.perf_counter_ns()
    for _ in turns:
        function(argument)
    print(time.perf_counter_ns() - start, flush=True)
