"""How many GPUs a load needs: a simulation of the scheduling rules, and the search for the smallest fleet."""
