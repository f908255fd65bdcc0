"""How models learn: the epoch loops, the choice of epochs and settings, dropout."""
