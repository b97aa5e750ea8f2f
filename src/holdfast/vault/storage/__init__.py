"""Where a vault's bytes lie: one seam, a local folder and S3-compatible storage behind it."""
