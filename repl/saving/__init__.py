"""A session as a file: its form, how it is read, where it is kept, and how it saves itself."""
