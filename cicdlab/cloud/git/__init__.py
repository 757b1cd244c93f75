"""Repositories on this machine's disk, and how git reaches them."""
