"""What this machine keeps beside a cube and can make again: vectors as a matrix, slots, adapters, recalls, jobs."""
