"""The Kustomize base and its overlays, rendered."""
