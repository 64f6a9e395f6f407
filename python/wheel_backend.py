"""Builds the wheel with the standard library alone (PEP 517), so that no network is needed.

pip finds it through pyproject.toml: pip wheel python/
"""

import base64
import hashlib
import io
import os
import tarfile
import zipfile

_HERE = os.path.dirname(os.path.abspath(__file__))
_NAME, _VERSION = "tpk", "0.1.0"
_INFO = f"{_NAME}-{_VERSION}.dist-info"
_TIME = (1980, 1, 1, 0, 0, 0)  # so that the same files make the same wheel


def _read(name):
    with open(os.path.join(_HERE, name), "rb") as f:
        return f.read()


def _modules():
    names = sorted(os.listdir(os.path.join(_HERE, _NAME)))
    return [f"{_NAME}/{n}" for n in names if n.endswith(".py") or n == "py.typed"]


def _metadata():
    head = f"""Metadata-Version: 2.1
Name: {_NAME}
Version: {_VERSION}
Summary: Reads tpk archives: .tar.gz files in which each file can be read at once
License: MIT
License-File: LICENSE
Requires-Python: >=3.9
Provides-Extra: fast
Requires-Dist: xxhash; extra == 'fast'
Provides-Extra: fsspec
Requires-Dist: fsspec; extra == 'fsspec'
Description-Content-Type: text/markdown

"""
    return head.encode() + _read("README.md")


def _files(editable):
    if editable:
        files = {f"{_NAME}.pth": (_HERE + "\n").encode()}
    else:
        files = {name: _read(name) for name in _modules()}
    files[f"{_INFO}/METADATA"] = _metadata()
    files[f"{_INFO}/LICENSE"] = _read("LICENSE")
    files[
        f"{_INFO}/WHEEL"
    ] = b"Wheel-Version: 1.0\nGenerator: wheel_backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{_INFO}/entry_points.txt"] = b"[fsspec.specs]\ntpk = tpk.fsspec:TpkFileSystem\n"
    return files


def _wheel(directory, editable):
    name = f"{_NAME}-{_VERSION}-py3-none-any.whl"
    record = ""
    with zipfile.ZipFile(os.path.join(directory, name), "w", zipfile.ZIP_DEFLATED) as z:
        files = _files(editable)
        for path, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(data)}\n"
        files[f"{_INFO}/RECORD"] = f"{record}{_INFO}/RECORD,,\n".encode()
        for path, data in files.items():
            info = zipfile.ZipInfo(path, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            z.writestr(info, data)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, False)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, True)


def build_sdist(sdist_directory, config_settings=None):
    base = f"{_NAME}-{_VERSION}"
    names = ["pyproject.toml", "README.md", "LICENSE", "wheel_backend.py", *_modules()]
    with tarfile.open(os.path.join(sdist_directory, f"{base}.tar.gz"), "w:gz") as t:
        for name, data in [("PKG-INFO", _metadata()), *((n, _read(n)) for n in names)]:
            info = tarfile.TarInfo(f"{base}/{name}")
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return f"{base}.tar.gz"
