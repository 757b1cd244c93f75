"""AWS on a laptop: one endpoint whose builds really build."""

__version__ = "0.1.0"
