"""How fast the cloud is beside its peers: ``python -m bench``."""
