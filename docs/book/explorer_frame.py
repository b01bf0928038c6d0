"""The explorer within a page: the export of the pair's page, in a frame, and a link to it alone.

    ```{explorer} theta=2pi/3&charger_loss=0.3
    A lossy pair
    ```

It opens at the state that is named as in the page's address. The content is its title.
"""

import html
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from quantumbattery.explorer.export import export

NAME = "battery.html"


class Explorer(SphinxDirective):
    """The frame."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Of HTML alone: a paper has no explorer."""
        self.env.note_dependency(__file__)
        up = "../" * self.env.docname.count("/")
        where = html.escape(f"{up}_static/{NAME}#{self.arguments[0]}")
        title = html.escape(" ".join(self.content))
        frame = (
            f'<iframe class="explorer" title="Explorer: {title}" src="{where}" '
            f'allow="clipboard-write"></iframe>\n'
            f'<p class="explorer-link"><a href="{where}">Open the explorer in the whole window</a>'
            "</p>"
        )
        return [nodes.raw("", frame, format="html")]


def write(app: Any, error: Exception | None) -> None:
    """What `quantumbattery explore --export` writes, beside the other files of the book."""
    if error is None and app.builder.format == "html":
        export(Path(app.outdir) / "_static" / NAME)


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the directive, and of the file."""
    app.add_directive("explorer", Explorer)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
