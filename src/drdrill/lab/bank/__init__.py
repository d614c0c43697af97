"""The reference bank: accounts, transfers, balances, statements; it promises only what is committed."""
