"""Makes the weights by which `interface/chat/answers` reads an answer: data, boosting, recipe."""
