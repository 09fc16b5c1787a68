"""Language models: GGUF files through llama.cpp, and endpoints with OpenAI's protocol."""
