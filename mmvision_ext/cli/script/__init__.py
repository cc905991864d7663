"""The script of a training, alone in its folder."""
