"""Commands for those who work on the course; nothing in the package imports them."""
