"""What pages of figures are made of: plates, tables and names, and readers of the plain JSON behind them."""
