import subprocess
import sys


def test_a_page_needs_no_training_library() -> None:
    code = (
        "import sys, redshank.console.app\n"
        "from redshank.console.area import AREAS\n"
        "for name in AREAS.names(): AREAS.find(name)\n"
        "print(','.join(sorted({'torch', 'sklearn', 'pandas', 'lightgbm', 'onnx'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == ""
