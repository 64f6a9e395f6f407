"""The command line: python -m tpk ls, cat, extract, verify."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import time
from typing import Callable, Iterator, List, NoReturn, Optional

from . import IndexMissing, TpkError, __version__
from . import open as open_archive
from ._archive import Archive
from ._entry import Entry
from ._errors import ExtractError

_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_HINT = "make one with 'tpk index'"


class _OutputFailed(Exception):
    """Standard output can't be written to."""


class _Missing(Exception):
    """A path was reported that is not in the archive, or not of the right kind."""


def main(args: Optional[List[str]] = None) -> int:
    """Run a command, and return its exit status: 0, 1 after an error, 2 for wrong usage."""
    args = sys.argv[1:] if args is None else args
    if args[:1] == ["pack"]:
        return _pack(args)
    options = _parser().parse_args(args)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        with open_archive(options.archive, cafile=options.cacert) as archive:
            options.run(archive, options)
            _flush()
        return 0
    except BrokenPipeError:
        _discard()
        return 128 + 13
    except _OutputFailed as e:
        _discard()
        _complain(f"standard output: {e}")
    except _Missing:
        pass
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except ExtractError as e:
        for problem in e.problems:
            _complain(f"{options.archive}: {problem}")
    except IndexMissing as e:
        _complain(f"{e}; {_HINT}")
    except TpkError as e:
        _complain(str(e))
    except OSError as e:
        _complain(f"{e.filename or options.archive}: {e.strerror or e}")
    return 1


def _terminated(*_: object) -> NoReturn:
    """Stop at SIGTERM as at an error, so that no temporary file is left."""
    sys.exit(128 + signal.SIGTERM)


def _discard() -> None:
    """Write nothing more to standard output, which has failed, also not at exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(data: bytes) -> None:
    if sys.stdout is None:
        raise _OutputFailed("it is closed")
    try:
        sys.stdout.buffer.write(data)
    except BrokenPipeError:
        raise
    except OSError as e:
        raise _OutputFailed(e.strerror or str(e)) from None


def _flush() -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as e:
        raise _OutputFailed(e.strerror or str(e)) from None


def _complain(text: str) -> None:
    if sys.stderr is None:
        return
    clean = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    sys.stderr.buffer.write(f"tpk: {clean}\n".encode("utf-8", "backslashreplace"))
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tpk", description="Read tpk archives.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"tpk {__version__} (Python)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str, paths: str) -> argparse.ArgumentParser:
        c = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        c.add_argument("--cacert", metavar="FILE", help="trust the certificates in FILE, for https")
        c.add_argument("archive", metavar="ARCHIVE", help="a file, a shard set, or a URL")
        if paths:
            c.add_argument("paths", metavar="PATH", nargs=paths, help="a path in the archive")
        c.set_defaults(run=run)
        return c

    ls = command("ls", _ls, "List entries.", "*")
    ls.add_argument("-l", dest="long", action="store_true", help="mode, size and time as well")
    command("cat", _cat, "Print files.", "+")
    extract = command("extract", _extract, "Extract all entries, or some.", "*")
    extract.add_argument(
        "-C", dest="directory", default=".", metavar="DIR", help="extract into DIR"
    )
    command("verify", _verify, "Read everything, and compare all checksums.", "")
    commands.add_parser("pack", help="Pack a directory, with the program tpk.", add_help=False)
    return parser


def _print(text: str) -> None:
    """Print a line, with control characters escaped, and bytes that are not UTF-8 as they are."""
    text = _CONTROL.sub(lambda m: m[0].encode("unicode_escape").decode(), text)
    _write(text.encode("utf-8", "surrogateescape") + b"\n")


def _each(paths: List[str], run: Callable[[str], None]) -> None:
    """Run something for each path, and report those that are not in the archive."""
    missing = False
    for path in paths:
        try:
            run(path)
        except (BrokenPipeError, TpkError):
            raise
        except OSError as e:
            missing = True
            _flush()
            _complain(f"{e.filename or path}: {e.strerror or e}")
    if missing:
        raise _Missing


def _ls(archive: Archive, options: argparse.Namespace) -> None:
    def ls(path: str) -> None:
        for e in _listed(archive, path):
            _list(archive, e, options.long)

    _each(options.paths or [""], ls)


def _listed(archive: Archive, path: str) -> Iterator[Entry]:
    """Yield an entry, and all that is below it."""
    if not path.strip("/."):
        yield from archive.entries(path)
        return
    e = archive.entry(path)
    yield e
    if e.is_dir():
        yield from archive.entries(e.path)


def _list(archive: Archive, e: Entry, long: bool) -> None:
    path = e.path + ("/" if e.is_dir() else "")
    if not long:
        _print(path)
        return
    from stat import filemode

    when = time.gmtime(e.mtime) if -(1 << 35) < e.mtime < 1 << 37 else None
    text = time.strftime("%Y-%m-%d %H:%M:%S", when) if when else f"@{e.mtime}"
    if e.is_symlink():
        path += f" -> {archive.readlink(e.ordinal)}"
    elif e.type == "hardlink":
        path += f" link to {archive.entry(e.target).path}"
    _print(f"{filemode(e.stat_mode)} {e.size:>12} {text} {path}")


def _cat(archive: Archive, options: argparse.Namespace) -> None:
    def cat(path: str) -> None:
        with archive.open(path, "rb") as f:
            while True:
                data: bytes = f.read(1 << 16)
                if not data:
                    break
                _write(data)

    _each(options.paths, cat)


def _extract(archive: Archive, options: argparse.Namespace) -> None:
    archive.extract(options.directory, options.paths or None)


def _verify(archive: Archive, options: argparse.Namespace) -> None:
    archive.verify()
    _print(f"{archive.name}: {len(archive)} entries, all as they were packed")


def _pack(args: List[str]) -> int:
    """Run the program tpk, which alone writes archives."""
    program = shutil.which("tpk")
    if program is None:
        _complain(
            "packing needs the program tpk, which is not on the PATH."
            " Get it with: go install github.com/tarpack/tpk/cmd/tpk@latest"
        )
        return 1
    try:
        if os.name == "nt":
            import subprocess

            return subprocess.call([program, *args])
        os.execv(program, [program, *args])
    except OSError as e:
        _complain(f"{program}: {e.strerror or e}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
