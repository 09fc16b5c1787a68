"""MemLifecycle: the state machine, ticks, tasks, and erasure."""
