"""In which order nodes are looked at, so that each comes after those that lead to it, but for the links that lead back."""

from collections.abc import Mapping

from microflow_runtime.compiler.graph import targets_of
from microflow_runtime.model.microflow import Node


class NodeOrder:
    """The nodes that the start leads to, each after those before it, and which of them a link can lead back to.

    `names` are the nodes in this order. `ring_of` gives the nodes from which a way leads back to themselves by the number
    of their ring, `rings` the nodes of each ring.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._links = {
            name: list(dict.fromkeys(target for _, target in targets_of(node) if target in nodes))
            for name, node in nodes.items()
        }
        start = next((name for name, node in nodes.items() if node.type == "start"), None)
        self.names: list[str] = [] if start is None else self._ordered(start)
        self._at = {name: index for index, name in enumerate(self.names)}
        self._led_back_to = {
            target for source in self.names for target in self._links[source] if self.leads_back(source, target)
        }
        self.rings: list[list[str]] = []
        self.ring_of: dict[str, int] = {}
        self._find_rings()

    def leads_back(self, source: str, target: str) -> bool:
        """Tell whether a link leads back to a node that comes before its source, or is the source."""
        return self._at[target] <= self._at[source]

    def has_link_back(self, target: str) -> bool:
        """Tell whether a link leads back to a node."""
        return target in self._led_back_to

    def _ordered(self, start: str) -> list[str]:
        """Give the nodes in reverse of the order in which a search in depth leaves them."""
        left: list[str] = []
        seen = {start}
        waiting = [(start, iter(self._links[start]))]
        while waiting:
            name, targets = waiting[-1]
            target = next((each for each in targets if each not in seen), None)
            if target is None:
                left.append(name)
                waiting.pop()
            else:
                seen.add(target)
                waiting.append((target, iter(self._links[target])))
        return left[::-1]

    def _find_rings(self) -> None:
        """Walk backwards from each node in order: what is met and not yet told leads to it and is led to from it."""
        sources: dict[str, list[str]] = {name: [] for name in self.names}
        for name in self.names:
            for target in self._links[name]:
                sources[target].append(name)
        told: set[str] = set()
        for name in self.names:
            if name in told:
                continue
            ring, waiting = [name], [name]
            told.add(name)
            while waiting:
                for source in sources[waiting.pop()]:
                    if source not in told:
                        told.add(source)
                        ring.append(source)
                        waiting.append(source)
            if len(ring) > 1 or name in self._links[name]:
                self.ring_of.update(dict.fromkeys(ring, len(self.rings)))
                self.rings.append(ring)
