"""XXH64 in Python, against the package xxhash and against published values."""

import random
import unittest

from tpk import _xxh64


class XXH64(unittest.TestCase):
    def test_known(self):
        # From the tests of xxHash itself (cli/xsum_sanity_check.c), and of FORMAT.md.
        prime, data = 2654435761, bytearray()
        generator = prime
        for _ in range(222):
            data.append(generator >> 56)
            generator = generator * 11400714785074694797 & (1 << 64) - 1
        for n, want in (
            (0, 0xEF46DB3751D8E999),
            (1, 0xE934A84ADB052768),
            (4, 0x9136A0DCA57457EE),
            (14, 0x8282DCC4994E35C8),
            (222, 0xB641AE8CB691C174),
        ):
            self.assertEqual(_xxh64.pure_xxh64(bytes(data[:n])), want, n)

    def test_package(self):
        try:
            import xxhash
        except ImportError:
            self.skipTest("the package xxhash is missing")
        r = random.Random(1)
        for n in [*range(100), 1000, 4096, 65_537]:
            data = r.randbytes(n)
            self.assertEqual(_xxh64.pure_xxh64(data), xxhash.xxh64_intdigest(data), n)

    def test_parts(self):
        r = random.Random(2)
        for _ in range(200):
            data, h = r.randbytes(r.randrange(300)), _xxh64.Digest()
            at = 0
            while at < len(data):
                n = r.randrange(1, 80)
                h.update(data[at : at + n])
                at += n
            self.assertEqual(h.intdigest(), _xxh64.pure_xxh64(data))


if __name__ == "__main__":
    unittest.main()
