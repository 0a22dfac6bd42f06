"""What is told of the portfolio: each report is one declared function. Importing this declares them."""

from app.reports import portfolio, quality, repayments, statistics, trend, villages  # noqa: F401
