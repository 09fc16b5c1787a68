"""The benchmark of search at any size: a made-up cube, and what a search of it costs."""
