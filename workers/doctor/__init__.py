"""The examinations behind `greenroom doctor`."""
