"""When a scene was acquired: the forms in which files say it, and what cannot be."""

from __future__ import annotations

import pytest

from hypersigma.readers._times import moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-08-08T10:32:42.091Z", "2022-08-08T10:32:42"),
        ("2023-03-16T04:51:33+0000", "2023-03-16T04:51:33"),
        ("2021-06-01 10:15:42.1234560Z", "2021-06-01T10:15:42"),
        ("2002-07-31", "2002-07-31"),
        ("GF5_AHSI_E105.39_N36.21_20190523_005547_L10000048090", "2019-05-23T00:55:47"),
        ("20140912t192359_corr_v1c_img", "2014-09-12T19:23:59"),
        ("NEON_D01_HARV_DP1_L020-1_20190826_directional_reflectance.h5", "2019-08-26"),
        ("NEON_D01_HARV_DP3_726000_4699000_reflectance.h5", None),
        ("", None),
        (" ", None),
        ("yesterday", None),
        ("2085-12-20T09:00:00Z", None),
        ("0001-01-01", None),
        ("2022-13-01", None),
        ("2022-08-08T25:00:00", None),
    ],
)
def test_moments(text, expected):
    assert moment(text) == expected
