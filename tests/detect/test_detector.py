import pytest

from redshank.core.errors import ConfigError
from redshank.detect.detector import DETECTORS, Detector
from redshank.detect.detectors.classifier import Classifier


def test_detectors_are_found_by_their_file_names() -> None:
    assert DETECTORS.find("classifier") is Classifier
    assert all(issubclass(DETECTORS.find(name), Detector) for name in DETECTORS.names())


def test_detector_that_is_none_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="detector: no 'clasifier'; did you mean 'classifier'"):
        DETECTORS.find("clasifier")
