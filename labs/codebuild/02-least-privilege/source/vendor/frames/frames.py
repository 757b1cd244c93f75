"""Puts a frame around lines of text."""


def framed(lines):
    """Return the lines in a frame, as one text."""
    width = max(len(line) for line in lines)
    edge = f"+{'-' * (width + 2)}+"
    return "\n".join([edge, *(f"| {line:{width}} |" for line in lines), edge])
