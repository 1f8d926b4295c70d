"""How well texts match a query: stemmed words weighted by how rare they are among the candidates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inference.house.text import close, content_stems, paraphrases

_PARAPHRASE = 0.8
_NEAR = 0.7


@dataclass(frozen=True)
class Match:
    """How a query matches one document.

    `score` is the summed weight of matched words, `coverage` the share of the query's weight that matched (0 to 1),
    `matched` the query's stems that matched.
    """

    key: str
    score: float
    coverage: float
    matched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Index:
    """Documents as stem -> weight, ready to be ranked."""

    documents: Mapping[str, Mapping[str, float]]
    frequency: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Mapping[str, Iterable[tuple[str, float]]]) -> Index:
        """Builds from fields: per document, pairs of text and the weight of that field."""
        built: dict[str, dict[str, float]] = {}
        frequency: dict[str, int] = {}
        for key, fields in documents.items():
            weights: dict[str, float] = {}
            for text, weight in fields:
                for stemmed in content_stems(text):
                    weights[stemmed] = max(weights.get(stemmed, 0.0), weight)
            built[key] = weights
            for stemmed in weights:
                frequency[stemmed] = frequency.get(stemmed, 0) + 1
        return cls(built, frequency)

    def idf(self, stemmed: str) -> float:
        """1 for a word of one document only, less for a word of many, at least 0.35."""
        count = self.frequency.get(stemmed, 0)
        total = len(self.documents)
        if count <= 1 or total <= 1:
            return 1.0
        return max(0.35, 1.0 - 0.65 * math.log(count) / math.log(max(total, 2)))

    def rank(self, query: str | list[str]) -> list[Match]:
        """All documents with any match, best first; ties by the sequence in which the documents were given."""
        stems = list(dict.fromkeys(content_stems(query) if isinstance(query, str) else query))
        if not stems:
            return []
        matches = []
        for key, weights in self.documents.items():
            score, total, matched = 0.0, 0.0, []
            for stemmed in stems:
                hit, quality = self._find(stemmed, weights)
                idf = self.idf(hit or stemmed)
                total += idf
                if hit:
                    score += idf * quality * weights[hit]
                    matched.append(stemmed)
            if matched:
                best = max(weights.values())
                matches.append(Match(key, score, score / (total * best), tuple(matched)))
        return sorted(matches, key=lambda match: -match.score)

    def _find(self, stemmed: str, weights: Mapping[str, float]) -> tuple[str, float]:
        if stemmed in weights:
            return stemmed, 1.0
        for other in sorted(paraphrases(stemmed)):
            if other in weights:
                return other, _PARAPHRASE
        if stemmed not in self.frequency:
            for other in weights:
                if close(stemmed, other):
                    return other, _NEAR
        return "", 0.0
