"""Writes a 512 × 512 CT slice of 16 bits: the attributes of a small one, made-up tissue and noise.

    python make_ct.py SMALL_CT.dcm OUTPUT.dcm
"""
import sys

import numpy
import pydicom

data_set = pydicom.dcmread(sys.argv[1])
random = numpy.random.default_rng(1)
y, x = numpy.mgrid[-1:1:512j, -1:1:512j]
body = (x / 0.85) ** 2 + (y / 0.65) ** 2 < 1
lungs = ((abs(x) - 0.4) / 0.25) ** 2 + (y / 0.45) ** 2 < 1
values = numpy.where(body, numpy.where(lungs, -850, 40), -1000)
values = numpy.where(x ** 2 + y ** 2 < 1, values + random.normal(0, 10, (512, 512)), -1000)  # round field of view
data_set.Rows = data_set.Columns = 512
data_set.PixelData = (values.round() - float(data_set.RescaleIntercept)).astype("<i2").tobytes()
data_set.save_as(sys.argv[2])
