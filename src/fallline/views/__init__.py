"""What a run looks like: pictures, text for a terminal and for a notebook; read from its result and trace alone."""
