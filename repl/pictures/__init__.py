"""What people would rather look at than read: one file a picture, each from a dataclass of core's."""
