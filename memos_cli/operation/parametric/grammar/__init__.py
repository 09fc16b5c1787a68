"""The English of the training data: facts in a sentence, questions and statements about them, invented people."""
