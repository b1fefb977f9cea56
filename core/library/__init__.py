"""Models on disk: what a model is, its folder, and the shelf it stands on."""
