"""What runs the work: fitting, predicting, benchmarks; all that knows of devices, tiles, files and time."""
