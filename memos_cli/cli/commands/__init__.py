"""The commands, a module for each; a module with parts of another command has a name that begins with that command's."""
