"""The commands: what an operator types, each one a module."""
