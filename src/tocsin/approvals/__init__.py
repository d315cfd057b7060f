"""Questions that workflows ask of people: who may answer, how many must, until when, and what follows."""
