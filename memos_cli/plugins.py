"""From a backend's name to the backend: a table of strings, so that a backend is imported only when it is needed.

Other packages add their own under the entry-point group `memos_cli.plugins`, named `PORT.NAME`. They are looked up only
when the table lacks the name, since reading the metadata of every installed package takes longer than a search.
"""

from importlib import import_module
from typing import Any

from memos_cli.errors import UsageError

_BUILT_IN = {
    "embedder.gguf": "memos_cli.backends.embedders.gguf:GgufEmbedder",
    "embedder.sentence-transformers": "memos_cli.backends.embedders.sentence:SentenceEmbedder",
    "weights.find": "memos_cli.backends.embedders.find:find",
    "weights.pull": "memos_cli.backends.embedders.download:pull",
    "weights.carriers": "memos_cli.backends.embedders.carriers:carriers",
    "weights.choose": "memos_cli.backends.embedders.find:choose",
    "reranker.cross-encoder": "memos_cli.backends.rerankers.cross_encoder:CrossEncoderReranker",
    "reranker.endpoint": "memos_cli.backends.rerankers.endpoint:EndpointReranker",
    "llm.llamacpp": "memos_cli.backends.llms.llamacpp:LlamaModel",
    "llm.openai": "memos_cli.backends.llms.openai:RemoteModel",
    "llm.check": "memos_cli.backends.llms.checks:check",
    "llm.facts": "memos_cli.backends.llms.checks:facts",
    "process.end_with": "memos_cli.backends.llama.trial:end_with",
    "llm.carriers": "memos_cli.backends.llms.carriers:carriers",
    "llm.pull": "memos_cli.backends.llms.download:pull",
    "llm.memory": "memos_cli.backends.llama.memory:needed",
    "llm.available": "memos_cli.backends.llama.memory:available",
    "llm.tried": "memos_cli.backends.llama.records:tried",
    "llm.beneath": "memos_cli.backends.llms.adapters:beneath",
    "llm.digest": "memos_cli.backends.llama.records:noted",
    "trainer.lora": "memos_cli.backends.trainers.lora:LoraTrainer",
    "trainer.relearning": "memos_cli.backends.trainers.relearner:steps",
    "trainer.convert": "memos_cli.backends.trainers.adapter:convert",
    "hub.huggingface": "memos_cli.backends.llms.hub:HuggingFace",
    "importer.claude-code": "memos_cli.backends.importers.agents.claude_code:ClaudeCodeImporter",
    "importer.codex": "memos_cli.backends.importers.agents.codex:CodexImporter",
    "importer.git": "memos_cli.backends.importers.git:GitImporter",
    "importer.llm": "memos_cli.backends.importers.llm:LlmImporter",
    "importer.whatsapp": "memos_cli.backends.importers.whatsapp:WhatsAppImporter",
    "importer.slack": "memos_cli.backends.importers.chats.slack:SlackImporter",
    "parser.transcript": "memos_cli.backends.parsers.transcript:TranscriptParser",
    "parser.markdown": "memos_cli.backends.parsers.markdown:MarkdownParser",
    "parser.prose": "memos_cli.backends.parsers.prose:ProseParser",
    "importer.chatgpt": "memos_cli.backends.importers.chats.chatgpt:ChatGptImporter",
    "importer.claude": "memos_cli.backends.importers.chats.claude:ClaudeImporter",
    "parser.wiki": "memos_cli.backends.parsers.wiki:WikiParser",
    "parser.exported": "memos_cli.backends.parsers.exported:ExportedParser",
    "importer.jsonl": "memos_cli.backends.importers.json_lines:JsonLinesImporter",
    "importer.csv": "memos_cli.backends.importers.table:TableImporter",
    "importer.mem0": "memos_cli.backends.importers.mem0:Mem0Importer",
    "importer.memos-reference": "memos_cli.backends.importers.reference_cube:ReferenceImporter",
    "importer.ics": "memos_cli.backends.importers.ics:CalendarImporter",
    "parser.document": "memos_cli.backends.parsers.document:DocumentParser",
    "importer.mbox": "memos_cli.backends.importers.mbox:MailImporter",
    "documents.converter": "memos_cli.backends.documents.documents:ChildConverter",
}
GROUP = "memos_cli.plugins"


def load(port: str, name: str) -> Any:  # noqa: ANN401 -- each port's caller knows the Protocol it asked for
    """The class or function registered as `name` for `port`.

    Raises:
        UsageError: nothing of that name, built in or installed.
    """
    target = _BUILT_IN.get(f"{port}.{name}")
    if target is not None:
        module, _, attribute = target.partition(":")
        return getattr(import_module(module), attribute)
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP, name=f"{port}.{name}"):
        return point.load()
    known = sorted(key.partition(".")[2] for key in _BUILT_IN if key.startswith(f"{port}."))
    raise UsageError(f"no {port} called {name!r}", hint=f"there are: {', '.join(known)}")
