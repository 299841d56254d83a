"""Where words end, which script a text is in, and what language: the lowest layer."""
