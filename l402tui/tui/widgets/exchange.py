"""What has happened so far, as one tree that can be opened down to the last field.

It takes the nodes of :func:`~l402tui.flow.story.story` and keeps what was opened and selected while
new steps arrive. The bytes of a node are not its business: it posts :class:`ExchangeTree.Chosen`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from l402tui.protocol.tree import Mark, Node
from l402tui.tui.words import rich

__all__ = ["ExchangeTree"]

_LABEL_MAX: Final = 22
_GAP: Final = "  "
_MARK_CLASS: Final = {
    Mark.GOOD: "exchange--good",
    Mark.NOTE: "exchange--note",
    Mark.WARN: "exchange--warn",
    Mark.BAD: "exchange--bad",
}


class ExchangeTree(Tree[Node], inherit_bindings=False):
    """The steps of a flow and everything in them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("left", "fold", show=False),
        Binding("right", "unfold", show=False),
        Binding("enter", "toggle_node", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {*_MARK_CLASS.values(), "exchange--value"}
    DEFAULT_CSS = """
    ExchangeTree {
        & > .exchange--value { color: $foreground 80%; }
        & > .exchange--good { color: $text-success; }
        & > .exchange--note { color: $secondary; }
        & > .exchange--warn { color: $text-warning; }
        & > .exchange--bad { color: $text-error; text-style: bold; }
    }
    """

    class Chosen(Message):
        """The cursor is on another node."""

        def __init__(self, node: Node, step: Node, *, by_hand: bool) -> None:
            super().__init__()
            self.node = node
            self.step = step
            """The top-level node it belongs to."""
            self.by_hand = by_hand
            """The person moved it; otherwise it followed the flow."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(Text(""), id=id)
        self.show_root = False
        self.guide_depth = 2
        self.auto_expand = False
        self.center_scroll = True
        self._by_hand = False
        self.steps: tuple[Node, ...] = ()

    def show(self, nodes: Sequence[Node]) -> None:
        """Show these steps. Steps that look the same as before stay as they are."""
        kept = 0
        for old, new in zip(self.steps, nodes, strict=False):
            if not _same(old, new):
                break
            kept += 1
        changed = len(nodes) != kept or len(self.steps) != kept
        for branch in list(self.root.children)[kept:]:
            branch.remove()
        self.steps = (*self.steps[:kept], *nodes[kept:])
        for node in self.steps[kept:]:
            self._add(self.root, node)
        if changed and self.steps:
            self._by_hand = False
            *older, newest = self.root.children
            for branch in older:
                if branch.data is None or branch.data.mark is not Mark.BAD:
                    branch.collapse()
            newest.expand()
            _open_bill(newest)
            self.call_after_refresh(self._follow_to, newest)

    def unfold(self, lines: int) -> None:
        """Open the first node, then level after level while all of it has room on so many
        lines."""
        level = list(self.root.children)
        for number, branch in enumerate(level):
            branch.collapse() if number else branch.expand()
        used = len(level)
        while level and used + sum(len(one.children) for one in level) <= lines:
            used += sum(len(one.children) for one in level)
            for branch in level:
                branch.expand()
            level = [child for branch in level for child in branch.children]

    def choose(self, wanted: Node) -> None:
        """Put the cursor on a node, opening what is above it."""
        self._by_hand = False
        for branch in self._branches(self.root):
            if branch.data is wanted:
                above = branch.parent
                while above is not None:
                    above.expand()
                    above = above.parent
                self.call_after_refresh(self._follow_to, branch)
                return

    def _follow_to(self, branch: TreeNode[Node]) -> None:
        before = self.cursor_line
        self.move_cursor(branch)
        step = self.step_of(branch)
        if self.cursor_line == before and branch.data is not None and step is not None:
            # Another node has taken the same line: Textual sees no change there.
            self.post_message(self.Chosen(branch.data, step, by_hand=False))

    @property
    def chosen(self) -> Node | None:
        """The node under the cursor."""
        return self.cursor_node.data if self.cursor_node is not None else None

    def step_of(self, branch: TreeNode[Node]) -> Node | None:
        """The top-level node above a branch."""
        while branch.parent is not None and branch.parent is not self.root:
            branch = branch.parent
        return branch.data

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Node]) -> None:
        """Tell the screen which node it is."""
        event.stop()
        node, step = event.node.data, self.step_of(event.node)
        if node is not None and step is not None:
            self.post_message(self.Chosen(node, step, by_hand=self._by_hand))
            self.call_after_refresh(self._keep_in_view)

    def on_key(self) -> None:
        """Where the cursor goes next, a person sent it."""
        self._by_hand = True

    def on_mouse_down(self) -> None:
        """The same by mouse."""
        self._by_hand = True

    def on_resize(self) -> None:
        """Keep the cursor in view when panes come and go."""
        self.call_after_refresh(self._keep_in_view)

    def _keep_in_view(self) -> None:
        line, top = max(0, self.cursor_line), self.scroll_offset.y
        if not top <= line < top + self.scrollable_content_region.height:
            self.scroll_to_line(line, animate=False)

    def action_fold(self) -> None:
        """Close this node, or go to the one above."""
        branch = self.cursor_node
        if branch is None:
            return
        if branch.is_expanded and branch.allow_expand:
            branch.collapse()
        elif branch.parent is not None and branch.parent is not self.root:
            self.move_cursor(branch.parent)

    def action_unfold(self) -> None:
        """Open this node, or go into it."""
        branch = self.cursor_node
        if branch is None or not branch.allow_expand:
            return
        if branch.is_expanded:
            self.move_cursor(branch.children[0])
        else:
            branch.expand()

    # --- drawing -------------------------------------------------------------------------------

    def get_label_width(self, node: TreeNode[Node]) -> int:
        """Lines are cut to the room there is, so the tree never scrolls sideways."""
        return 1

    def render_label(self, node: TreeNode[Node], base_style: Style, style: Style) -> Text:
        """Icon, label, value, and the mark's word at the right end."""
        data = node.data
        if data is None:
            return Text("")
        icon = ("▼ " if node.is_expanded else "▶ ") if node.allow_expand else "  "
        text = Text(icon, style=base_style + Style(meta={"toggle": True}), no_wrap=True, end="")
        label = rich(data.label)
        label.pad_right(max(0, self._label_width(node) - len(label)))
        word = data.mark.value
        room = self._room(node) - len(icon) - len(label) - len(_GAP)
        room -= len(word) + 1 if word else 0
        value = rich(data.value)
        value.truncate(max(0, room), overflow="ellipsis")
        value.pad_right(max(0, room - value.cell_len))
        cursor = node is self.cursor_node
        value.stylize(style if cursor else self._look("exchange--value"))
        label.stylize(style)
        text.append_text(label).append(_GAP, style=style).append_text(value)
        if word:
            mark_style = style if cursor else self._look(_MARK_CLASS[data.mark])
            text.append(" ", style=style).append(word, style=mark_style)
        return text

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _room(self, node: TreeNode[Node]) -> int:
        depth, above = 0, node.parent
        while above is not None and above is not self.root:
            depth, above = depth + 1, above.parent
        return self.scrollable_content_region.width - depth * self.guide_depth

    def _label_width(self, node: TreeNode[Node]) -> int:
        siblings = node.parent.children if node.parent is not None else [node]
        if node.parent is self.root:
            return 8
        widths = [len(one.data.label) for one in siblings if one.data is not None]
        return min(_LABEL_MAX, max(widths, default=0))

    # --- building ------------------------------------------------------------------------------

    def _add(self, parent: TreeNode[Node], node: Node) -> None:
        # The label is drawn from the node: Textual would read a string as markup.
        branch = parent.add(Text(""), node, allow_expand=bool(node.children))
        for child in node.children:
            self._add(branch, child)

    def process_label(self, label: str | Text) -> Text:
        """Ours are always plain texts of one line."""
        return label if isinstance(label, Text) else Text(label)

    def _branches(self, below: TreeNode[Node]) -> list[TreeNode[Node]]:
        found: list[TreeNode[Node]] = []
        for branch in below.children:
            found.append(branch)
            found += self._branches(branch)
        return found


def _open_bill(step: TreeNode[Node]) -> None:
    """Open the last challenge of a bill: that is what there is to see in it."""
    offers = [
        branch
        for branch in step.children
        if branch.data is not None
        and branch.data.label.text.lower() == "www-authenticate"
        and branch.children
    ]
    if offers:
        offers[-1].expand()
        for branch in offers[-1].children:
            branch.expand()


def _same(one: Node, other: Node) -> bool:
    """Whether two nodes look the same, whatever buffers they were read from."""
    return (
        one.label.text == other.label.text
        and one.value.text == other.value.text
        and one.mark is other.mark
        and len(one.children) == len(other.children)
        and all(map(_same, one.children, other.children))
    )
