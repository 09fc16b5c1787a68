"""MemLoader and MemDumper: cubes out of their vault and into another one."""
