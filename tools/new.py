"""Stamp a new extension and its mirrored test from the contract that it must keep.

In: a kind and a name (`make new kind=strategy name=margin`). Out: two files to fill in. The contract suite finds both
by themselves and fails until they keep every promise.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KINDS = {
    "backend": ("respond/backend.py", "Backend", "respond/backends"),
    "dataset": ("data/dataset.py", "Dataset", "data/datasets"),
    "detector": ("detect/detector.py", "Detector", "detect/detectors"),
    "experiment": ("experiments/experiment.py", "Experiment", "experiments/tables"),
    "feature_set": ("features/feature_set.py", "FeatureSet", "features/feature_sets"),
    "flow_source": ("flows/source.py", "FlowSource", "flows/sources"),
    "model": ("learn/model.py", "Model", "learn/models"),
    "packet_source": ("capture/source.py", "PacketSource", "capture/sources"),
    "protocol": ("data/protocol.py", "Protocol", "data/protocols"),
    "selector": ("learn/selector.py", "Selector", "learn/selectors"),
    "sink": ("alerts/sink.py", "Sink", "alerts/sinks"),
    "strategy": ("active/strategy.py", "Strategy", "active/strategies"),
}


def stamp(root: Path, kind: str, name: str) -> tuple[Path, Path]:
    """Write the extension's file and its test below `root`, and return their paths.

    Raises:
        ValueError: If the kind is unknown, the name is no module name, or a file is there already.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: no '{kind}' (there are: {', '.join(KINDS)})")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"name: '{name}' is no module name; use lower-case letters, digits and underscores")
    contract, base, folder = KINDS[kind]
    source = root / "src" / "redshank" / folder / f"{name}.py"
    test = root / "tests" / folder / f"test_{name}.py"
    for path in (source, test):
        if path.exists():
            raise ValueError(f"name: {path.relative_to(root)} is there already; choose another name")
    tree = ast.parse((root / "src" / "redshank" / contract).read_text())
    promised = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == base)
    class_name = "".join(part.capitalize() for part in name.split("_"))
    module = f"redshank.{contract.removesuffix('.py').replace('/', '.')}"
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    local = [
        node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name != base
    ] + [target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
         if isinstance(target, ast.Name) and not target.id.isupper()]  # fmt: skip
    body = "\n\n".join(_method(node, base) for node in promised.body if _is_promise(node))
    fields = "\n".join(f"    {ast.unparse(node)}" for node in promised.body if _is_class_setting(node))
    source.write_text(
        f'"""{name}: say what comes in, what goes out, the one idea, and the source."""\n\n'
        + "\n".join(imports)
        + f"\nfrom {module} import {', '.join(sorted([base, *local]))}\n\n\nclass {class_name}({base}):\n"
        + f'    """Say what it is, and when it is wrong to use."""\n\n{fields}{chr(10) * 2 if fields else ""}{body}\n'
    )
    test.parent.mkdir(parents=True, exist_ok=True)
    test.write_text(
        "from pathlib import Path\n\n"
        f"from redshank.{folder.replace('/', '.')}.{name} import {class_name}\n\n\n"
        f"def example(place: Path) -> {class_name}:\n    return {class_name}()\n"
    )
    return source, test


def _is_promise(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "abstractmethod" for d in node.decorator_list)


def _is_class_setting(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and "ClassVar" in ast.unparse(node.annotation)


def _method(node: ast.stmt, base: str) -> str:
    assert isinstance(node, ast.FunctionDef)
    returns = ast.unparse(node.returns) if node.returns else "None"
    head = f"    def {node.name}({ast.unparse(node.args)}) -> {returns}:"
    refusal = f'raise NotImplementedError("{node.name}: to be written")'
    return f'{head}\n        """See `{base}.{node.name}`."""\n        {refusal}'


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make new kind=KIND name=NAME")
    try:
        made = stamp(ROOT, sys.argv[1], sys.argv[2])
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    sys.stdout.write("".join(f"{path.relative_to(ROOT)}\n" for path in made))
