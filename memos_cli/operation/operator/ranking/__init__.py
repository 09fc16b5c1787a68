"""Ranking: the candidates of a search become one order, each with the probability that it answers the query."""
