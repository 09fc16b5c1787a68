"""The exam that a model sits before it may answer: the questions, how answers are graded, and the card that comes of it."""
