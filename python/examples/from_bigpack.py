"""Makes an archive of packs of bigpack: from_bigpack.py DIR | tpk convert - NEW.tar.gz

DIR has BigPack.index and BigPack.data, or directories in it have. It writes a tar with the last
version of each file to standard output. Each content is compared with its hash. Contents that were
marked as deleted are left out, each with a message.
"""

import hashlib
import os
import re
import struct
import sys
import tarfile
import tempfile
import zlib

INDEX, DATA = "BigPack.index", "BigPack.data"
PREFIX = struct.Struct("<Ib10sB")  # of a content: size, high byte of the size, hash, flags
DEFLATED, DELETED = 1, 2  # flags
STEP, IN_MEMORY = 1 << 16, 1 << 26
NUMBER = re.compile(rb"-?[0-9]{1,15}")


def hash_of(data=b""):
    """Return an object that hashes as bigpack does: the first 10 bytes of the MD5."""
    return hashlib.md5(data, usedforsecurity=False)


def read_index(name):
    """Return hash, mode, time and offset of the last version of each file, by its path."""
    files = {}
    with open(name, "rb") as f:
        for number, line in enumerate(f, 1):
            if line.startswith(b"#") or line == b"\n":
                continue
            fields = line.rstrip(b"\n").split(b"\t")
            if len(fields) != 7 or not all(NUMBER.fullmatch(n) for n in fields[3:]):
                raise ValueError(f"{name}: line {number} is not one of an index")
            path, path_hash, content_hash, mode, time, _, offset = fields
            if hash_of(path).hexdigest()[:20].encode() != path_hash:
                raise ValueError(f"{name}: line {number} has a path that is not its hash's")
            files[path] = content_hash.decode("ascii"), int(mode, 8), int(time), int(offset)
    return files


def copy(f, size, deflated, out):
    """Write the size bytes at f to out, inflated. Return the hash of what was written."""
    inflater, h = zlib.decompressobj(-15), hash_of()
    while size:
        data = f.read(min(size, STEP))
        if not data:
            raise ValueError("it is cut off")
        size -= len(data)
        while data:
            part, data = data, b""
            if deflated:
                part, data = inflater.decompress(part, STEP), inflater.unconsumed_tail
            h.update(part)
            out.write(part)
    rest = inflater.flush()
    h.update(rest)
    out.write(rest)
    if deflated and not inflater.eof:
        raise ValueError("it is cut off")
    return h.hexdigest()[:20]


def add_content(tar, info, f, content_hash):
    """Add the content at f to a tar. Return False if it was deleted."""
    prefix = f.read(PREFIX.size)
    if len(prefix) != PREFIX.size:
        raise ValueError("it is cut off")
    size, high, found, flags = PREFIX.unpack(prefix)
    size += (high & 255) << 32
    if flags & DELETED:
        return False
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as content:
        if found.hex() != content_hash or copy(f, size, flags & DEFLATED, content) != content_hash:
            raise ValueError("its content is not that of its hash")
        info.size = content.tell()
        content.seek(0)
        tar.addfile(info, content)
    return True


def add_pack(tar, directory, folder):
    """Add the files of the pack in a directory to a tar, in a folder."""
    files = read_index(os.path.join(directory, INDEX))
    with open(os.path.join(directory, DATA), "rb") as f:
        for path, (content_hash, mode, time, offset) in files.items():
            name = path.decode("utf-8", "surrogateescape")
            info = tarfile.TarInfo(name if folder == "." else f"{folder}/{name}")
            info.mode, info.mtime = mode, time
            f.seek(offset)
            try:
                if not add_content(tar, info, f, content_hash):
                    print(f"{info.name!r} is left out: it was deleted", file=sys.stderr)
            except (ValueError, zlib.error) as e:
                raise ValueError(f"{f.name}: {info.name!r}: {e}") from None


def to_tar(directory, out):
    """Write the packs in a directory and below it to a tar."""
    found = False
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for at, dirs, names in os.walk(directory):
            dirs.sort()
            if INDEX in names:
                found = True
                add_pack(tar, at, os.path.relpath(at, directory))
        if not found:
            raise ValueError(f"{directory}: there is no {INDEX}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    try:
        to_tar(sys.argv[1], sys.stdout.buffer)
    except (OSError, ValueError) as e:
        sys.exit(str(e))
