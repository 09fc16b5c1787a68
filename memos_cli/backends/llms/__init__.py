"""Language models: GGUF files through llama.cpp, and endpoints that speak OpenAI's protocol."""
