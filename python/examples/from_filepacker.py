"""Makes an archive of a file of FilePacker: from_filepacker.py OLD.fpack | tpk convert - NEW.tar.gz

It writes a tar to standard output. FilePacker keeps neither times nor modes: files get the time of
the pack and 0644. Its base path is dropped; give it to FilePackReader if your program uses it.
"""

import io
import os
import struct
import sys
import tarfile

NAME, BASE = 128, 256  # characters of a name, and bytes of the base path


def read_header(f, size):
    """Return the names and sizes of the files. The content of the first one follows."""
    version, count = struct.unpack("<BQ", read(f, 9))
    if version != 1 or count > size // (NAME + 8):
        raise ValueError("not a file of FilePacker, or of another version")
    read(f, BASE)
    names = read(f, NAME * count).decode("utf-8")
    names = [names[i : i + NAME].rstrip(" \0") for i in range(0, len(names), NAME)]
    sizes = struct.unpack(f"<{count}Q", read(f, 8 * count))
    if len(names) != count or f.tell() + sum(sizes) != size:
        raise ValueError("it is cut off, or has names that FilePacker could not write")
    return list(zip(names, sizes))


def read(f, n):
    """Return n bytes."""
    data = f.read(n)
    if len(data) != n:
        raise ValueError("it is cut off")
    return data


def to_tar(name, out):
    """Write the files of a pack to a tar, directory by directory as they are in the pack."""
    with open(name, "rb") as f, tarfile.open(
        fileobj=out, mode="w|", format=tarfile.PAX_FORMAT
    ) as tar:
        status = os.fstat(f.fileno())
        for path, size in read_header(f, status.st_size):
            info = tarfile.TarInfo(path)
            info.size, info.mtime = size, int(status.st_mtime)
            tar.addfile(info, f if size else io.BytesIO())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    try:
        to_tar(sys.argv[1], sys.stdout.buffer)
    except (OSError, ValueError) as e:
        sys.exit(f"{sys.argv[1]}: {e}")
