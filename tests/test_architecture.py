"""Imports run one way: a room may import only itself and the rooms above it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import scaling_utils
from scaling_utils.book.plan import AFTER_NOTEBOOKS, EXECUTING

PACKAGE = Path(scaling_utils.__file__).parent
ROOMS = [
    *("errors", "files", "arrays", "yaml_files", "exchange", "conventions", "runs", "published", "laws"),
    *("results", "fitting", "allocation", "claims", "figures", "notebook", "ladder", "book", "report"),
    *("commands", "cli"),
]


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
            if node.module == "scaling_utils":
                names = [f"scaling_utils.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("scaling_utils.")}
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_imports_run_one_way(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    assert room in ROOMS, f"{room} has no place in the order of rooms"
    assert imported_rooms(path) <= set(ROOMS[: ROOMS.index(room) + 1])


def test_results_depend_on_every_room_that_a_notebook_can_import():
    later = ROOMS[ROOMS.index("notebook") + 1 :]
    assert {name.removesuffix(".py") for name in AFTER_NOTEBOOKS} == set(later)
    assert all((PACKAGE / name).exists() for name in (*AFTER_NOTEBOOKS, *EXECUTING))


@pytest.mark.slow
def test_every_module_can_be_imported_first():
    names = sorted(
        ".".join(("scaling_utils", *path.relative_to(PACKAGE).with_suffix("").parts))
        for room in ("fitting", "allocation", "figures", "runs", "claims", "laws", "results")
        for path in (PACKAGE / room).rglob("*.py")
        if path.name != "__init__.py"
    )
    code = f"""if True:
        import importlib, sys
        for name in {names}:
            for known in [known for known in sys.modules if known.split(".")[0] == "scaling_utils"]:
                del sys.modules[known]
            importlib.import_module(name)"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_import_of_the_package_is_cheap():
    heavy = ("numpy", "pandas", "scipy", "matplotlib", "lmfit", "statsmodels", "pandera", "IPython", "sphinx")
    code = f"import scaling_utils, sys; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
