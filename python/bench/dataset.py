"""Measures reading small files in random order, as training does: python/bench/dataset.py DIR

It makes a tree of 300,000 files of 1 to 12 KB in DIR (12 GB of room; --files for fewer), packs it
with tpk, deflated and stored, zip, tar and squashfs, and prints in one run:

- CPU time a file, hot, user and system: one process reads 100 files from each source in turn, and
  the least of --rounds is taken for each 100, so that other load on the machine matters less;
- time to open the archive, and resident memory after the reading, in a new process;
- files a second of a loader with 4 workers: torch's DataLoader if torch is installed, else
  processes that read batches of 64 and send their sizes and first bytes back.

With a link DIR/tree to a real tree, its files of 1 to 12 KB are read in place of generated ones.
squashfs is mounted, so it needs root. TPK names the program tpk if it is not on the PATH.
"""

import argparse
import importlib.util
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tarfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import tpk  # noqa: E402

SOURCES = ("tpk", "tpk-stored", "zipfile", "tarfile", "plain", "squashfs")
WORKERS, BATCH, SAMPLE, CHUNK = 4, 64, 2_000, 100


def make_tree(directory, count):
    """Write files of text whose words are as frequent as in natural languages."""
    r = random.Random(7)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(letters[min(r.randrange(26), r.randrange(26))] for _ in range(r.randrange(2, 11)))
             for _ in range(4000)]  # fmt: skip
    picked = (words[min(r.randrange(4000), r.randrange(4000))] for _ in range(1_500_000))
    text = " ".join(picked).encode()
    for i in range(count):
        folder = f"{directory}/{i // 1000:03}"
        if i % 1000 == 0:
            os.makedirs(folder)
        size = r.randrange(1000, 12_001)
        at = r.randrange(len(text) - size)
        with open(f"{folder}/item-{i:07}.txt", "wb") as f:
            f.write((b"item %07d\n" % i + text[at : at + size])[:size])


def prepare(base, count):
    """Make what is not there yet."""
    tree, program = os.path.join(base, "tree"), os.environ.get("TPK", "tpk")

    def once(name, make):
        target = os.path.join(base, name)
        if not os.path.exists(target):
            print("making", name, file=sys.stderr)
            make(target + ".new")
            os.rename(target + ".new", target)

    def pack(*flags):
        def make(name):
            subprocess.run([program, "pack", "-q", *flags, tree + "/", name], check=True)
            os.rename(name + ".tpi", name[:-4] + ".tpi")

        return make

    def zip_tree(name):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
            for path in paths(base):
                z.write(os.path.join(tree, path), path)

    def write_list(name):
        with open(name, "w") as f:
            f.write(list_files(tree + "/"))

    once("tree", lambda name: make_tree(name, count))
    once("paths", write_list)
    once("tpk.tar.gz", pack())
    try:
        once("tpk-stored.tar.gz", pack("--level", "0"))
    except subprocess.CalledProcessError:
        print("this tpk has no level 0: no figures for tpk-stored", file=sys.stderr)
    once("zipfile.zip", zip_tree)
    once(
        "tarfile.tar",
        lambda name: subprocess.run(["tar", "cf", name, "-C", tree + "/", "."], check=True),
    )
    squash = ["-comp", "gzip", "-Xcompression-level", "6", "-quiet", "-no-progress", "-noappend"]
    once(
        "squashfs.img",
        lambda name: subprocess.run(["mksquashfs", tree + "/", name, *squash], check=True),
    )
    mounted = os.path.join(base, "squashfs")
    os.makedirs(mounted, exist_ok=True)
    if not os.path.ismount(mounted):
        subprocess.run(["mount", "-o", "loop,ro", f"{base}/squashfs.img", mounted], check=True)


def list_files(tree):
    """Return the paths of the files of 1 to 12 KB, one a line."""
    found = []
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path) and 1000 <= os.path.getsize(path) <= 12_000:
                found.append(os.path.relpath(path, tree))
    return "".join(f"{path}\n" for path in sorted(found))


def paths(base):
    """Return the paths that are read."""
    with open(os.path.join(base, "paths")) as f:
        return f.read().splitlines()


class Plain:
    def __init__(self, directory):
        self.directory = directory

    def read(self, path):
        with open(f"{self.directory}/{path}", "rb") as f:
            return f.read()


class Tar:
    def __init__(self, name):
        self.tar = tarfile.open(name)
        self.members = {m.name[2:]: m for m in self.tar if m.isfile()}

    def read(self, path):
        return self.tar.extractfile(self.members[path]).read()


def open_source(base, source):
    if source.startswith("tpk"):
        return tpk.open(f"{base}/{source}.tar.gz")
    if source == "zipfile":
        return zipfile.ZipFile(f"{base}/zipfile.zip")
    if source == "tarfile":
        return Tar(f"{base}/tarfile.tar")
    return Plain(os.path.join(base, "tree" if source == "plain" else "squashfs"))


def most_resident():
    """Return the most memory that the process had, in KB. ru_maxrss counts the parent's."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def sample(base):
    """Return paths at random."""
    wanted = paths(base)
    random.Random(1).shuffle(wanted)
    return wanted[:SAMPLE]


def compare(base, sources, rounds):
    """Return the CPU time of a file of each source, in microseconds."""
    wanted = sample(base)
    chunks = [wanted[i : i + CHUNK] for i in range(0, len(wanted), CHUNK)]
    archives = {source: open_source(base, source) for source in sources}
    least = {source: [float("inf")] * len(chunks) for source in sources}
    for _ in range(rounds + 1):  # the first one only fills the page cache, mostly
        for i, chunk in enumerate(chunks):
            for source, archive in archives.items():
                start = time.process_time()
                for path in chunk:
                    archive.read(path)
                least[source][i] = min(least[source][i], time.process_time() - start)
    return {source: sum(times) / len(wanted) * 1e6 for source, times in least.items()}


def one(base, source):
    """Print open time and memory, as JSON."""
    wanted = sample(base)
    before = most_resident()
    opened = []
    while len(opened) < 101 and sum(opened) < 1:
        archive = None
        start = time.perf_counter()
        archive = open_source(base, source)
        opened.append(time.perf_counter() - start)
    for path in wanted:
        archive.read(path)
    resident = most_resident() - before
    print(
        json.dumps(
            {
                "open_ms": statistics.median(opened) * 1e3,
                "memory_kb": resident,
            }
        )
    )


class Files:
    """A map-style dataset. Each worker opens the source when it first needs it."""

    def __init__(self, base, source):
        self.base, self.source, self.archive, self.pid = base, source, None, 0
        self.paths = paths(base)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        if self.archive is None or self.pid != os.getpid() and not self.source.startswith("tpk"):
            self.archive, self.pid = open_source(self.base, self.source), os.getpid()
        content = self.archive.read(self.paths[i])
        return len(content), content[0]


def work(dataset, batches, results):
    for batch in iter(batches.get, None):
        results.put([dataset[i] for i in batch])


def loader(base, source, count):
    """Return files a second of a loader, all of them once for large counts."""
    dataset = Files(base, source)
    order = list(range(len(dataset)))
    random.Random(2).shuffle(order)
    order = order[:count]
    start = time.perf_counter()
    try:
        from torch.utils.data import DataLoader, Subset
    except ImportError:
        queue, results = multiprocessing.Queue(), multiprocessing.Queue()
        parts = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        for part in [*parts, *[None] * WORKERS]:
            queue.put(part)
        workers = [multiprocessing.Process(target=work, args=(dataset, queue, results))
                   for _ in range(WORKERS)]  # fmt: skip
        for w in workers:
            w.start()
        n = sum(len(results.get()) for _ in parts)
        for w in workers:
            w.join()
    else:
        n = sum(len(sizes) for sizes, _ in
                DataLoader(Subset(dataset, order), batch_size=BATCH, num_workers=WORKERS))  # fmt: skip
    assert n == len(order)
    return n / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("--files", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--loaded", type=int, default=0, help="files that the loader reads; 0: all")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    base = os.path.abspath(options.directory)
    if options.one:
        one(base, options.one)
        return
    os.makedirs(base, exist_ok=True)
    prepare(base, options.files)
    has = [name for name in ("torch", "xxhash") if importlib.util.find_spec(name)]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f},"
          f" with {', '.join(has) or 'neither torch nor xxhash'}")  # fmt: skip
    print("source       CPU µs a file  of zipfile   open ms   memory KB   loader files/s")
    sources = [s for s in SOURCES if s != "tpk-stored" or os.path.exists(f"{base}/{s}.tar.gz")]
    cpu = compare(base, sources, options.rounds)
    for source in sources:
        command = [sys.executable, __file__, base, "--one", source]
        m = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        count = min(options.loaded or options.files, len(paths(base)))
        rate = loader(base, source, count // 10 if source == "squashfs" else count)
        print(
            f"{source:12} {cpu[source]:14.1f} {cpu[source] / cpu['zipfile']:11.2f}"
            f" {m['open_ms']:9.2f} {m['memory_kb']:11} {rate:16.0f}"
        )
    subprocess.run(["umount", os.path.join(base, "squashfs")], check=True)


if __name__ == "__main__":
    main()
