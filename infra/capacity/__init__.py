"""`make capacity`: holds what `latentrelay plan` predicts against what real workers do."""
