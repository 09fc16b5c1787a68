"""What this machine keeps beside a cube and can make anew: vectors as a matrix, slots, adapters, recalls, jobs."""
