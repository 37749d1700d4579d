"""Where the programs of simulation.py run: packages of PyPI, npm and Debian, in folders of their own, kept between runs."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
THREADS = {name: "1" for name in (
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)}

# Where versions clash, each has its own environment.
NUMPY = ["numpy==2.4.6"]
FEDJAX = ["fedjax==0.0.17", "jax==0.4.30", "jaxlib==0.4.30", "optax==0.2.3", "dm-haiku==0.0.12", "chex==0.1.86", "numpy<2"]
# PyTorch comes with its CUDA libraries: 5 GB on the disk.
PFL = ["pfl==0.6.0", "torch==2.15.0"]
# The last one that needs nothing but the system's OpenMP.
ONEDNN = ["onednn-cpu-gomp==2023.2.0"]
FLOWER = ["flwr[simulation]==1.42.0", *NUMPY]
NODE_PACKAGES = ["koffi@3.3.4", "@tensorflow/tfjs-node@4.22.0"]


class Missing(Exception):
    """What cannot be installed here, and why."""


def folder_of(names):
    safe = re.sub(r"[^a-z0-9.]+", "-", "-".join(names).lower())
    return pathlib.Path(tempfile.gettempdir()) / f"gradswarm-{safe}"


def checked(command, **options):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
        raise Missing(f"{' '.join(map(str, command[:6]))} ...: {lines[-1]}")
    return done.stdout


def python_with(packages):
    """The interpreter of an environment with these packages."""
    folder = folder_of(["python", *packages])
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    installed = folder / "installed"
    if not installed.exists():
        venv.create(folder, with_pip=True)
        checked([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
        installed.touch()
    return python


def package_alone():
    """A folder with this gradswarm as `npm install` of it leaves it, and nothing else."""
    return installed_package("npm", [])


def package_with_devices():
    """The same with koffi, and with tfjs-node built against the newest TensorFlow of PyPI."""
    folder = installed_package("devices", NODE_PACKAGES)
    built = folder / "node_modules" / "@tensorflow" / "tfjs-node" / "lib" / "napi-v8" / "tfjs_binding.node"
    if not built.exists():
        checked(["sh", ROOT / "worker" / "native" / "build-tensorflow.sh", folder])
    return folder


def installed_package(kind, packages):
    folder = folder_of(["package", kind, *packages])
    folder.mkdir(exist_ok=True)
    package = folder / "node_modules" / "gradswarm"
    if not package.exists():
        archive = checked(["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder], cwd=ROOT)
        common = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder]
        checked(["npm", "install", *common, folder / archive.split()[-1], *packages])
    # The code is that of now: only the packages around it are kept.
    shutil.copytree(ROOT / "dist", package / "dist", dirs_exist_ok=True)
    return folder


def open_blas():
    """Installs Debian's where the system has none and this is root; the device looks for it by itself."""
    if list(pathlib.Path("/usr/lib").glob("*/libopenblas.so.0")):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing("OpenBLAS is not installed, and this is not root on Debian")
    checked(["apt-get", "-qq", "update"])
    checked(["apt-get", "-qq", "-y", "install", "--no-install-recommends", "libopenblas0"])


def one_dnn():
    """Installs that of PyPI, and names it: the device looks in active environments only."""
    folder = python_with(ONEDNN).parent.parent
    os.environ["GRADSWARM_ONEDNN"] = str(folder / "lib" / "libdnnl.so.3")
