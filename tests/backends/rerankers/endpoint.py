"""An endpoint with `POST /rerank` on loopback, for tests."""

import json
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.endpoint import LIES, Endpoint


def by_length(_: str, documents: Sequence[str]) -> list[float]:
    """The longest first."""
    return [float(len(text)) for text in documents]


class RerankEndpoint(Endpoint):
    """Scores documents with `scores`; `how` is the form of the answer, or what goes wrong."""

    def __init__(self, scores: Callable[[str, Sequence[str]], Sequence[float]] = by_length) -> None:
        super().__init__()
        self.scores = scores
        self.how = "results"

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if self.how in LIES:
            self._lie(handler, *LIES[self.how])
            return
        handler.send_response({"refuse": 404, "redirect": 302, "detail": 422}.get(self.how, 200))
        if self.how == "redirect":
            handler.send_header("Location", self.url + "/elsewhere")
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(json.dumps(self._told(body)).encode())

    def _told(self, body: dict[str, Any]) -> Any:
        scores = enumerate(self.scores(body["query"], body["documents"]))
        best = sorted(scores, key=lambda one: -one[1])
        told = {
            "refuse": {"error": {"message": "no such\nmodel"}},
            "detail": {"detail": "too many"},
            "list": [{"index": index, "score": score} for index, score in best],
            "data": {"data": [{"index": index, "relevance_score": score} for index, score in best]},
            "few": {"results": [{"index": index, "relevance_score": score} for index, score in best[:1]]},
        }
        return told.get(self.how, {"model": "m", "results": [{"index": i, "relevance_score": score} for i, score in best]})
