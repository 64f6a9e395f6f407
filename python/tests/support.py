"""What the tests share: archives, and the list of archives of all readers."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import tpk

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READERS = os.path.join(REPO, "testdata", "readers")


def unescape(text):
    """Return the path that a text of the list stands for."""
    data = re.sub(rb"%(..)", lambda m: bytes([int(m[1], 16)]), text.encode())
    return data.decode("utf-8", "surrogateescape")


def read_list():
    """Return the good and the hostile archives of the list, with the names of their files."""
    with open(os.path.join(READERS, "list.json"), encoding="utf-8") as f:
        lists = json.load(f)
    for a in lists["good"] + lists["hostile"]:
        a["archive"] = os.path.join(READERS, a["archive"])
        for e in a.get("entries", []):
            for key in ("path", "target"):
                if key in e:
                    e[key] = unescape(e[key])
    return lists["good"], lists["hostile"]


def good(name):
    """Return the name of a good archive of the list."""
    return os.path.join(READERS, "good", f"{name}.tar.gz")


def program():
    """Return the path of the program tpk."""
    found = os.environ.get("TPK") or shutil.which("tpk")
    if not found:
        raise unittest.SkipTest("the program tpk is missing")
    return found


def write_tree(directory, files):
    """Write files, by their paths. A path that ends in "/" is a directory."""
    for path, content in files.items():
        full = os.path.join(directory, path)
        os.makedirs(full if path.endswith("/") else os.path.dirname(full), exist_ok=True)
        if not path.endswith("/"):
            with open(full, "wb") as f:
                f.write(content)


class ArchiveCase(unittest.TestCase):
    """A test with a temporary directory and, if FILES is set, an archive of them."""

    FILES = {}
    FLAGS = ()

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="tpk-test-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        if cls.FILES:
            cls.name = cls.pack("data.tar.gz", cls.FILES, *cls.FLAGS)
            cls.archive = tpk.open(cls.name)
            cls.addClassCleanup(cls.archive.close)

    @classmethod
    def pack(cls, name, files, *flags):
        """Pack files, and return the name of the archive."""
        tree = tempfile.mkdtemp(dir=cls.directory)
        write_tree(tree, files)
        archive = os.path.join(cls.directory, name)
        subprocess.run([program(), "pack", "-q", *flags, tree, archive], check=True)
        return archive
