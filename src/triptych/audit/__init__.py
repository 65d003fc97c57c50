"""Figures of the experiments themselves: traced, reproduced, stored, found."""
