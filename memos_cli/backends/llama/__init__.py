"""What embedders, LLMs and trainers share: llama.cpp's bindings, and checks of a GGUF file before llama.cpp reads it."""
