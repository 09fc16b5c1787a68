"""Operation layer: MemOperator, MemScheduler, MemLifecycle, and the activation and parametric forms of memory."""
