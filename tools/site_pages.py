"""Pages of the site that are no files of `docs/`: README, benchmarks, reference and notebooks.

A hook of MkDocs. Links between pages stay as they are in the repository, where they lead to files;
here they are rewritten to lead to pages. The site names no place of the machine that builds it.
"""

from __future__ import annotations

import base64
import html
import inspect
import json
import posixpath
import re
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
#: A link or a picture of Markdown, but none to another site or within the page.
_LINK = re.compile(r"(\]\()(?!\w+:|#)([^)\s#]*)((?:#[^)]*)?\))")
#: The letters of a line of printed output.
_WIDTH = 96
#: Files outside of `docs/` that are pages, by their places in the repository.
_OTHERS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "licence.md",
    "src/lookalike/datasets/LICENSES.md": "licences-of-data.md",
    "benchmarks/README.md": "benchmarks/index.md",
    "docs/decisions/README.md": "decisions/README.md",
}


def on_config(config: Any) -> Any:
    """Write out the folders that the contents name."""
    config.nav = _written_out(config.nav)
    return config


def _written_out(entries: list[Any]) -> list[Any]:
    """Return contents in which each folder is a list of its pages, its first page first."""
    made = {*_pages().values(), *_reference(), *_notebooks()}
    made |= {f"decisions/{one.name}" for one in (ROOT / "docs" / "decisions").glob("*.md")}
    found = []
    for entry in entries:
        (title, value), *_ = entry.items()
        if isinstance(value, list):
            value = _written_out(value)
        elif value.endswith("/"):
            pages = sorted(page for page in made if page.startswith(value))
            value = sorted(pages, key=lambda page: not page.endswith(("/index.md", "/README.md")))
        found.append({title: value})
    return found


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are no files of `docs/`."""
    for source, target in _pages().items():
        if not source.startswith("docs/"):
            text = (ROOT / source).read_text(encoding="utf-8")
            text = f"# Licence\n\n```text\n{text}\n```\n" if source == "LICENSE" else text
            files.append(File.generated(config, target, content=_relinked(text, source)))
    for name, text in {**_reference(), **_notebooks()}.items():
        files.append(File.generated(config, name, content=text))
    return Files([file for file in files if not file.src_uri.endswith((".ipynb", ".py"))])


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite the links of the pages of `docs/`."""
    if page.file.generated_by is not None:
        return markdown
    return _relinked(markdown, f"docs/{page.file.src_uri}")


def _pages() -> dict[str, str]:
    """Return the pages that are files, by their places in the repository."""
    results = (ROOT / "benchmarks" / "results").glob("*.md")
    return {
        **_OTHERS,
        **{f"benchmarks/results/{one.name}": f"benchmarks/{one.name}" for one in results},
    }


def _relinked(text: str, source: str) -> str:
    """Return a page whose links to files lead to pages; links to other files become plain text."""
    pages, folder = _pages(), posixpath.dirname(source)
    here = posixpath.dirname(pages.get(source, source.removeprefix("docs/")))

    def replaced(found: re.Match[str]) -> str:
        there = posixpath.normpath(posixpath.join(folder, found[2]))
        if (ROOT / there).is_dir():
            own = (ROOT / there / "README.md").exists()
            there = f"{there}/README.md" if own else f"{there}/index.md"
        target = pages.get(there)
        if target is None and there.startswith("docs/"):
            target = re.sub(r"\.ipynb$", ".md", there.removeprefix("docs/"))
        if target is None:
            target = pages.get(posixpath.join("benchmarks", "README.md"), "index.md")
        return f"{found[1]}{posixpath.relpath(target, here or '.')}{found[3]}"

    return _LINK.sub(replaced, text)


# --- the reference --------------------------------------------------------------------------------


@cache
def _reference() -> dict[str, str]:
    """Return a page for each public name, and one that lists them."""
    import lookalike  # noqa: PLC0415 - the hook is read before the package can be found

    pages, lines = {}, ["# Reference", "", "All names of `import lookalike as la`.", ""]
    lines += ["| name | |", "|---|---|"]
    for name in sorted(lookalike.__all__, key=str.lower):
        thing = getattr(lookalike, name)
        if isinstance(thing, str):  # the version
            continue
        first = (inspect.getdoc(thing) or "").strip().splitlines()[0]
        lines.append(f"| [`la.{name}`]({name}.md) | {first} |")
        place = (
            thing.__name__
            if inspect.ismodule(thing)
            else f"{thing.__module__}.{thing.__qualname__}"
        )
        pages[f"reference/{name}.md"] = f"# la.{name}\n\n::: {place}\n"
    return {"reference/index.md": "\n".join(lines) + "\n", **pages}


# --- notebooks ------------------------------------------------------------------------------------


@cache
def _notebooks() -> dict[str, str]:
    """Return a page for each executed notebook, and one that lists them."""
    pages, lines = {}, ["# Notebooks", "", "Executed on bundled or simulated data.", ""]
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        text = _page_of(json.loads(path.read_text(encoding="utf-8")))
        pages[f"notebooks/{path.stem}.md"] = text
        lines.append(f"- [{text.splitlines()[0].lstrip('# ')}]({path.stem}.md)")
    return {"notebooks/index.md": "\n".join(lines) + "\n", **pages}


def _page_of(notebook: dict[str, Any]) -> str:
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        parts += [shown for output in cell["outputs"] if (shown := _shown(output))]
    return "\n\n".join(parts) + "\n"


def _shown(output: dict[str, Any]) -> str:
    """Return one output of a cell as a part of a page."""
    if output["output_type"] == "stream":
        lines = "".join(output["text"]).rstrip().splitlines()
        wrapped = [part for line in lines for part in textwrap.wrap(line, _WIDTH) or [""]]
        return "\n".join(["```text", *wrapped, "```"])
    data = output["data"]
    if "image/png" in data:
        base64.b64decode(data["image/png"])  # damaged pictures end the build
        return f'<img alt="Figure" src="data:image/png;base64,{data["image/png"].strip()}">'
    if "text/html" in data:
        return f'<div class="output">{"".join(data["text/html"])}</div>'
    words = html.escape("".join(data["text/plain"]))
    return f"<pre><code>{words}</code></pre>"
