#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result file as the readers that people use see it: read_results.py FILE.h5. Checks dimensions, coordinates and units in
xarray and netCDF4, and that ncdump accepts the file. Exits with 77 where one of them is not installed."""
import shutil
import subprocess
import sys

try:
    import h5netcdf  # noqa: F401 (the engine of xarray)
    import netCDF4
    import numpy as np
    import xarray as xr
except ImportError as error:
    print(f"read_results.py: {error}", file=sys.stderr)
    sys.exit(77)

COUNTS = {"status", "n_steps", "n_rejected"}
FIXED = {"arm", "subject", "time"}


def is_output(variable):
    return variable.ndim >= 3


def check_xarray(path):
    with xr.open_dataset(path, engine="h5netcdf") as data:
        outputs = sorted(name for name, v in data.variables.items() if is_output(v))
        assert outputs, "no outputs"
        assert FIXED <= set(data.dims), data.dims
        for name in outputs:
            dims = data[name].dims
            assert dims[0] == "arm" and dims[-2:] == ("subject", "time") and len(dims) <= 4, (name, dims)
            assert data[name].attrs["units"] and data[name].attrs["long_name"], name
            assert data[name].dtype in (np.float32, np.float64), name
            assert len(dims) == 3 or set(data[dims[1]].values) and isinstance(data[dims[1]].values[0], str), name
            assert "arm_label" in data[name].coords, name
        for name in COUNTS:
            assert data[name].dims == ("arm", "subject"), name
        assert data["time"].dtype == np.float64 and data["time"].attrs["units"] == "d"
        assert np.all(np.diff(data["time"].values) > 0)
        assert all(isinstance(arm, str) for arm in data["arm"].values)
        assert all(isinstance(label, str) for label in data["arm_label"].values)
        first = int(data.attrs["first_subject"])
        assert np.array_equal(data["subject"].values, first + np.arange(data.sizes["subject"]))
        assert data.attrs["Conventions"].startswith("CF-") and "models:" in data.attrs["experiment"]
        failed = data["status"].values != 0
        for name in outputs:
            rows = np.moveaxis(data[name].values, -2, 1).reshape(data.sizes["arm"], data.sizes["subject"], -1)
            assert np.array_equal(np.isnan(rows).any(axis=2), failed) or np.isnan(rows[~failed]).sum() == 0, name
        if "failure" in data.dims:
            assert data["failure_message"].dims == ("failure",) and data["failure_message"].values[0]
            subject, arm = int(data["failure_subject"][0]), str(data["failure_arm"].values[0])
            assert int(data["status"].sel(arm=arm, subject=subject)) != 0
        assert len(data["status"].attrs["flag_values"]) == len(data["status"].attrs["flag_meanings"].split())
        return outputs, data[outputs[0]].values


def check_parameters(path):
    with xr.open_dataset(path, group="parameters", engine="h5netcdf") as data:
        assert len(data.variables) > 0
        for name, variable in data.variables.items():
            assert variable.dims in ((), ("subject",)), name
            assert variable.attrs["units"] and variable.attrs["long_name"] and variable.attrs["source"], name


def check_netcdf4(path, outputs, values):
    with netCDF4.Dataset(path) as data:
        found = sorted(name for name, v in data.variables.items() if is_output(v))
        assert found == outputs, (found, outputs)
        assert data.dimensions["subject"].size == values.shape[-2]
        mine = np.ma.filled(data.variables[outputs[0]][:].astype(float), np.nan)
        assert np.array_equal(mine, values.astype(float), equal_nan=True)
        assert all(isinstance(arm, str) for arm in data.variables["arm"][:])
        assert data.variables["time"].units == "d"
        assert not any(dim.startswith("phony") for dim in data.dimensions), data.dimensions
        assert len(data.groups["parameters"].variables) > 0


def check_ncdump(path):
    if shutil.which("ncdump") is None:
        print("read_results.py: ncdump is not installed", file=sys.stderr)
        return
    text = subprocess.run(["ncdump", "-h", path], capture_output=True, text=True, check=True).stdout
    for words in "arm = ", "subject = ", "time = ", ":Conventions", "group: parameters":
        assert words in text, words


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: read_results.py FILE.h5")
    path = sys.argv[1]
    outputs, values = check_xarray(path)
    check_parameters(path)
    check_netcdf4(path, outputs, values)
    check_ncdump(path)


main()
