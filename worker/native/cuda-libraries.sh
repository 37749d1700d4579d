#!/bin/sh
# The CUDA libraries that the wheel in FOLDER/node_modules/.tensorflow asks for by its extra `and-cuda`, from PyPI into TARGET. Of
# the wheel tensorflow-cpu it takes none.
#
#   sh cuda-libraries.sh FOLDER TARGET
set -eu

mkdir -p "$2"
python3 - "$1/node_modules/.tensorflow" > "$2/requirements.txt" << 'PYTHON'
import glob, sys, zipfile
from email.parser import Parser

for file in glob.glob(sys.argv[1] + "/tensorflow-*.whl"):
    with zipfile.ZipFile(file) as wheel:
        metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        for line in Parser().parsestr(wheel.read(metadata).decode()).get_all("Requires-Dist") or []:
            requirement, _, condition = line.partition(";")
            if "and-cuda" in condition:
                print(requirement.strip())
PYTHON
[ ! -s "$2/requirements.txt" ] || python3 -m pip install --quiet --target "$2" --requirement "$2/requirements.txt"
