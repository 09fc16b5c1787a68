"""An endpoint of OpenAI's protocol over the model of this machine, with memory and slots."""
