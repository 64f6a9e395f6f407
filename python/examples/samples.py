"""A WebDataset-style iterator: files that differ in their extensions only are one sample.

    for sample in samples("images.tar.gz", shuffle=True, worker=(0, 4)):
        sample["__key__"], sample["jpg"], sample["cls"]

Unlike a tar, an archive can be shuffled as a whole, and each worker reads its own part only.
"""

import random
from array import array

import tpk


def split(path):
    """Return key and extension of a path; the extension begins at the first dot of the name."""
    folder, slash, name = path.rpartition("/")
    stem, _, extension = name.partition(".")
    return folder + slash + stem, extension


def samples(name, folder="", shuffle=False, seed=0, worker=(0, 1)):
    """Yield the samples below a folder, each a dict of contents by extension.

    worker is the number of this worker and how many there are. Each gets other samples.
    """
    number, workers = worker
    with tpk.open(name) as archive:
        starts = array("I")  # the first file of each sample
        before = None
        for e in archive.entries(folder):
            if e.is_file() and split(e.path)[0] != before:
                before = split(e.path)[0]
                starts.append(e.ordinal)
        order = list(range(len(starts)))
        if shuffle:
            random.Random(seed).shuffle(order)
        for i in order[number::workers]:
            yield sample(archive, starts[i])


def sample(archive, ordinal):
    """Return the sample whose first file has a number."""
    key, _ = split(archive.entry(ordinal).path)
    out = {"__key__": key}
    while ordinal < len(archive):
        e = archive.entry(ordinal)
        if split(e.path)[0] != key:
            break
        if e.is_file():
            out[split(e.path)[1]] = archive[ordinal]
        ordinal += 1
    return out
