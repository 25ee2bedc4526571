"""`make soak`: a seeded campaign of faults on a whole stack, and the proof that nothing was lost or done twice."""
