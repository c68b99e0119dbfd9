"""M-Pesa behind Daraja: payouts, payment prompts, payments by reference, questions, the portal."""
