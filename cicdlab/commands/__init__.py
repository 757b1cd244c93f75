"""The commands behind `cicdlab`, one module each; whatever is slow to import is imported where it is used."""
