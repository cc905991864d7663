"""How much of the time of a training its hooks take."""
