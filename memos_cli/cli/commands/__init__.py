"""The commands, one module for each; a module that serves another command's parts begins with that command's name."""
