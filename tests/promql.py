"""A reader of PromQL, as far as our rules use it: it says what an expression asks for, and refuses what Prometheus would refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<word>[a-zA-Z_:][\w:]*)|(?P<text>"[^"]*")|(?P<range>\[\d+[smhd]\])"""
    r"""|(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){},]))"""
)
AGGREGATES = {"sum", "min", "max", "avg", "count", "topk"}
FUNCTIONS = {
    "rate": "range",
    "increase": "range",
    "time": "",
    "histogram_quantile": "number vector",
    "absent": "vector",
}
BINARY = {"+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless"}


class Wrong(Exception):
    """It is no PromQL that we can read; a sentence."""


@dataclass
class Asked:
    """What an expression asks for: each metric with its label matchers, and the labels it groups or joins by."""

    metrics: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    ranged: set[str] = field(default_factory=set)


def read(text: str) -> Asked:
    """Raises Wrong."""
    reader = _Reader(text)
    reader.expression()
    if reader.at < len(reader.tokens):
        raise Wrong(f"{reader.peek()} where the expression should end")
    return reader.asked


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            found = TOKEN.match(text, place)
            if found is None:
                raise Wrong(f"cannot read {text[place:]!r}")
            self.tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            place = found.end()
        self.at = 0
        self.asked = Asked()

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens) or wanted not in ("", self.peek()):
            raise Wrong(f"{wanted or 'something'} is missing at {self.peek()!r}")
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self) -> None:
        self.operand()
        while self.peek() in BINARY:
            self.take()
            if self.peek() in ("on", "ignoring"):
                self.take()
                self.asked.labels |= set(self.names())
            self.operand()

    def operand(self) -> None:
        kind, word = self.take()
        if word == "-":
            self.operand()
        elif word == "(":
            self.expression()
            self.take(")")
        elif kind == "word" and word in AGGREGATES:
            self.grouping()
            self.arguments(1)
            self.grouping()
        elif kind == "word" and word in FUNCTIONS:
            self.arguments(len(FUNCTIONS[word].split()), ranged=FUNCTIONS[word] == "range")
        elif kind == "word":
            self.selector(word)
        elif kind != "number":
            raise Wrong(f"{word!r} is no operand")

    def grouping(self) -> None:
        if self.peek() in ("by", "without"):
            self.take()
            self.asked.labels |= set(self.names())

    def arguments(self, count: int, *, ranged: bool = False) -> None:
        self.take("(")
        for place in range(count):
            if place:
                self.take(",")
            before = len(self.asked.ranged)
            self.expression()
            if ranged and len(self.asked.ranged) == before:
                raise Wrong("a rate is of a range, such as [5m]")
        self.take(")")

    def names(self) -> list[str]:
        self.take("(")
        found = []
        while self.peek() != ")":
            found.append(self.take()[1])
            if self.peek() == ",":
                self.take()
        self.take(")")
        return found

    def selector(self, metric: str) -> None:
        matchers: dict[str, str] = {}
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                label = self.take()[1]
                if self.take()[1] not in ("=", "!=", "=~", "!~"):
                    raise Wrong(f"{label} has no matcher")
                kind, value = self.take()
                if kind != "text":
                    raise Wrong(f"{label} is matched with no text")
                matchers[label] = value[1:-1]
                if self.peek() == ",":
                    self.take()
            self.take("}")
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "range":
            self.take()
            self.asked.ranged.add(f"{metric}@{self.at}")
        self.asked.metrics.append((metric, matchers))
