"""MemReader: from text, transcripts and documents to drafts of memories."""
