import numpy as np
from skimage.morphology import area_opening, area_closing


def area_profile(image, area):
    bad = ~np.isfinite(image)
    q = np.where(bad, 0, image).astype(np.uint8)
    o = np.abs(area_opening(q, area, connectivity=2).astype(float) - q) + np.abs(
        area_closing(q, area, connectivity=2).astype(float) - q
    )
    o[bad] = np.nan
    return o
