import numpy as np

from redshank.learn.selectors.mutual_information import MutualInformation


def test_the_share_says_how_many_are_kept_and_scale_does_not_matter() -> None:
    x = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    y = (x[:, 4] > 0).astype(np.int64)
    x[:, 4] = np.exp(9 * x[:, 4])
    assert np.flatnonzero(MutualInformation(share=0.1).select(x, y, 0)).tolist() == [4]
    assert MutualInformation(share=1.0).select(x, y, 0).all()
