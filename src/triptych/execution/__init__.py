"""Where batches of locations run: in this process, in others, or on a Dask cluster."""
