"""Settings as NumPy arrays, from Python."""

from __future__ import annotations

import numpy as np
import pytest

from archcalc.analysis.count import count
from archcalc.problems import Complaint
from archcalc.sweep.api import Networks
from sweep.single import Single, bundled, spec_of


def test_an_array_of_widths() -> None:
    spec = bundled("mobilenet_v2")
    widths = np.linspace(0.25, 2, 11)
    found = Networks(spec, {"width": widths, "num_classes": 10})
    assert found.shape == (11,)
    for k, width in enumerate(widths.tolist()):
        single = Single(spec, None, {"width": repr(width), "num_classes": "10"}).figures
        assert {name: int(values[k]) for name, values in found.totals.items()} == single
    assert found.valid.all()


def test_arrays_are_broadcast() -> None:
    spec = bundled("mobilenet_v2")
    widths, heights = np.array([0.5, 1.0])[:, None], np.array([96, 1, 128])
    grid = Networks(spec, {"width": widths, "input.height": heights})
    zipped = Networks(spec, {"width": np.array([0.5, 1.0]), "input.height": np.array([96, 128])})
    joint = Networks(spec, {"width": widths * np.array([1, 2, 3]), "input.height": heights})
    assert grid.shape == joint.shape == (2, 3)
    assert zipped.macs.tolist() == [grid.macs[0, 0], grid.macs[1, 2]]
    assert joint.macs[0, 0] == grid.macs[0, 0]
    assert joint.macs[0, 1] == grid.macs[1, 1]
    with pytest.raises(Complaint, match="do not go together"):
        Networks(spec, {"width": np.ones(3), "input.height": np.ones(2)})


def test_there_are_reasons_where_there_is_no_network() -> None:
    found = Networks(bundled("alexnet"), {"input.height": np.array([224, 5, -1])})
    assert found.valid.tolist() == [True, False, False]
    assert found.macs.tolist()[1:] == [0, 0]
    assert "the image is 5 x" in found.reasons[1]
    assert "height must be at least 1, got -1" in found.reasons[2]


def test_rows_add_up() -> None:
    spec = bundled("mobilenet_v2")
    found = Networks(spec, {"width": np.linspace(0.1, 2, 40)})
    rows = found.rows(["macs", "params"])
    assert (sum(row["macs"] for row in rows.values()) == found.macs).all()
    single = count(spec.build(None, {"width": repr(0.1)}).graph)
    assert {r.path: r.figures.mac for r in single.rows if r.figures.mac} == {
        path: int(row["macs"][0]) for path, row in rows.items() if row["macs"][0]
    }


def test_words_and_whole_numbers() -> None:
    spec = bundled("resnet")
    found = Networks(
        spec, {"block": np.array(["basic", "bottleneck", "neither"]), "depths": [2, 2, 2, 2]}
    )
    assert found.params[0] == 11_689_512
    assert "is none of basic, bottleneck" in found.reasons[2]
    large = spec_of("settings: {n: 2}\ninput: {features: 4}\nlayers: [{linear: n}, {linear: n}]\n")
    numbers = np.array([2, 2**40], dtype=np.uint64)
    assert Networks(large, {"n": numbers}).params.tolist() == [10 + 6, 5 * 2**40 + 2**40 + 2**80]


def test_what_is_no_number_is_refused() -> None:
    spec = bundled("mobilenet_v2")
    with pytest.raises(Complaint, match="no setting is an array"):
        Networks(spec, {"width": 1.0})
    with pytest.raises(Complaint, match="no setting 'widht'"):
        Networks(spec, {"widht": np.ones(2)})
    with pytest.raises(Complaint, match="not finite"):
        Networks(spec, {"width": np.array([1.0, np.nan])})
