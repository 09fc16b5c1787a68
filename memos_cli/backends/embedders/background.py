"""How near a query and a text are that have nothing to do with each other: a constant of each model, measured once.

MiniLM puts them at a cosine of 0.06 on average, multilingual-e5-small at 0.72. A cosine means something only beside these
two numbers.
"""

from typing import TYPE_CHECKING

from memos_cli.backends.llama import records

if TYPE_CHECKING:
    from memos_cli.backends.embedders.files import Weights
    from memos_cli.ports.ports import Embedder

QUESTIONS = (
    "Which dentist do I go to?",
    "When does the train to Oslo leave?",
    "What colour is the kitchen?",
    "Who repaired the roof?",
    "How do I restart the server?",
    "Where did we spend our honeymoon?",
    "Why did Anna leave the choir?",
    "What is the code of the garage?",
    "How much flour goes into the bread?",
    "Which team won the cup in 2014?",
    "What medicine does the cat take?",
    "When is the rent due?",
)
STATEMENTS = (
    "The moon has no atmosphere.",
    "I planted tulips behind the shed.",
    "Our cousin plays the cello in Leeds.",
    "The printer needs magenta ink.",
    "She is afraid of spiders.",
    "Wolves hunt in packs.",
    "He ran ten kilometres before breakfast.",
    "The museum is closed on Mondays.",
    "Coal was mined here until 1985.",
    "My keys are in the blue jacket.",
    "The baby slept through the night.",
    "His grandfather was a sailor.",
)
"""None of the statements answers one of the questions, or is about the same thing."""
KNOWN = {
    "all-minilm-l6-v2:53aa5117:mean:256": (0.063, 0.069),
    "multilingual-e5-small:1571fc98:mean:512:query+passage": (0.722, 0.023),
}
"""By fingerprint, as `measure` gives it. For MiniLM, 72,000 pairs of a LoCoMo question and a turn of another conversation
give 0.060 and 0.085."""
_KEY = "background"


def background(weights: "Weights", embedder: "Embedder") -> tuple[float, float]:
    """Mean and standard deviation of the cosine of unrelated texts: known, or recorded, or measured now and recorded.

    Raises:
        ModelUnavailable: the model cannot be loaded or run.
    """
    known = KNOWN.get(weights.fingerprint)
    if known is not None:
        return known
    facts = (records.recall(weights.gguf, weights.records) if weights.records is not None else None) or {}
    kept = facts.get(_KEY)
    recorded = kept.get(weights.fingerprint) if isinstance(kept, dict) else None
    if isinstance(recorded, list) and len(recorded) == 2 and all(isinstance(number, float) for number in recorded):
        return recorded[0], recorded[1]
    measured = measure(embedder)
    if weights.records is not None and facts:
        records.remember(weights.gguf, weights.records, {**facts, _KEY: {weights.fingerprint: list(measured)}})
    return measured


def measure(embedder: "Embedder") -> tuple[float, float]:
    """Mean and standard deviation of the cosines of each of `QUESTIONS` with each of `STATEMENTS`.

    Raises:
        ModelUnavailable: the model cannot be loaded or run.
    """
    cosines = embedder.embed_queries(QUESTIONS) @ embedder.embed(STATEMENTS).T
    return round(float(cosines.mean()), 3), round(float(cosines.std()), 3)
