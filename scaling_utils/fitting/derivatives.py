"""Objective, gradient and Hessian of the loss surface for many rows of parameters at once."""

from __future__ import annotations

import numpy as np

from scaling_utils.arrays import FloatArray


class Derivatives:
    """The work arrays of one descent, and the sums that are made in them.

    The arrays are made once: to have the system hand out and take back such large ones costs more
    than the arithmetic in them.

    Parameters
    ----------
    x, y
        Centred ln N and ln D of the points, shape (n,).
    log_loss
        Logarithm of the measured loss, shape (n,).
    turn
        Residual at which the Huber function turns straight.
    rough
        Whether to give the Gauss-Newton matrix of the reweighted points in place of the Hessian.
    rows
        Most rows that will be asked for.
    """

    def __init__(
        self, x: FloatArray, y: FloatArray, log_loss: FloatArray, *, turn: float, rough: bool, rows: int
    ) -> None:
        one = np.ones_like(x)
        self._minus_x, self._minus_y, self._log_loss, self._one = -x, -y, log_loss, one
        self._turn, self._rough = turn, rough
        self._of_x, self._of_y = np.stack([one, x, x**2], axis=1), np.stack([one, y, y**2], axis=1)
        self._of_both = np.stack([one, x, y, x * y], axis=1)
        self._work = np.empty((6, rows, len(x)))

    def terms(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Shares of the A and B terms in the loss, and the residuals, each (rows, n), for theta (5, rows)."""
        a, b, e, alpha, beta = theta
        p, q, loss = self._work[:3, : len(a)]
        for share, log_level, exponent, minus in ((p, a, alpha, self._minus_x), (q, b, beta, self._minus_y)):
            np.multiply.outer(exponent, minus, out=share)
            share += log_level[:, None]
            np.exp(share, out=share)
        np.add(p, q, out=loss)
        loss += np.exp(e)[:, None]
        p /= loss
        q /= loss
        np.log(loss, out=loss)
        loss -= self._log_loss
        return p, q, loss

    def __call__(
        self, theta: FloatArray, weights: FloatArray | None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Objective (rows,), gradient (5, rows) and upper triangle of the Hessian (5, 5, rows).

        With p, q, s the shares of the three terms, the derivatives of the residual by ln A - alpha ln N,
        ln B - beta ln D and ln E are p, q, s, and the second ones p (1 - p), -p q, ...: hence only sums of
        products of shares against powers of x and y are needed.
        """
        p, q, r = self.terms(theta)
        u, size, c = self._work[3:, : len(r)]
        np.clip(r, -self._turn, self._turn, out=u)
        np.abs(r, out=size)
        np.abs(u, out=r)  # from here on r is the size of the residual, but no larger than the turn
        if self._rough:
            np.divide(r, np.maximum(size, np.finfo(float).tiny, out=c), out=c)
        else:
            np.less(size, self._turn, out=c)
        r *= 0.5
        size -= r
        size *= r
        if weights is None:
            value = 2 * (size @ self._one)
        else:
            value = 2 * np.einsum("ij,ij->i", size, weights)
            u *= weights
            c *= weights
        ux, uy = np.multiply(u, p, out=r) @ self._of_x, np.multiply(u, q, out=size) @ self._of_y
        u0 = u @ self._one
        gradient = np.stack([ux[:, 0], uy[:, 0], u0 - ux[:, 0] - uy[:, 0], -ux[:, 1], -uy[:, 1]])
        if self._rough:
            bend = np.zeros_like(gradient), np.zeros_like(ux), np.zeros_like(uy)
        else:
            c -= u
            bend = gradient, ux, uy
        cp, cq = np.multiply(c, p, out=r), np.multiply(c, q, out=size)
        cx, cy, c0 = cp @ self._of_x, cq @ self._of_y, c @ self._one
        cpq = np.multiply(cp, q, out=u) @ self._of_both
        cp *= p
        cq *= q
        return value, gradient, _matrix(cp @ self._of_x, cq @ self._of_y, cpq, cx, cy, c0, bend)


def _matrix(
    cpp: FloatArray,
    cqq: FloatArray,
    cpq: FloatArray,
    cx: FloatArray,
    cy: FloatArray,
    c0: FloatArray,
    bend: tuple[FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    """The upper triangle of the Hessian from the sums (rows, ...); the row of E follows by s = 1 - p - q."""
    first, ux, uy = bend
    hessian = np.empty((5, 5, len(c0)))
    ae, be = cx[:, 0] - cpp[:, 0] - cpq[:, 0], cy[:, 0] - cpq[:, 0] - cqq[:, 0]
    hessian[0, 0], hessian[0, 1], hessian[0, 2] = cpp[:, 0] + ux[:, 0], cpq[:, 0], ae
    hessian[0, 3], hessian[0, 4] = -cpp[:, 1] - ux[:, 1], -cpq[:, 2]
    hessian[1, 1], hessian[1, 2] = cqq[:, 0] + uy[:, 0], be
    hessian[1, 3], hessian[1, 4] = -cpq[:, 1], -cqq[:, 1] - uy[:, 1]
    hessian[2, 2] = c0 - cx[:, 0] - cy[:, 0] - ae - be + first[2]
    hessian[2, 3] = cpp[:, 1] + cpq[:, 1] - cx[:, 1]
    hessian[2, 4] = cpq[:, 2] + cqq[:, 1] - cy[:, 1]
    hessian[3, 3], hessian[3, 4] = cpp[:, 2] + ux[:, 2], cpq[:, 3]
    hessian[4, 4] = cqq[:, 2] + uy[:, 2]
    return hessian
