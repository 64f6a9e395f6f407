"""Tests of package tpk: python3 -m unittest discover -s python -t python

They need the program tpk, which packs their archives: its path in TPK, or on the PATH. Tests that
need a package which is not installed are skipped, with its name.
"""
