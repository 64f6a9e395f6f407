"""Hooks of mkdocs, for the documentation as a site.

- Pages that lie outside docs/ are brought in where they are: FORMAT.md, the READMEs of contrib …
- Links are those of the repository. They are turned into links of the site, or of the repository
  on GitHub if they lead to a file that is no part of the site.
- A page for each command is made of its help, which `$TPK help COMMAND` prints.
- Pages of docs/guide that the navigation lacks are put at the end of "Guides".
"""

import os
import posixpath
import re
import subprocess
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
TPK = os.environ.get("TPK", str(ROOT / "bin/tpk"))
REPOSITORY = "https://github.com/tarpack/tpk/blob/main/"
NAMES = ("FORMAT", "FORMAT-PATCH", "FORMAT-TEXT", "CHANGELOG", "SECURITY", "CONTRIBUTING")
FENCE = re.compile(r"^ *(```|~~~)")
LINK = re.compile(r"(\]\()([^()\s]+)(\))")
CODE = re.compile(r"(`+[^`]*`+)")
FLAG = re.compile(r"(`--?[A-Za-z][a-z0-9-]*(?: [A-Za-z0-9]+)?`)(?!{)")


def outside():
    """Maps pages of the site to the files of the repository that are not below docs/."""
    pages = {name.lower() + ".md": name + ".md" for name in NAMES}
    for readme in ("contrib/*/README.md", "contrib/*/*/README.md", "js/README.md", "python/README.md"):
        pages.update({p: p for p in (str(f.relative_to(ROOT)) for f in ROOT.glob(readme))})
    return pages


PAGES = outside()
SITE = {source: page for page, source in PAGES.items()}


def commands():
    """Returns the names of the commands, in the order of the help."""
    text = subprocess.run([TPK, "help"], check=True, capture_output=True, text=True).stdout
    listed = text.split("\nCOMMANDS:\n")[1].split("\n\n")[0]
    names = re.findall(r"^   ([a-z][a-z0-9-]*)", listed, re.M)
    return [name for name in names if name != "help"]


COMMANDS = commands()


def on_config(config):
    for section in config["nav"]:
        for title, pages in section.items():
            if title == "Commands":
                pages.extend({"tpk " + c: f"commands/tpk-{c}.md"} for c in COMMANDS)
            if title == "Guides":
                listed = {page for entry in pages for page in entry.values()}
                found = sorted(f"guide/{f.name}" for f in (ROOT / "docs/guide").glob("*.md"))
                pages.extend(page for page in found if page not in listed)
    config["mdx_configs"].setdefault("toc", {})["slugify"] = slug
    return config


def slug(text, separator):
    """Returns the fragment that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", text.lower()).strip().replace(" ", separator)


def on_files(files, config):
    def add(page, source):
        f = File(page, str(source.parent), config["site_dir"], config["use_directory_urls"])
        f.abs_src_path = str(source)
        files.append(f)

    for page, source in PAGES.items():
        add(page, ROOT / source)
    for source in sorted((ROOT / "contrib").rglob("*")):
        name = source.relative_to(ROOT).as_posix()
        if source.is_file() and source.suffix not in (".md", ".go", ".mod", ".sum"):
            add(name, source)
    for c in COMMANDS:
        files.append(File(f"commands/tpk-{c}.md", "", config["site_dir"], config["use_directory_urls"]))
    return files


def on_page_read_source(page, config):
    path = page.file.src_path
    if path.startswith("commands/"):
        return reference(Path(path).stem.removeprefix("tpk-"))
    return None


def on_page_markdown(markdown, page, config, files):
    path = page.file.src_path
    if path.startswith("commands/"):
        return markdown
    here = PAGES.get(path, "docs/" + path)
    lines, fenced = [], False
    for line in markdown.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            if begins_block(line) and lines and is_text(lines[-1]):
                lines.append("")  # GitHub needs no empty line before a list or a table
            parts = CODE.split(line)
            if line.startswith("|"):  # GitHub needs the backslash, and mkdocs shows it
                parts[1::2] = [code.replace("\\|", "|") for code in parts[1::2]]
            for i in range(0, len(parts), 2):
                parts[i] = LINK.sub(lambda m: m[1] + relink(m[2], here, path, files) + m[3], parts[i])
            line = FLAG.sub(r"\1{.flag}", "".join(parts))
        lines.append(line)
    return "\n".join(lines)


def begins_block(line):
    return bool(re.match(r"([-*]|\d+\.) |\|", line))


def is_text(line):
    return bool(line) and not begins_block(line) and not line.startswith((" ", "#", "<!--"))


def relink(target, here, page, files):
    """Returns what a link of the file `here` is on the page of the site made of it."""
    if re.match(r"[a-z]+:|#", target):
        return target
    name, mark, fragment = target.partition("#")
    source = posixpath.normpath(posixpath.join(posixpath.dirname(here), name))
    if (ROOT / source).is_dir() and (ROOT / source / "README.md").exists():
        source += "/README.md"
    found = SITE.get(source, source[len("docs/"):] if source.startswith("docs/") else source)
    if files.get_file_from_path(found) is None or source == "README.md":
        return REPOSITORY + source + mark + fragment
    return posixpath.relpath(found, posixpath.dirname(page) or ".") + mark + fragment


def reference(command):
    """Returns the page of a command: the help that it prints, in Markdown."""
    text = subprocess.run([TPK, "help", command], check=True, capture_output=True, text=True).stdout
    sections = dict(re.findall(r"^([A-Z]+):\n(.*?)(?=^[A-Z]+:\n|\Z)", text, re.M | re.S))
    name, about = sections["NAME"].strip().split(" - ", 1)
    out = [f"# {name}", sentence(escape(" ".join(about.split()))), fence(sections["USAGE"])]
    for paragraph in sections["DESCRIPTION"].rstrip().split("\n\n"):
        lines = [line[3:] for line in paragraph.split("\n")]
        if lines[0] in ("Exit codes:", "Examples:"):
            out.append(f"## {lines[0][:-1]}")
            lines = lines[1:]
        out.extend(blocks(lines))
    out.append("## Options")
    out.append("| option | meaning |\n|---|---|\n" + "\n".join(options(sections["OPTIONS"])))
    return "\n\n".join(out) + "\n"


def blocks(lines):
    """Returns prose as paragraphs, and lines that are indented as code."""
    out = []
    for line in lines:
        code = line.startswith(" ")
        if not out or out[-1][0] != code:
            out.append((code, []))
        out[-1][1].append(line)
    return [fence("\n".join(t)) if code else escape(" ".join(t)) for code, t in out]


def options(text):
    """Yields a row of a table for each option."""
    for m in re.finditer(r"^   (-.*(?:\n    +.*)*)", text, re.M):
        first, *rest = m[1].split("\n")
        flag, _, about = first.partition("  ")
        about = " ".join(" ".join([about, *rest]).split())
        yield f"| `{flag}` | {escape(about)} |".replace("||", "|")


def fence(text):
    lines = text.strip("\n").split("\n")
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "```\n" + "\n".join(line[margin:] for line in lines) + "\n```"


def sentence(text):
    return text[:1].upper() + text[1:] + "."


def escape(text):
    """Returns text of the help as Markdown. What is in quotes there is code, as addresses are, and
    commands are links."""
    def quoted(m):
        page = re.fullmatch(r"tpk (?:help )?([a-z]+)", m[1])
        if page and page[1] in COMMANDS:
            return f"[`{m[1]}`](tpk-{page[1]}.md)"
        return f"`{m[1]}`"
    parts = re.split(
        r"((?<!\w)'[^' ][^']*'(?!\w)|(?<!\w)--?[a-z][a-z0-9-]*|\b[a-z0-9]+://[^\s,;()]*[^\s,;().])", text)
    for i, part in enumerate(parts):
        if i % 2 == 1 and part.startswith("-"):
            parts[i] = f"`{part}`{{.flag}}"
        elif i % 2 == 1 and part.startswith("'"):
            parts[i] = re.sub(r"^'(.*)'$", quoted, part)
        elif i % 2 == 1:
            parts[i] = f"`{part}`"
        else:
            parts[i] = re.sub(r"[^\w\s.,:;/()'-]|_", lambda m: f"&#{ord(m[0])};", part)
    return "".join(parts)
