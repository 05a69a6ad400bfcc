"""Principal components, t-SNE and nearest neighbours beside scikit-learn's and NumPy's, on the same numbers."""

import subprocess

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import pairwise_distances

from service import program

THREADS = 2


def tool(folder, rows, verb, *arguments, threads=THREADS):
    """What explore_tool makes of the rows."""
    values, result = folder / "rows.bin", folder / "result.bin"
    np.ascontiguousarray(rows, np.float32).tofile(values)
    command = [program("explore_tool"), threads, verb, *rows.shape, values, result, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.fromfile(result, np.float64)


def grouped(rows, values, groups, seed=0, spread=1.0):
    """Rows around a few centres, as features of classes are: never negative, of very different variances."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1, (groups, values)) * np.linspace(2, 0.05, values)
    noise = rng.normal(0, spread, (rows, values)) * np.linspace(1, 0.05, values)
    return np.maximum(centres[np.arange(rows) % groups] + noise, 0).astype(np.float32)


@pytest.mark.parametrize("rows,values", [(500, 60), (700, 1280), (120, 3000), (900, 700), (50, 1), (6, 40)])
def test_principal_components(tmp_path, rows, values):
    data = grouped(rows, values, 5)
    wanted = min(8, rows - 1, values)
    found = tool(tmp_path, data, "pca", wanted)
    scores, variances, total = found[: rows * wanted].reshape(rows, wanted), found[-wanted - 1 : -1], found[-1]
    peer = PCA(wanted, svd_solver="full").fit(data.astype(np.float64))
    expected = peer.transform(data.astype(np.float64))
    np.testing.assert_allclose(variances, peer.explained_variance_, rtol=1e-6)
    assert total == pytest.approx(data.astype(np.float64).var(axis=0, ddof=1).sum(), rel=1e-9)
    # The signs too: scikit-learn makes the largest loading positive as well.
    np.testing.assert_allclose(scores, expected, atol=1e-4 * np.abs(expected).max())


def affinities_by_numpy(points, perplexity):
    """The paper's sections 2 and 3.1 as they stand there, over the nearest neighbours."""
    rows = len(points)
    squared = np.square(points[:, None] - points[None]).sum(axis=2)
    conditional = np.zeros((rows, rows))
    for i in range(rows):
        others = np.delete(np.arange(rows), i)
        near = others[np.argsort(squared[i, others], kind="stable")][: min(rows - 1, int(3 * perplexity + 1))]
        low, high, beta = 0.0, np.inf, 1.0
        for _ in range(300):
            p = np.exp(-beta * (squared[i, near] - squared[i, near].min()))
            p /= p.sum()
            entropy = -np.sum(p[p > 0] * np.log(p[p > 0]))
            low, high = (beta, high) if entropy > np.log(perplexity) else (low, beta)
            beta = beta * 2 if high == np.inf else (low + high) / 2
        conditional[i, near] = p
    return (conditional + conditional.T) / (2 * rows)


@pytest.mark.parametrize("rows,perplexity", [(60, 19.5), (300, 30), (300, 5), (4, 1)])
def test_affinities(tmp_path, rows, perplexity):
    data = grouped(rows, 20, 4)
    found = tool(tmp_path, data, "affinities", perplexity).reshape(rows, rows)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(found, affinities_by_numpy(data.astype(np.float64), perplexity), atol=1e-6)


def test_affinities_of_equal_rows(tmp_path):
    data = np.repeat(grouped(10, 8, 2), 12, axis=0)
    found = tool(tmp_path, data, "affinities", 5).reshape(120, 120)
    assert np.isfinite(found).all() and found.sum() == pytest.approx(1)


def divergence(points, affinities):
    near = 1 / (1 + pairwise_distances(points, metric="sqeuclidean"))
    np.fill_diagonal(near, 0)
    q = near / near.sum()
    some = affinities > 0
    return np.sum(affinities[some] * np.log(affinities[some] / q[some]))


@pytest.mark.parametrize("rows,values,groups,spread", [(300, 50, 6, 1.0), (600, 120, 12, 2.0)])
def test_tsne_is_as_good_as_scikit_learns(tmp_path, rows, values, groups, spread):
    data = PCA(50).fit_transform(grouped(rows, values, groups, spread=spread)).astype(np.float32)
    found = tool(tmp_path, data, "map", 30, 1000, 0)
    points, said = found[:-1].reshape(rows, 2), found[-1]
    peer = TSNE(2, perplexity=30, method="exact", init="pca", max_iter=1000, random_state=0).fit(data)
    exact = affinities_of_all(data.astype(np.float64), 30)
    ours, theirs = divergence(points, exact), divergence(peer.embedding_, exact)
    assert ours <= 1.05 * theirs, (ours, theirs)
    assert trustworthiness(data, points, n_neighbors=12) >= trustworthiness(data, peer.embedding_, n_neighbors=12) - 0.02
    near = tool(tmp_path, data, "affinities", 30).reshape(rows, rows)
    assert said == pytest.approx(divergence(points, near), rel=1e-4)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-9)


def affinities_of_all(points, perplexity):
    """Over all rows rather than the nearest ones, as the exact method has it."""
    from sklearn.manifold._t_sne import _joint_probabilities
    from scipy.spatial.distance import squareform

    return squareform(_joint_probabilities(pairwise_distances(points, metric="sqeuclidean").astype(np.float32), perplexity, 0))


def test_maps_do_not_depend_on_threads_but_on_the_seed(tmp_path):
    data = grouped(150, 40, 5)
    one, three = (tool(tmp_path, data, "map", 10, 250, 0, threads=threads) for threads in (1, 3))
    assert one.tobytes() == three.tobytes()
    assert tool(tmp_path, data, "map", 10, 250, 1).tobytes() != one.tobytes()


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("rows,values", [(2000, 64), (9000, 300)])
def test_neighbours(tmp_path, rows, values, distance):
    data = grouped(rows, values, 20)
    queries, count = 7, 9
    found = tool(tmp_path, data, "neighbours", count, distance, queries).reshape(queries, count, 2)
    distances = pairwise_distances(data[:queries].astype(np.float64), data.astype(np.float64), metric=distance)
    distances[np.arange(queries), np.arange(queries)] = np.inf
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    np.testing.assert_array_equal(found[..., 0], order)
    np.testing.assert_allclose(found[..., 1], np.take_along_axis(distances, order, axis=1), rtol=1e-7, atol=1e-9)
