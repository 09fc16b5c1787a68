"""The parts of a mailbox: its messages, their words, and what is attached to them."""
