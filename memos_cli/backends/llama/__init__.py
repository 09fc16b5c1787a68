"""llama.cpp's bindings, and what is known of a GGUF file before llama.cpp reads it; embedders, LLMs and trainers share them."""
