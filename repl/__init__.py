"""The terminal: command line, prompt, commands, views. Imports core, never the other way round."""
