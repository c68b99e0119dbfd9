"""M-Pesa of Safaricom through its Daraja API: payouts, payment prompts, money by reference."""
