"""Kernels that count no references must neither make nor return arrays."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("language_id", "filters", "dedup")
SCALARS = {"int", "float", "bool", "None", "tuple", "np", "uint64", "int64", "uintp", "uint32"}
SCALARS |= {"integer", "uint8", "float32"}
MAKERS = {"empty", "zeros", "ones", "full", "array", "arange", "copy", "astype", "concatenate"}
MAKERS |= {"sort", "unique", "argsort"}


def _kernels() -> dict[str, list[tuple[str, ast.FunctionDef]]]:
    """Kernels by how they are decorated: "inner", or "njit"."""
    found: dict[str, list[tuple[str, ast.FunctionDef]]] = {"inner": [], "njit": []}
    for package in PACKAGES:
        for path in sorted((ROOT / package).glob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef):
                    for decorator in node.decorator_list:
                        name = ast.unparse(decorator).partition("(")[0]
                        if name in found:
                            found[name].append((f"{path.stem}.{node.name}", node))
    return found


KERNELS = _kernels()


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} | {
        one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)
    }


def _returns_arrays(kernel: ast.FunctionDef) -> bool:
    return kernel.returns is None or not _names(kernel.returns) <= SCALARS


def _called(kernel: ast.FunctionDef) -> set[str]:
    functions = [node.func for node in ast.walk(kernel) if isinstance(node, ast.Call)]
    return {one.id for one in functions if isinstance(one, ast.Name)} | {
        one.attr for one in functions if isinstance(one, ast.Attribute)
    }


def test_there_are_inner_kernels() -> None:
    assert len(KERNELS["inner"]) > 100


@pytest.mark.parametrize(("name", "kernel"), KERNELS["inner"], ids=[n for n, _ in KERNELS["inner"]])
def test_an_inner_kernel_makes_and_returns_no_array(name: str, kernel: ast.FunctionDef) -> None:
    assert not _returns_arrays(kernel), name
    assert not _called(kernel) & MAKERS, name
    makers = {one.name for _, one in KERNELS["njit"] if _returns_arrays(one)}
    assert not _called(kernel) & makers, name
