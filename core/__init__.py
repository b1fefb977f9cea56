"""The generator: text, training, decoding and models on disk. No terminal code, no printing."""

__version__ = "0.1.0"
